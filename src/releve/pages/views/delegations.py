"""« Délégations »: who may act alone, what was done so, drawing one up, its letter, its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from releve.kernel.errors import ReleveError
from releve.kernel.units import PARIS
from releve.pages import acts, approval_desk, delegation_desk, delegations
from releve.pages.cuts import usual_cuts
from releve.pages.delegations import State, Terms
from releve.pages.errors import ApprovalRefused
from releve.pages.forms import AnswerUseForm, DelegationForm
from releve.pages.house import home_perimeter
from releve.pages.models import Account, Delegation, SoloUse
from releve.pages.rights import at_home, needs, person
from releve.pages.roles import PRIVILEGED, Role
from releve.pages.wording import told, translated

READERS = frozenset({*PRIVILEGED, Role.AUDITOR})
_SHOWN = 200
_HOURS = 24


@dataclass(frozen=True)
class Shown:
    """A delegation as a line of the page; ``terms`` None when its text no longer reads."""

    row: Delegation
    terms: Terms | None
    state: State
    mark: str


@dataclass(frozen=True)
class UseShown:
    """An act done alone, in words; ``late`` counts also once it was answered too late."""

    use: SoloUse
    title: str
    mark: str
    word: str
    late: bool


@needs(*READERS, perimeter=at_home)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What may be done alone today, then every use, those that need somebody first."""
    now = timezone.now()
    rows = Delegation.objects.filter(approval__isnull=False).select_related("approval", "signed_by")
    shown = [_shown(row, now) for row in rows[:_SHOWN]]
    uses = [use_shown(use, now) for use in _uses()[:_SHOWN]]
    context = {
        "live": [each for each in shown if each.state is State.LIVE],
        "others": [each for each in shown if each.state is not State.LIVE],
        "uses": sorted(uses, key=lambda each: each.use.answered_at is not None),
        "late": sum(each.late for each in uses),
        "waiting": sum(each.use.answered_at is None for each in uses),
        "contested": sum(each.use.contested for each in uses),
        "draws": _draws(request),
        "hide_alone": True,
    }
    return render(request, "pages/delegations.html", context)


@needs(Role.DSI, perimeter=at_home)
def new(request: HttpRequest) -> HttpResponse:
    """What the DSI writes; it then waits for the direction, in the very words that were shown."""
    form = DelegationForm(
        request.POST or None, initial=_initial(timezone.now()), people=_people(), kinds=_kinds()
    )
    if request.method == "POST" and form.is_valid():
        try:
            asked = delegation_desk.draw_up(request, form.answers())
        except ReleveError as error:
            form.add_error(None, " ".join(told(error)))
        else:
            return HttpResponseRedirect(reverse("approval", args=[asked.pk]))
    return render(request, "pages/delegation_new.html", {"form": form})


@needs(*READERS, perimeter=at_home)
@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    """One delegation in words, with its hash and its uses."""
    row = _found(number)
    now = timezone.now()
    context = {
        **_told(row, now),
        "uses": [use_shown(use, now) for use in _uses().filter(delegation=row)],
        "may_revoke": delegation_desk.may_revoke(request, row),
        "hide_alone": True,
    }
    return render(request, "pages/delegation.html", context)


@needs(*READERS, perimeter=at_home)
@require_safe
def letter(request: HttpRequest, number: int) -> HttpResponse:
    """The same as a letter on one sheet, with lines to sign by hand."""
    context = {**_told(_found(number), timezone.now()), "hide_alone": True, "hide_waiting": True}
    return render(request, "pages/delegation_letter.html", context)


@needs(Role.DIRECTION, perimeter=at_home)
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End it at once."""
    delegation_desk.revoke(request, _found(number))
    return HttpResponseRedirect(reverse("delegation", args=[number]))


@needs(*READERS, perimeter=at_home)
@require_safe
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """One act done alone: words, hash, who, when, and the form of whoever may confirm it."""
    found = get_object_or_404(_uses(), pk=pk)
    form = AnswerUseForm(initial={"digest": found.approval.digest})
    return _use(request, found, form)


@needs(*PRIVILEGED, perimeter=at_home)
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm, or contest with words; a second factor each time."""
    found = get_object_or_404(_uses(), pk=pk)
    form = AnswerUseForm(request.POST)
    if not form.is_valid():
        return _use(request, found, form, 400)
    said = form.cleaned_data
    contest = said["contest"] if request.POST.get("answer") == "contest" else None
    try:
        delegation_desk.answer_use(
            request, found, shown_digest=said["digest"], code=said["code"], contest=contest
        )
    except ReleveError as error:
        form.add_error(None, " ".join(told(error)))
        found.refresh_from_db()
        return _use(request, found, form, 403 if isinstance(error, ApprovalRefused) else 400)
    return HttpResponseRedirect(reverse("delegation_use", args=[pk]))


def use_shown(use: SoloUse, now: datetime) -> UseShown:
    """The state of a use: a mark, a word."""
    known = acts.registered().get(use.approval.kind)
    title = translated(known.title) if known else use.approval.kind
    late = (use.answered_at or now) > use.confirm_by
    if use.contested:
        return UseShown(use, title, "○", _("contesté"), late)
    if use.answered_at is not None:
        return UseShown(use, title, "◐" if late else "●", _("confirmé"), late)
    return UseShown(use, title, "○" if late else "◐", _("à confirmer"), late)


def _use(
    request: HttpRequest, found: SoloUse, form: AnswerUseForm, status: int = 200
) -> HttpResponse:
    obstacle = delegation_desk.answer_obstacle(request, found)
    message, remedy = told(obstacle) if obstacle else ("", "")
    context = {
        "shown": use_shown(found, timezone.now()),
        "words": approval_desk.words_of(found.approval),
        "groups": _groups(found.approval.digest),
        "form": form,
        "obstacle": message,
        "remedy": remedy,
        "mine": found.by_id == person(request).account,
        "answers": bool({right.role for right in person(request).rights} & PRIVILEGED),
        "hide_alone": True,
    }
    return render(request, "pages/delegation_use.html", context, status=status)


def _uses() -> QuerySet[SoloUse]:
    return SoloUse.objects.select_related("approval", "by", "answered_by", "delegation")


def _found(number: int) -> Delegation:
    rows = Delegation.objects.select_related("approval", "signed_by", "drawn_by", "revoked_by")
    return get_object_or_404(rows, pk=number, approval__isnull=False)


def _shown(row: Delegation, now: datetime) -> Shown:
    state = delegations.state(delegation_desk.as_stored(row), now)
    mark = {State.LIVE: "●", State.WAITING: "◐", State.TO_COME: "◐"}.get(state, "○")
    return Shown(row, delegation_desk.terms_drawn(row), state, mark)


def _told(row: Delegation, now: datetime) -> dict[str, object]:
    assert row.approval is not None  # noqa: S101  (filtered by _found)
    return {
        "shown": _shown(row, now),
        "words": approval_desk.words_of(row.approval),
        "groups": _groups(row.digest or row.approval.digest),
    }


def _groups(digest: str) -> list[str]:
    return [digest[i : i + 8] for i in range(0, 64, 8)]


def _draws(request: HttpRequest) -> bool:
    return any(right.role is Role.DSI for right in person(request).rights)


def _people() -> list[tuple[str, str]]:
    """Accounts that hold a role which may ask for a delegable act."""
    roles = frozenset[Role]().union(*(act.may_request for act in acts.delegable().values()))
    held = Account.objects.filter(
        is_active=True,
        grants__role__in=roles & PRIVILEGED,
        grants__revoked_at__isnull=True,
    )
    return [(each.login, str(each)) for each in held.distinct()]


def _kinds() -> list[tuple[str, str]]:
    free = _("se fait déjà sans délégation")
    return [
        (kind, f"{translated(act.title)} ({free})" if act.free_at else translated(act.title))
        for kind, act in acts.delegable().items()
    ]


def _initial(now: datetime) -> dict[str, object]:
    today = now.astimezone(PARIS).date()
    return {
        "cuts": "\n".join(cut.words for cut in usual_cuts()),
        "starts": today,
        "ends": today + timedelta(days=364),
        "hours": _HOURS,
        "perimeter": str(home_perimeter() or ""),
    }
