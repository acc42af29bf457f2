"""The kit's envelope: a code opens an age identity, the identity opens the ward.

The code carries 90 random bits, so the derivation needs no memory-hard function: PBKDF2-SHA256 is
there in every browser and only adds a constant. It gives an AES-256-GCM key that wraps an X25519
age identity (one per ward and window); the contents are one age file for that recipient:
a first line ``RELEVE-KIT 1 <JSON octets> <PDF octets>``, the JSON, the PDF. A browser shows the
JSON before it has read the PDF.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import pyrage  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from releve.care.kit.codes import read_code

ITERATIONS = 100_000
_SALT, _NONCE = 16, 12
_FIRST_LINE = b"RELEVE-KIT 1 "


@dataclass(frozen=True)
class Lock:
    """A wrapped identity: public, useless without the code. ``about`` (ward and window) is
    authenticated with it: a lock moved to another ward's kit no longer opens.
    """

    about: str
    salt: bytes
    nonce: bytes
    wrapped: bytes
    iterations: int = ITERATIONS

    def to_json(self) -> dict[str, Any]:
        """As a kit's header and the secrets keep it."""
        return {
            "about": self.about,
            "salt": b64encode(self.salt).decode(),
            "nonce": b64encode(self.nonce).decode(),
            "wrapped": b64encode(self.wrapped).decode(),
            "iterations": self.iterations,
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Lock:
        """Raises ``KeyError``, ``TypeError`` or ``ValueError`` on anything else than a lock."""
        iterations = int(fields["iterations"])
        if not 1 <= iterations <= 10_000_000:
            raise ValueError("nombre d'itérations hors bornes")
        salt, nonce, wrapped = (
            b64decode(fields[name], validate=True) for name in ("salt", "nonce", "wrapped")
        )
        if (len(salt), len(nonce)) != (_SALT, _NONCE) or not wrapped:
            raise ValueError("sa serrure n'a pas la longueur voulue")
        return cls(str(fields["about"]), salt, nonce, wrapped, iterations)


def wrap(identity: str, code: str, about: str) -> Lock:
    """Lock an age identity (``AGE-SECRET-KEY-1…``) with a code."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    cipher = AESGCM(_key(code, salt, ITERATIONS))
    return Lock(about, salt, nonce, cipher.encrypt(nonce, identity.encode(), about.encode()))


def unwrap(lock: Lock, code: str) -> str | None:
    """The identity, None when this code does not open this lock; raises ``CodeMistyped``."""
    cipher = AESGCM(_key(code, lock.salt, lock.iterations))
    try:
        return cipher.decrypt(lock.nonce, lock.wrapped, lock.about.encode()).decode()
    except InvalidTag:
        return None


def _key(code: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", read_code(code).encode(), salt, iterations)


def new_identity() -> str:
    """A fresh X25519 identity in age's own text form."""
    return str(pyrage.x25519.Identity.generate())


def seal(contents: dict[str, Any], pdf: bytes, identity: str) -> bytes:
    """The age file that only ``identity`` opens."""
    text = json.dumps(contents, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    first = b"%s%d %d\n" % (_FIRST_LINE, len(text), len(pdf))
    recipient = pyrage.x25519.Identity.from_str(identity).to_public()
    sealed: bytes = pyrage.encrypt(first + text + pdf, [recipient])
    return sealed


def unseal(sealed: bytes, identity: str) -> tuple[dict[str, Any], bytes]:
    """Contents and PDF; raises ``ValueError`` when it is not whole or not for ``identity``."""
    try:
        clear = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)])
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise ValueError("le contenu chiffré ne se déchiffre pas en entier") from error
    end = clear.find(b"\n", 0, 64)
    first = clear[: max(end, 0)].removeprefix(_FIRST_LINE).split()
    if not clear.startswith(_FIRST_LINE) or len(first) != 2:
        raise ValueError("la première ligne du contenu n'est pas celle d'un kit")
    size, rest = int(first[0]), int(first[1])
    body = clear[end + 1 :]
    if len(body) != size + rest:
        raise ValueError("le contenu n'a pas la longueur qu'il annonce")
    contents = json.loads(body[:size].decode("utf-8", "surrogatepass"))
    if not isinstance(contents, dict):
        raise ValueError("le contenu n'est pas celui d'un kit")
    return contents, body[size:]
