"""A second factor given without a browser: at the server's console, beside another person."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from releve.pages.models import Account


def uses_up(who: Account, code: str) -> bool:
    """Whether ``code`` is a current TOTP code or an unused paper code of this account; it counts
    once.
    """
    rows = Authenticator.objects.filter(user=who).exclude(type=Authenticator.Type.WEBAUTHN)
    for row in rows:
        if row.wrap().validate_code(code.strip()):
            row.record_usage()
            return True
    return False
