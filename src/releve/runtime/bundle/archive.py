"""Manifest, signature and tar: what makes many files one thing that can be checked."""

from __future__ import annotations

import io
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from releve.runtime.bundle.errors import KeyRefused

MANIFEST, SIGNATURE = "MANIFEST", "MANIFEST.sig"


def manifest(folder: Path) -> bytes:
    """One line a file, as ``sha256sum`` writes and checks them, in order of name."""
    files = sorted(
        (str(path.relative_to(folder)), path) for path in folder.rglob("*") if path.is_file()
    )
    lines = (f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in files)
    return "".join(lines).encode()


def read_key(path: Path) -> Ed25519PrivateKey:
    """The signing key of a PEM file; raises :class:`KeyRefused`."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefused(path=path, why=error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(path=path, why="ce n'est pas une clé Ed25519")
    return key


def key_fingerprint(key: Ed25519PrivateKey) -> str:
    """SHA-256 of the public key as ``openssl pkey -pubout -outform DER`` writes it."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(public).hexdigest()


class Tally:
    """A stream's size and SHA-256 as it passes."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._digest = sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Pass on, count."""
        self._digest.update(data)
        self.size += len(data)
        return self._out.write(data)

    @property
    def sha256(self) -> str:
        """In hexadecimal, of all that passed."""
        return self._digest.hexdigest()


def pack(folder: Path, out: BinaryIO, epoch: int) -> Tally:
    """Write ``folder`` as a tar that says nothing of this machine.

    Names in order, owner 0, one hour for all, 0755 for scripts and folders, 0644 for the rest.
    """
    tally = Tally(out)
    with tarfile.open(fileobj=cast(IO[bytes], tally), mode="w|", format=tarfile.GNU_FORMAT) as tar:
        for path in (folder, *sorted(folder.rglob("*"))):
            entry = tarfile.TarInfo(str(path.relative_to(folder.parent)))
            entry.mtime = epoch
            if path.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
                continue
            data = path.read_bytes()
            entry.size, entry.mode = len(data), 0o755 if data.startswith(b"#!") else 0o644
            tar.addfile(entry, io.BytesIO(data))
    return tally
