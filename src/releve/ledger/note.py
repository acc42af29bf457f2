"""Signed notes and checkpoints: C2SP ``signed-note`` and ``tlog-checkpoint``, Ed25519 (type 0x01).

A note is text, an empty line, then lines ``— name base64(key hash ‖ signature)``. The key hash is
the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key). A checkpoint is the text
``origin ⏎ size ⏎ base64(root) ⏎``; the origin is the key's name.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from releve.ledger.errors import KeyMalformed, NoteRefused
from releve.ledger.merkle import HASH_BYTES

_ED25519 = b"\x01"
_SIGNATURE = re.compile(r"— (\S+) (\S+)")
_NAME = re.compile(r"[^\s+]+")
#: More lines than any honest set of witnesses; a longer note is refused unread.
_MAX_SIGNATURES = 100
#: A log cannot hold more; a larger number in a checkpoint is a lie.
MAX_SIZE = 1 << 62


@dataclass(frozen=True)
class VerifyKey:
    """A public key and its name; written ``name+hash+base64`` (the *vkey*)."""

    name: str
    public: bytes

    @classmethod
    def from_text(cls, text: str) -> VerifyKey:
        """Parse a vkey; raises :class:`KeyMalformed`."""
        name, hash_text, public = _split_key(text.strip())
        key = cls(name, public)
        if key.hash.hex() != hash_text:
            raise KeyMalformed(why="son empreinte courte ne correspond pas à la clé")
        return key

    @property
    def hash(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the 32 bytes of the public key, in hexadecimal: what is printed on paper."""
        return sha256(self.public).hexdigest()

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """True when ``signature`` is this key's over ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """The signer's private key; kept as ``PRIVATE+KEY+name+hash+base64``, as Go's note package."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = VerifyKey(name, self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """Parse what :meth:`to_text` wrote; raises :class:`KeyMalformed`."""
        marker = "PRIVATE+KEY+"
        if not text.startswith(marker):
            raise KeyMalformed(why="ce n'est pas une clé privée de note signée")
        name, hash_text, seed = _split_key(text[len(marker) :].strip())
        key = cls(name, seed)
        if key.public.hash.hex() != hash_text:
            raise KeyMalformed(why="son empreinte courte ne correspond pas à la clé")
        return key

    def to_text(self) -> str:
        public = self.public
        seed = b64encode(_ED25519 + self._seed).decode()
        return f"PRIVATE+KEY+{public.name}+{public.hash.hex()}+{seed}\n"

    def sign(self, text: str) -> bytes:
        """The note: ``text`` (ending with a newline) and this key's signature line."""
        signature = b64encode(self.public.hash + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.public.name} {signature}\n".encode()


@dataclass(frozen=True)
class Checkpoint:
    """The log's head: its origin line, its size in entries, its root hash."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def open_note(data: bytes, key: VerifyKey) -> str:
    """The text of a note signed exactly once by ``key``; others' signatures are left unread.

    Raises :class:`NoteRefused`, also when one key signs twice: two heads may hide behind it.
    """
    try:
        note = data.decode()
    except UnicodeDecodeError:
        raise NoteRefused(why="elle n'est pas en UTF-8") from None
    text, gap, block = note.rpartition("\n\n")
    text += "\n"
    lines = block.split("\n")
    if not gap or lines.pop() != "" or not 0 < len(lines) <= _MAX_SIGNATURES:
        raise NoteRefused(why="il y manque la ligne vide ou les lignes de signature")
    if any(ord(char) < 0x20 and char != "\n" for char in note):
        raise NoteRefused(why="elle contient un caractère de commande")
    seen: set[tuple[str, bytes]] = set()
    verified = False
    for line in lines:
        name, key_hash, signature = _signature(line)
        if (name, key_hash) in seen:
            raise NoteRefused(why=f"deux signatures de la même clé ({name})")
        seen.add((name, key_hash))
        if (name, key_hash) == (key.name, key.hash):
            verified = key.verifies(text.encode(), signature)
            if not verified:
                raise NoteRefused(why=f"la signature de {name} est fausse")
    if not verified:
        raise NoteRefused(why=f"elle n'est pas signée par {key.name}, clé {key.hash.hex()}")
    return text


def read_checkpoint(data: bytes, key: VerifyKey) -> Checkpoint:
    """A checkpoint signed by ``key`` under the origin that bears the key's name."""
    lines = open_note(data, key).split("\n")
    if len(lines) < 4 or lines[0] != key.name:
        raise NoteRefused(why="ce n'est pas un point de contrôle de ce registre")
    size, root = lines[1], lines[2]
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size, re.ASCII) or int(size) > MAX_SIZE:
        raise NoteRefused(why=f"taille illisible : {size[:40]!r}")
    raw = _base64(root)
    if raw is None or len(raw) != HASH_BYTES:
        raise NoteRefused(why="la racine n'est pas une empreinte SHA-256")
    return Checkpoint(lines[0], int(size), raw)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    match = _SIGNATURE.fullmatch(line)
    raw = _base64(match[2]) if match else None
    if match is None or raw is None or len(raw) < 5 or not _NAME.fullmatch(match[1]):
        raise NoteRefused(why=f"ligne de signature illisible : {line[:60]!r}")
    return match[1], raw[:4], raw[4:]


def _split_key(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    hash_text, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not _NAME.fullmatch(name) or not re.fullmatch(r"[0-9a-f]{8}", hash_text) or not raw:
        raise KeyMalformed(why="elle n'a pas la forme nom+empreinte+base64")
    if raw[:1] != _ED25519 or len(raw) != 1 + HASH_BYTES:
        raise KeyMalformed(why="ce n'est pas une clé Ed25519 de 32 octets")
    return name, hash_text, raw[1:]


def _base64(text: str) -> bytes | None:
    """Strict: the one canonical encoding, or None."""
    try:
        raw = b64decode(text.encode("ascii"), validate=True)
    except (Base64Error, ValueError):
        return None
    return raw if b64encode(raw).decode() == text else None
