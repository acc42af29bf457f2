"""What was searched, sealed into an address: no name stays in a browser's history or in a log."""

from __future__ import annotations

import base64
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

MINUTES = 30
LONGEST = 200


def seal(text: str, account: int) -> str:
    """A token that only this home opens, for this account, during :data:`MINUTES`."""
    body = json.dumps([account, text[:LONGEST]]).encode()
    return _box().encrypt(body).decode("ascii")


def unseal(token: str, account: int) -> str | None:
    """The text; None when the token is another account's, too old or not ours."""
    try:
        owner, text = json.loads(_box().decrypt(token, ttl=MINUTES * 60))
    except (InvalidToken, ValueError):
        return None
    return str(text) if owner == account else None


def _box() -> Fernet:
    key = hashlib.sha256(b"releve.care.search\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
