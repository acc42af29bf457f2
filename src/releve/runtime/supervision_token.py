"""The one token of the supervision page: a random word, of which the home keeps the SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from releve.kernel.durable import make_folder, write_durably
from releve.kernel.home import Home


def renew(home: Home) -> str:
    """A new token; the one before opens nothing any more. Durable on return."""
    token = secrets.token_urlsafe(32)
    path = _path(home)
    make_folder(path.parent)
    write_durably(path, _hashed(token).encode())
    return token


def opens(home: Home, token: str) -> bool:
    """Whether ``token`` is the one in use; False too when none was ever made."""
    try:
        kept = _path(home).read_text("ascii").strip()
    except FileNotFoundError:
        return False
    return hmac.compare_digest(kept, _hashed(token))


def _path(home: Home) -> Path:
    return home.secrets("web") / "metrics-token"


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
