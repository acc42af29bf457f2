"""Accounts with a role, signed in on their own workstation, with a second factor."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from releve.pages.models import Account, Grant
from releve.pages.roles import Role

PASSWORD = "quatre mots bien choisis"  # noqa: S105
EJ = "990000010"
SITE = f"{EJ}/990000028"
WARD = f"{SITE}/CHIR-B"
OTHER = "990000044"


@dataclass
class PersonAtDesk:
    """An account, its browser, its application and its sheet of codes."""

    account: Account
    client: Client
    secret: str = ""

    def six_digits(self, step: int = 0) -> str:
        """RFC 6238; ``step`` 1 = the next code."""
        counter = int(timezone.now().timestamp()) // 30 + step
        key = base64.b32decode(self.secret)
        mac = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
        at = mac[-1] & 15
        return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"

    def paper(self, number: int = 0) -> str:
        """An unused code of the sheet."""
        sheet = Authenticator.objects.get(user=self.account, type="recovery_codes").wrap()
        return str(sheet.get_unused_codes()[number])


def account(login: str, *rights: tuple[Role, str], opened: bool = True) -> Account:
    """An account with live grants; its password costs nothing to check. Not ``opened`` = it still
    waits for its activation code.
    """
    made = Account(login=login, name=f"Mme {login.title()}")
    made.password = PBKDF2PasswordHasher().encode(PASSWORD, "sel", 1)
    if not opened:
        made.set_unusable_password()
    made.save()
    for role, where in rights:
        Grant.objects.create(account=made, role=role, perimeter=where, given_at=timezone.now())
    return made


def enrol(who: Account) -> str:
    """A TOTP application and a sheet of codes; the secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(who, secret)
    RecoveryCodes.activate(who)
    return secret


def sit_down(who: Account, *, client: Client | None = None, second_factor: bool = True) -> Client:
    """Sign in without the password's cost; the browser gets its own workstation mark."""
    browser = client or Client()
    browser.force_login(who)
    browser.get("/inscription/")
    if second_factor:
        session = browser.session
        request = HttpRequest()
        request.session = session
        record_authentication(request, who, method="mfa", reauthenticated=True)
        session.save()
    return browser


def person(login: str, *rights: tuple[Role, str]) -> PersonAtDesk:
    """An account at its own desk, second factor in hand."""
    made = account(login, *rights)
    secret = enrol(made)
    return PersonAtDesk(made, sit_down(made), secret)
