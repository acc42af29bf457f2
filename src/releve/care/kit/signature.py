"""Who made a kit: a detached Ed25519 signature beside each file.

age says that a file was not altered on the way, not who wrote it. The signature is that of this
home's kit key; the sealed card carries the key's fingerprint (120 bits), so that whoever places or
opens a kit can tell ours from a forged one. ``<kit>.sig`` is three lines: a word, the public key,
the signature over that word and the SHA-256 of the file, both in base64.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from releve.care.kit.codes import grouped
from releve.care.kit.errors import KitNotSigned, SecretUnreadable
from releve.kernel.durable import create_durably, make_folder
from releve.kernel.home import Home

_WORD = b"releve-kit-signature 1"
_FINGERPRINT_OCTETS = 15


class KitKey:
    """This home's kit key, born at first need."""

    def __init__(self, home: Home) -> None:
        path = home.secrets("care") / "kit-key"
        if not path.exists():
            make_folder(path.parent)
            create_durably(path, Ed25519PrivateKey.generate().private_bytes_raw())
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except (OSError, ValueError) as error:
            raise SecretUnreadable(path=path, why=error) from error
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """Six groups of four, as the sealed card shows it."""
        return fingerprint(self._public)

    def sign(self, digest: bytes) -> bytes:
        """The ``.sig`` of a file whose SHA-256 is ``digest``."""
        signature = self._key.sign(_WORD + b"\n" + digest)
        return b"\n".join((_WORD, b64encode(self._public), b64encode(signature), b""))


def fingerprint(public: bytes) -> str:
    """Of a public key: the first 120 bits of its SHA-256, in base 32."""
    short = hashlib.sha256(public).digest()[:_FINGERPRINT_OCTETS]
    return grouped(b32encode(short).decode())


def signature_of(kit: Path) -> Path:
    """Where a kit's signature lies: ``<kit>.sig``."""
    return kit.with_name(kit.name + ".sig")


def verify_kit(kit: Path, expected: str) -> None:
    """Raise :class:`KitNotSigned` unless ``kit`` is signed by the key of that fingerprint (groups,
    spaces and case are indifferent).
    """
    path = signature_of(kit)
    try:
        word, public, signature = path.read_bytes().splitlines()
        key, seal = b64decode(public, validate=True), b64decode(signature, validate=True)
        digest = hashlib.sha256(kit.read_bytes()).digest()
        if word != _WORD:
            raise KitNotSigned(path=kit, why=f"{path.name} est d'une autre version")
        if _plain(fingerprint(key)) != _plain(expected):
            raise KitNotSigned(path=kit, why="la clé n'est pas celle de la carte")
        Ed25519PublicKey.from_public_bytes(key).verify(seal, _WORD + b"\n" + digest)
    except FileNotFoundError as error:
        raise KitNotSigned(path=kit, why=f"il manque {error.filename}") from error
    except (OSError, ValueError) as error:
        raise KitNotSigned(path=kit, why=f"{path.name} n'est pas lisible") from error
    except InvalidSignature as error:
        raise KitNotSigned(path=kit, why="le fichier n'est pas celui qui a été signé") from error


def _plain(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())
