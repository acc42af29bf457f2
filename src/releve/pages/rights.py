"""Rights of pages: declared beside each view, enforced in one place, closed by default.

``needs`` writes on the view who may open it; :class:`RightsMiddleware` reads it before any view
runs. A view that declares nothing answers 403 and fails a test. A perimeter is taken from the
address by the function given to ``needs``; without one, any perimeter opens the page, and the page
itself shows only what lies within the account's perimeters (:func:`visible`).
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from releve.kernel.errors import ReleveError
from releve.kernel.perimeter import Perimeter
from releve.pages.approvals import Person, Right
from releve.pages.errors import ApprovalRefused, OutsidePerimeter
from releve.pages.house import home_perimeter
from releve.pages.models import Account, Grant
from releve.pages.roles import Role
from releve.pages.wording import told

STATION_COOKIE = "releve_poste"
_STATION_DAYS = 400
#: Sessions are pushed back at most this often: one write a minute, not one per page.
_TOUCH_SECONDS = 60

Where = Callable[..., Perimeter]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rights:
    """Who may open a view. ``roles`` empty with ``anonymous`` False = any account, even without a
    role.
    """

    roles: frozenset[Role] = frozenset()
    where: Where | None = None
    anonymous: bool = False
    #: Open before the second factor that privileged roles must give: enrolment, leaving.
    before_second_factor: bool = False
    #: A live line must not keep a forgotten session alive.
    keeps_session: bool = True


def needs(
    *roles: Role, perimeter: Where | None = None, keeps_session: bool = True
) -> Callable[[View], View]:
    """Declare that a view is for accounts with one of ``roles`` on the view's perimeter.

    ``perimeter`` receives the request and the address's arguments and says where the page lies.
    """
    return _declare(Rights(frozenset(roles), perimeter, keeps_session=keeps_session))


def anyone(view: View) -> View:
    """Declare a page open before signing in."""
    return _declare(Rights(anonymous=True))(view)


def signed_in(view: View) -> View:
    """Declare a page about the account itself, open to any account whatever its roles."""
    return _declare(Rights(before_second_factor=True))(view)


def _declare(rights: Rights) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.rights = rights  # type: ignore[attr-defined]
        return view

    return mark


def at_home(request: HttpRequest, **address: object) -> Perimeter:
    """For ``needs(perimeter=at_home)``: the page lies at the level of the home's legal entity."""
    where = home_perimeter()
    if where is None:
        raise PermissionDenied(_("L'établissement n'est pas encore déclaré."))
    return where


def rights_of(view: object) -> Rights | None:
    """What a view declares; None when nothing."""
    found = getattr(view, "rights", None)
    return found if isinstance(found, Rights) else None


def rights_held(account: Account) -> tuple[Right, ...]:
    """The live grants of an account."""
    grants = Grant.objects.filter(account=account, revoked_at__isnull=True)
    return tuple(Right(Role(grant.role), grant.where) for grant in grants)


def person(request: HttpRequest) -> Person:
    """The signed-in person of this request, read once per request."""
    known = getattr(request, "_releve_person", None)
    if known is None:
        if not isinstance(request.user, Account):
            raise PermissionDenied
        known = Person(
            request.user.pk,
            _hashed(request.session.session_key or ""),
            _hashed(station(request)),
            rights_held(request.user),
        )
        request._releve_person = known  # type: ignore[attr-defined]
    return cast(Person, known)


def account(request: HttpRequest) -> Account:
    """The signed-in account; for views whose rights exclude anonymous visitors."""
    if not isinstance(request.user, Account):
        raise PermissionDenied
    return request.user


def visible(request: HttpRequest, roles: Iterable[Role], where: Perimeter) -> bool:
    """True when one of the account's rights in ``roles`` covers ``where``."""
    wanted = frozenset(roles)
    return any(right.covers(wanted, where) for right in person(request).rights)


def station(request: HttpRequest) -> str:
    """The random mark of this browser: two accounts behind one mark are at one keyboard."""
    return request.COOKIES.get(STATION_COOKIE) or str(getattr(request, "_releve_station", ""))


def waits_for_second_factor(request: HttpRequest) -> bool:
    """True when the pages of this account's roles are still shut: no word of navigation then."""
    return bool(getattr(request, "_releve_waits", True))


def has_second_factor(account: Account) -> bool:
    """True when the account has enrolled an application or a key (paper codes alone are not)."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=account.pk, type__in=kinds).exists())


def from_loopback(request: HttpRequest) -> bool:
    """True when the connection comes from this very machine; headers of proxies are not read."""
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class RightsMiddleware:
    """Decides for every view, before it runs; turns errors into pages that say what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if STATION_COOKIE not in request.COOKIES:
            request._releve_station = secrets.token_urlsafe(24)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        fresh = getattr(request, "_releve_station", None)
        if fresh:
            response.set_cookie(
                STATION_COOKIE,
                fresh,
                max_age=_STATION_DAYS * 86400,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None lets the view run; a response replaces it."""
        rights = rights_of(view)
        if rights is None:
            raise PermissionDenied(
                _("Cette page ne dit pas qui peut l'ouvrir : elle reste fermée.")
            )
        if not isinstance(request.user, Account):
            return _for_stranger(request, rights)
        if rights.keeps_session:
            _touch(request)
        if rights.anonymous:
            return None
        detour = _second_factor_first(request, request.user)
        request._releve_waits = detour is not None  # type: ignore[attr-defined]
        if detour and not rights.before_second_factor:
            return detour
        if rights.roles:
            _check_roles(request, rights, kwargs)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A :class:`ReleveError` becomes a page with its next step."""
        if not isinstance(error, ReleveError):
            return None
        status = 403 if isinstance(error, OutsidePerimeter | ApprovalRefused) else 400
        message, remedy = told(error)
        context = {"message": message, "remedy": remedy}
        return render(request, "pages/error.html", context, None, status)


def _check_roles(request: HttpRequest, rights: Rights, kwargs: dict[str, Any]) -> None:
    held = person(request).rights
    if not any(right.role in rights.roles for right in held):
        raise PermissionDenied(_("Votre rôle n'ouvre pas cette page."))
    if rights.where is None:
        return
    where = rights.where(request, **kwargs)
    if not any(right.covers(rights.roles, where) for right in held):
        raise PermissionDenied(_("Cette page est hors de votre périmètre."))


def _for_stranger(request: HttpRequest, rights: Rights) -> HttpResponse | None:
    if not Account.objects.exists():
        if not from_loopback(request):
            raise PermissionDenied(
                _("Ce service attend son premier administrateur, sur la machine elle-même.")
            )
        first = reverse("first_access")
        opens = request.path in (first, reverse("language"))
        return None if opens else HttpResponseRedirect(first)
    if rights.anonymous:
        return None
    if request.headers.get("HX-Request") or "text/event-stream" in request.headers.get(
        "Accept", ""
    ):
        return HttpResponse(status=401)
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('account_login')}?{query}")


def _second_factor_first(request: HttpRequest, account: Account) -> HttpResponse | None:
    """Privileged roles open nothing until a second factor exists and this session has given it."""
    if not any(right.role.privileged for right in person(request).rights):
        return None
    if not has_second_factor(account):
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
    records = get_authentication_records(request, account)
    if any(record.get("method") == "mfa" for record in records):
        return None
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{query}")


def _touch(request: HttpRequest) -> None:
    now = int(timezone.now().timestamp())
    if abs(now - int(request.session.get("seen", 0))) >= _TOUCH_SECONDS:
        request.session["seen"] = now


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
