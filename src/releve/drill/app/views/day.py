"""The day: the animator's page, and one page per place for observers, with or without account."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releve.drill.app import desk, stamps
from releve.drill.app.codes import code_of, is_open, observed_place, place_of, remember
from releve.drill.app.models import Exercise, Place
from releve.drill.app.views.band import exercise_of, exercise_page
from releve.drill.app.who import KEEPERS, OBSERVERS, READERS, By, may, signed_by
from releve.drill.field.errors import CodeClosed, WrongMoment
from releve.drill.field.exercise import SPOKEN, STOP_SENTENCE, State, played, remaining
from releve.drill.field.marks import Mark
from releve.drill.field.paper import Part
from releve.drill.field.scenario import Gesture, Inject
from releve.kernel.perimeter import Perimeter, perimeter
from releve.kernel.units import hour
from releve.pages.rights import anyone, at_home, needs
from releve.pages.wording import translated


@dataclass(frozen=True)
class InjectShown:
    """An inject, when it is due (minute, hour of the day or None before the start), when it was
    handed over.
    """

    inject: Inject
    minute: int
    due: datetime | None
    handed: datetime | None
    late: bool


@dataclass(frozen=True)
class GestureShown:
    """A gesture and what stands of it in one place."""

    gesture: Gesture
    mark: Mark | None
    typing: bool = False


# --- the animator -------------------------------------------------------------------------------


@needs(*READERS, perimeter=at_home)
@exercise_page
@require_safe
def exercise(request: HttpRequest, number: int) -> HttpResponse:
    """Before: papers and start. On the day: the next thing to hand over. After: what is left."""
    row, now = exercise_of(number), timezone.now()
    keeps = may(request, KEEPERS)
    context: dict[str, object] = {
        "row": row,
        "keeps": keeps,
        "scenario": desk.scenario_of(row),
        "spoken": SPOKEN,
        "sentence": STOP_SENTENCE,
        "ticket": secrets.token_urlsafe(12),
        "grid": _grid(row),
        "codes": _codes(row, now) if keeps else [],
    }
    if row.stands in (State.READY, State.DROPPED):
        context |= {"parts": list(Part), "refresh": False}
        return render(request, "drill/ready.html", context)
    passages = desk.passages_of(row)
    if row.live:
        left = remaining(passages, row.minutes, now)
        injects = _injects(row, now)
        context |= {
            "left": timedelta(minutes=-(-left // timedelta(minutes=1))),
            "over": left < timedelta(0),
            "elapsed": played(passages, now),
            "injects": injects,
            "next": next((each for each in injects if each.handed is None), None),
            "refresh": True,
        }
        return render(request, "drill/run.html", context)
    ended = row.ended_at or now
    resumable = row.stands is State.ENDED and now - ended <= desk.RESUME_WITHIN
    context |= {"elapsed": played(passages, ended), "resumable": resumable}
    return render(request, "drill/ended.html", context)


def _injects(row: Exercise, now: datetime) -> list[InjectShown]:
    scenario, given, passages = desk.scenario_of(row), stamps.handed(row), desk.passages_of(row)
    so_far = played(passages, now)
    shown = []
    for inject in scenario.injects:
        minute = scenario.at(inject, row.minutes)
        wait = timedelta(minutes=minute) - so_far
        handed = given.get(inject.slug)
        late = handed is None and wait < -timedelta(minutes=2)
        shown.append(InjectShown(inject, minute, now + wait, handed, late))
    return shown


def _grid(row: Exercise) -> list[dict[str, object]]:
    """Place by place, what is stamped: for the animator, and once it is over."""
    scenario, stands = desk.scenario_of(row), stamps.standing(row)
    grid = []
    for place in row.places.all():
        wanted = scenario.gestures_of("cellule" if place.cell else "service")
        shown = [GestureShown(g, stands.get((place.code, g.slug))) for g in wanted]
        grid.append({"place": place, "gestures": shown, "done": sum(bool(g.mark) for g in shown)})
    return grid


def _codes(row: Exercise, now: datetime) -> list[tuple[Place, str]]:
    return [(p, code_of(p)) for p in row.places.all()] if is_open(row, now) else []


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_POST
def move(request: HttpRequest, number: int) -> HttpResponse:
    """Start, pause, resume, end, give up, take up again."""
    to = {state.name.lower(): state for state in _BY_HAND}.get(request.POST.get("to", ""))
    if to is None:
        raise Http404
    desk.move(number, to, signed_by(request), timezone.now())
    return HttpResponseRedirect(reverse("field_exercise", args=[number]))


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_POST
def hand(request: HttpRequest, number: int) -> HttpResponse:
    """A card is handed over, or was not after all."""
    slug, done = request.POST.get("inject", ""), request.POST.get("done") != "0"
    ticket = _ticket(request, f"{slug}-{done}")
    if exercise_of(number).live:
        stamps.hand(number, slug, signed_by(request), timezone.now(), ticket, done=done)
    return HttpResponseRedirect(reverse("field_exercise", args=[number]))


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_POST
def real(request: HttpRequest, number: int) -> HttpResponse:
    """« Ceci est réel »: the crisis is opened and the exercise ended, in one tap."""
    desk.declare_real(signed_by(request), timezone.now())
    return HttpResponseRedirect(reverse("field_exercise", args=[number]))


_BY_HAND = (State.READY, State.DROPPED, State.RUNNING, State.PAUSED, State.ENDED)


# --- observers with an account ------------------------------------------------------------------


def _at_place(request: HttpRequest, number: int, code: str) -> Perimeter:
    place = get_object_or_404(Place, exercise_id=number, code=code)
    return perimeter(place.perimeter)


@needs(*OBSERVERS, perimeter=_at_place)
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """One ward's page, for those whose perimeter covers it."""
    found = get_object_or_404(Place, exercise_id=number, code=code)
    here = reverse("field_place", args=[number, code])
    return _observe(
        request, found, signed_by(request), here, reverse("field_place_real", args=[number, code])
    )


@needs(*OBSERVERS, perimeter=_at_place)
@exercise_page
@require_POST
def place_real(request: HttpRequest, number: int, code: str) -> HttpResponse:
    """« Ceci est réel », from a ward."""
    desk.declare_real(signed_by(request), timezone.now())
    return HttpResponseRedirect(reverse("field_place", args=[number, code]))


# --- observers with a code ----------------------------------------------------------------------


@anyone
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """The code of the sheet opens that sheet's page."""
    if request.method != "POST":
        return render(request, "drill/enter.html", {})
    now = timezone.now()
    try:
        found = place_of(request.POST.get("code", "")[:80], now)
    except CodeClosed as error:
        told = {"message": translated(str(error)), "remedy": translated(error.remedy)}
        return render(request, "drill/enter.html", told, status=403)
    response = HttpResponseRedirect(reverse("observer"))
    remember(response, found, now)
    return response


@anyone
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def observer(request: HttpRequest) -> HttpResponse:
    """The same page, for whoever typed the code of its sheet."""
    try:
        found = observed_place(request, timezone.now())
    except CodeClosed:
        return HttpResponseRedirect(reverse("observer_enter"))
    return _observe(request, found, _holder(found), reverse("observer"), reverse("observer_real"))


@anyone
@exercise_page
@require_POST
def observer_real(request: HttpRequest) -> HttpResponse:
    """« Ceci est réel », without any account: only while that very exercise is live."""
    try:
        found = observed_place(request, timezone.now())
    except CodeClosed:
        return HttpResponseRedirect(reverse("observer_enter"))
    if found.exercise.live:
        desk.declare_real(_holder(found), timezone.now())
    return HttpResponseRedirect(reverse("observer"))


def _holder(place: Place) -> By:
    """No name is known: the place whose sheet holds the code."""
    return By(_("observateur de « %(place)s » (code de sa feuille)") % {"place": place.name})


# --- the page of a place ------------------------------------------------------------------------


def _observe(
    request: HttpRequest, place: Place, by: By, here: str, real_address: str
) -> HttpResponse:
    if request.method == "POST":
        _act(request, place, by)
        return HttpResponseRedirect(here)
    row = place.exercise
    typing = request.GET.get("heure", "")[:40]
    stands = stamps.standing(row)
    wanted = desk.scenario_of(row).gestures_of("cellule" if place.cell else "service")
    context = {
        "row": row,
        "place": place,
        "here": here,
        "real_address": real_address,
        "observer_code": here == reverse("observer"),
        "gestures": [
            GestureShown(g, stands.get((place.code, g.slug)), g.slug == typing) for g in wanted
        ],
        "typing": any(g.slug == typing for g in wanted),
        "now_hour": hour(timezone.now()),
        "ticket": secrets.token_urlsafe(12),
        "sentence": STOP_SENTENCE,
        "opening": desk.scenario_of(row).opening,
        "taps": row.stands is State.RUNNING,
        "writes": row.stands in _WRITES,
        "refresh": not typing and (row.live or row.stands is State.READY),
    }
    return render(request, "drill/observe.html", context)


_WRITES = (State.RUNNING, State.PAUSED, State.ENDED)


def _act(request: HttpRequest, place: Place, by: By) -> None:
    """A tap, an hour, or what withdraws it. When the exercise is no longer running the page shown
    next says so: a tap is never an error page.
    """
    what, act = request.POST.get("geste", ""), request.POST.get("acte", "")
    now, ticket = timezone.now(), _ticket(request, f"{place.pk}-{what}-{act}")
    acts: dict[str, Callable[[], object]] = {
        "fait": lambda: stamps.tap(place, what, by, now, ticket),
        "retirer": lambda: stamps.withdraw(place, what, by, now, ticket),
        "heure": lambda: stamps.type_hour(
            place, what, stamps.Typed(request.POST.get("heure", "")), by, now, ticket
        ),
    }
    if act not in acts:
        raise Http404
    if act == "heure" and place.exercise.stands not in _WRITES:
        return
    try:
        acts[act]()
    except WrongMoment:
        return


def _ticket(request: HttpRequest, what: str) -> str | None:
    given = request.POST.get("ticket", "")[:40]
    return f"{given}-{what}" if given else None
