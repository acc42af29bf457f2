"""One-time codes: the first administrator's, each account's activation. Only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from releve.pages.errors import CodeRefused
from releve.pages.models import Account, OneTimeCode

#: Crockford's alphabet: no I, L, O or U to misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS = 5
FIRST_ACCESS_LIFE = timedelta(hours=24)
ACTIVATION_LIFE = timedelta(days=7)


def issue_first_access(now: datetime) -> str | None:
    """A new code for the first administrator, older ones void; None once an account exists."""
    with transaction.atomic():
        if Account.objects.exists():
            return None
        OneTimeCode.objects.filter(purpose=OneTimeCode.FIRST_ACCESS).delete()
        return _issue(OneTimeCode.FIRST_ACCESS, None, now + FIRST_ACCESS_LIFE)


def issue_activation(account: Account, now: datetime) -> str:
    """A new activation code for an account, its older ones void. Shown once, 100 random bits."""
    with transaction.atomic():
        OneTimeCode.objects.filter(account=account, used_at__isnull=True).delete()
        return _issue(OneTimeCode.ACTIVATION, account, now + ACTIVATION_LIFE)


def use_first_access(text: str, now: datetime) -> None:
    """Use up the first administrator's code, in the caller's transaction; exactly one caller wins.

    Raises :class:`~releve.pages.errors.CodeRefused`.
    """
    _use(OneTimeCode.FIRST_ACCESS, None, text, now)
    if Account.objects.exists():
        raise CodeRefused()


def use_activation(account: Account | None, text: str, now: datetime) -> None:
    """Use up an account's activation code, in the caller's transaction; raises ``CodeRefused``."""
    if account is None or not account.is_active:
        raise CodeRefused()
    _use(OneTimeCode.ACTIVATION, account, text, now)


def _issue(purpose: str, account: Account | None, expires_at: datetime) -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(4 * _GROUPS))
    code = "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))
    OneTimeCode.objects.create(
        purpose=purpose, account=account, digest=_digest(code), expires_at=expires_at
    )
    return code


def _use(purpose: str, account: Account | None, text: str, now: datetime) -> None:
    # One UPDATE decides: two requests at once cannot both see the code unused.
    won = OneTimeCode.objects.filter(
        purpose=purpose,
        account=account,
        digest=_digest(text),
        used_at__isnull=True,
        expires_at__gt=now,
    ).update(used_at=now)
    if won != 1:
        raise CodeRefused()


def _digest(text: str) -> str:
    letters = text.upper().translate(str.maketrans("OIL", "011"))
    kept = "".join(letter for letter in letters if letter in _ALPHABET)
    return hashlib.sha256(kept.encode("ascii")).hexdigest()
