"""The mark that a file's page was opened by this account: its live lines ask for it, so that
nobody follows a file whose opening the ledger does not know.
"""

from __future__ import annotations

from django.core import signing

_SALT = "releve.care.opening"
#: A ward's screen left open through a night goes on.
_HOURS = 14


def seal_opening(key: str, account: int) -> str:
    """To be placed in the page that was told to the ledger."""
    return signing.TimestampSigner(salt=_SALT).sign(f"{account}.{key}").replace(":", "~")


def unseal_opening(token: str, key: str, account: int) -> bool:
    """True when this account opened that file less than :data:`_HOURS` ago."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        said = signer.unsign(token.replace("~", ":"), max_age=_HOURS * 3600)
    except signing.BadSignature:
        return False
    return said == f"{account}.{key}"
