"""« Comptes »: opening accounts, giving and withdrawing roles, giving an activation code again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from releve.kernel.perimeter import perimeter
from releve.pages import approval_desk, grants
from releve.pages.codes import issue_activation
from releve.pages.errors import CodeRefused, OutsidePerimeter
from releve.pages.facts import tell
from releve.pages.forms import GiveRoleForm, OpenAccountForm
from releve.pages.models import Account, Grant, Place
from releve.pages.rights import account, needs, person, visible
from releve.pages.roles import Role


@needs(Role.DSI)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Accounts with a role inside the reader's perimeters, and those that have no role yet."""
    shown = []
    for each in Account.objects.prefetch_related("grants"):
        live = [grant for grant in each.grants.all() if grant.revoked_at is None]
        mine = [grant for grant in live if visible(request, [Role.DSI], grant.where)]
        if mine or not live:
            shown.append({"account": each, "grants": mine})
    return render(request, "pages/accounts.html", {"accounts": shown, "form": OpenAccountForm()})


@needs(Role.DSI)
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Open an account and show its activation code, this once."""
    form = OpenAccountForm(request.POST)
    if not form.is_valid():
        return render(request, "pages/account_new.html", {"form": form}, status=400)
    opened, code = grants.open_account(**form.cleaned_data)
    return render(request, "pages/account_code.html", {"account": opened, "code": code})


@needs(Role.DSI)
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: its roles, and the form that gives one more."""
    return _detail(request, _reachable(request, pk), GiveRoleForm())


@needs(Role.DSI)
@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role at once, or ask for the second look that a privileged role takes."""
    chosen = _reachable(request, pk)
    form = GiveRoleForm(request.POST)
    if not form.is_valid():
        return _detail(request, chosen, form, 400)
    role, where = Role(form.cleaned_data["role"]), perimeter(form.cleaned_data["perimeter"])
    if grants.takes_second_look(role, account(request)):
        answers = {"login": chosen.login, "role": role.value, "perimeter": str(where)}
        asked = approval_desk.ask(request, grants.GIVE_ROLE, answers)
        return HttpResponseRedirect(reverse("approval", args=[asked.pk]))
    grants.give(chosen, role, where, account(request), person(request).rights)
    return HttpResponseRedirect(reverse("account", args=[pk]))


@needs(Role.DSI)
@require_POST
def withdraw(request: HttpRequest, pk: int, grant: int) -> HttpResponse:
    """End a right at once."""
    chosen = get_object_or_404(Grant, pk=grant, account_id=pk, revoked_at__isnull=True)
    grants.withdraw(chosen, person(request).rights)
    return HttpResponseRedirect(reverse("account", args=[pk]))


@needs(Role.DSI)
@require_POST
def code_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new activation code for an account never opened; an open one is renewed on the console."""
    chosen = _reachable(request, pk)
    if chosen.activated:
        raise CodeRefused()
    code = issue_activation(chosen, timezone.now())
    tell("compte.code", f"compte {chosen.pk}")
    return render(request, "pages/account_code.html", {"account": chosen, "code": code})


def _reachable(request: HttpRequest, pk: int) -> Account:
    """The account, when it has no role yet or one inside the reader's perimeters."""
    chosen = get_object_or_404(Account, pk=pk)
    live = chosen.grants.filter(revoked_at__isnull=True)
    if live and not any(visible(request, [Role.DSI], grant.where) for grant in live):
        raise OutsidePerimeter(perimeter=live[0].perimeter)
    return chosen


def _detail(
    request: HttpRequest, chosen: Account, form: GiveRoleForm, status: int = 200
) -> HttpResponse:
    live = chosen.grants.filter(revoked_at__isnull=True)
    places = [p for p in Place.objects.all() if visible(request, [Role.DSI], perimeter(p.pk))]
    shown = [grant for grant in live if visible(request, [Role.DSI], grant.where)]
    context = {"account": chosen, "grants": shown, "form": form, "places": places}
    return render(request, "pages/account.html", context, status=status)
