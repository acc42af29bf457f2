"""People at their browsers: what they type, and the application that shows six digits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import TYPE_CHECKING

from releve.kernel.clock import SystemClock

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "quatre mots bien choisis"  # noqa: S105


def six_digits(secret: str, step: int = 0) -> str:
    """RFC 6238 with SHA-1 and 30 s steps; ``step`` 1 = the next code."""
    counter = int(SystemClock().now().timestamp()) // 30 + step
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def first_access(page: Page, address: str, code: str) -> str:
    """Open the service, become its first administrator, enrol TOTP; the TOTP secret."""
    page.goto(address)
    page.fill("#id_code", code)
    page.fill("#id_name", "Mme Martin")
    page.fill("#id_login", "claire.martin")
    page.fill("#id_password", PASSWORD)
    page.click("main form button")
    return enrol_totp(page)


def enrol_totp(page: Page) -> str:
    """On the enrolment page: type the application's code; the secret."""
    secret = page.inner_text("#secret").strip()
    page.fill("#id_code", six_digits(secret))
    page.click("main form button")
    return secret


def activate(page: Page, address: str, login: str, code: str) -> None:
    """Open an account with the code received by hand."""
    page.goto(address + "activation/")
    page.fill("#id_login", login)
    page.fill("#id_code", code)
    page.fill("#id_password", PASSWORD)
    page.click("main form button")


def sign_in(page: Page, address: str, login: str, code: str) -> None:
    """Password, then six digits."""
    page.goto(address + "connexion/")
    page.fill("#id_login", login)
    page.fill("#id_password", PASSWORD)
    page.click("main form button")
    page.fill("#id_code", code)
    page.click("main form button")
