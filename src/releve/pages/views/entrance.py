"""Coming in: the first administrator, activation, and the page that says there is no sign-up."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from releve.kernel.errors import ReleveError
from releve.kernel.ids import TEST_FINESS
from releve.kernel.world import World
from releve.pages import grants
from releve.pages.codes import use_activation
from releve.pages.facts import tell
from releve.pages.forms import ActivationForm, FirstAccessForm
from releve.pages.house import current_home
from releve.pages.models import Account
from releve.pages.rights import anyone
from releve.pages.wording import told


@anyone
def first_access(request: HttpRequest) -> HttpResponse:
    """Code of the console, name and password; then the second factor. Closed once used."""
    if Account.objects.exists():
        return HttpResponseRedirect("/")
    form = FirstAccessForm(request.POST or None, initial=_entity())
    if request.method == "POST" and form.is_valid():
        try:
            account = grants.open_first(**form.cleaned_data)
        except ReleveError as error:
            form.add_error(None, " ".join(told(error)))
        else:
            return _enter(request, account)
    return render(request, "pages/first_access.html", {"form": form})


@anyone
@rate_limit(action="login")  # type: ignore[untyped-decorator]
def activation(request: HttpRequest) -> HttpResponse:
    """The code received by hand opens the account: a new password, old factors dropped."""
    form = ActivationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = Account.objects.filter(login=form.cleaned_data["login"].lower()).first()
        try:
            with transaction.atomic():
                use_activation(account, form.cleaned_data["code"], timezone.now())
                account = _renew(account, form.cleaned_data["password"])
        except ReleveError as error:
            form.add_error(None, " ".join(told(error)))
        else:
            return _enter(request, account)
    return render(request, "pages/activation.html", {"form": form})


@anyone
def closed(request: HttpRequest) -> HttpResponse:
    """There is no sign-up: an account is opened by somebody who holds the right."""
    return render(request, "pages/closed.html", status=403)


def _entity() -> dict[str, str]:
    if current_home().world is not World.DRILL:
        return {}
    number, name = next(iter(TEST_FINESS.items()))
    return {"entity": number, "entity_name": name}


def _renew(account: Account | None, password: str) -> Account:
    assert account is not None  # noqa: S101  (use_activation refused None)
    account.set_password(password)
    account.save()
    Authenticator.objects.filter(user_id=account.pk).delete()
    tell("compte.activé", f"compte {account.pk}")
    return account


def _enter(request: HttpRequest, account: Account) -> HttpResponse:
    record_authentication(request, account, method="password", reauthenticated=True)
    response = perform_login(request, Login(user=account, redirect_url="/"))
    assert isinstance(response, HttpResponse)  # noqa: S101
    return response
