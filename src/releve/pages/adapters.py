"""What allauth asks of us: no sign-up, no e-mail, TOTP secrets kept under the home's own key."""

from __future__ import annotations

import ipaddress

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from qrcode.image.svg import SvgPathImage

from releve.pages.models import Grant
from releve.pages.roles import PRIVILEGED

#: Created with the home's other web secrets (``runtime.records``), read by this process only.
SECOND_FACTOR_KEY = "second-factor.key"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are opened by a person who holds the right, never by a visitor."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Nothing is sent: this service must work without any mail server."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors that work by IP, without a network name and without a directory."""

    def get_totp_issuer(self) -> str:
        return "Relève"

    def _get_site_name(self) -> str:
        return "Relève"

    def build_totp_svg(self, url: str) -> str:
        """The QR code as an element to be placed in the page (no data: address under our CSP)."""
        image = qrcode.make(url, image_factory=SvgPathImage, box_size=14)
        return str(image.to_string(encoding="unicode"))

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """A privileged role cannot take its last second factor off."""
        held = Grant.objects.filter(
            account_id=authenticator.user_id, revoked_at__isnull=True, role__in=PRIVILEGED
        )
        return not held.exists()

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return user.get_username()


def offers_passkeys(request: HttpRequest) -> bool:
    """True when the page was reached by a host name: a passkey cannot be bound to an IP address.

    Source: WebAuthn level 3, §5.1.2: the relying party id is a domain, never an address. It also
    needs https, or ``localhost``.
    """
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False


def _box() -> Fernet:
    return Fernet((settings.HOME / "secrets" / "web" / SECOND_FACTOR_KEY).read_bytes())
