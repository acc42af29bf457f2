"""The ten-minute part of « Crise »: one act now, the next ones, cuts by hand, what is known, who
was told what. Every answer is a line of the main courante.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from releve.incident.app import desk, minutes
from releve.incident.app.models import Incident, LogEntry
from releve.incident.app.who import DECIDERS, WRITERS, may, signature
from releve.incident.errors import UnknownQuestion, UnknownStep
from releve.incident.hospital import Contact, numbers, to_call
from releve.incident.known import Reply
from releve.incident.logbook import Topic
from releve.incident.steps import Answer, Step, first_steps, next_step
from releve.kernel.hold import held
from releve.pages import acts, delegation_desk
from releve.pages.cuts import slug_of
from releve.pages.house import current_home
from releve.pages.rights import at_home, needs
from releve.pages.wording import translated

#: Acts shown after the one to do now, before the rest is folded.
_NEXT = 3


@dataclass(frozen=True)
class StepShown:
    """A first act, the last line that answers it (None while there is none), whom to call."""

    step: Step
    line: LogEntry | None
    now: bool
    contacts: Sequence[Contact]

    @property
    def answer(self) -> Answer | None:
        return Answer(self.line.answer) if self.line else None


@dataclass(frozen=True)
class ActShown:
    """An act of Relève that may be asked now; ``number`` is the reader's delegation for it."""

    kind: str
    title: str
    number: int | None


def ten_minutes(request: HttpRequest, incident: Incident, now: datetime) -> dict[str, object]:
    """Context of the page's first part."""
    steps = _steps(incident, now)
    first = next((each for each in steps if each.now), None)
    known = minutes.known(incident)
    changing = request.GET.get("savoir", "")
    left = [each for each in steps if each.line is None and not each.now]
    return {
        "me": signature(request).words,
        "first": first,
        "steps": steps,
        "next_steps": left[:_NEXT],
        "later_steps": left[_NEXT:],
        "done_steps": [each for each in steps if each.line is not None],
        "open_steps": [each for each in steps if each.answer is None or not each.answer.settled],
        "cuts": minutes.cuts(incident, now),
        "known": [each for each in known if each.known],
        "unknown": [each for each in known if not each.known or each.question.slug == changing],
        "told": minutes.told(incident),
        "hold": held(current_home()),
        "acts": _acts(request) if may(request, DECIDERS) else (),
    }


@needs(*WRITERS, perimeter=at_home)
@require_POST
def step(request: HttpRequest, slug: str) -> HttpResponse:
    """What was made of a first act; the next one comes to the top."""
    said = _answer(request, slug)
    desk.answer(signature(request), slug, said, timezone.now(), _ticket(request))
    return _back()


@needs(*WRITERS, perimeter=at_home)
@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """A first act is given to somebody; it comes back later, to be checked."""
    to, slug = request.POST.get("to", ""), request.POST.get("step", "")
    desk.answer(signature(request), slug, Answer.GIVEN, timezone.now(), _ticket(request), to)
    return _back("ensuite")


@needs(*WRITERS, perimeter=at_home)
@require_POST
def know(request: HttpRequest, slug: str) -> HttpResponse:
    """An answer to a question, « je ne sais pas » among them."""
    said = request.POST.get("said", "")
    try:
        reply = Reply(request.POST.get("reply", ""))
    except ValueError as error:
        raise UnknownQuestion(slug=slug) from error
    minutes.know(signature(request), slug, reply, said, timezone.now(), _ticket(request))
    return _back("savoir")


@needs(*WRITERS, perimeter=at_home)
@require_POST
def cut(request: HttpRequest, slug: str) -> HttpResponse:
    """What was made of a cut, by hand."""
    answer, now = _answer(request, slug), timezone.now()
    under = _mine(request).get(slug) if answer is Answer.DONE else None
    minutes.cut(signature(request), slug, answer, under, now, _ticket(request))
    return _back("coupures")


@needs(*WRITERS, perimeter=at_home)
@require_POST
def told(request: HttpRequest) -> HttpResponse:
    """Somebody was told something."""
    whom, what = request.POST.get("whom", ""), request.POST.get("what", "")
    minutes.tell_of(signature(request), whom, what, timezone.now(), _ticket(request))
    return _back("dit")


def _steps(incident: Incident, now: datetime) -> list[StepShown]:
    home = current_home()
    lines = {line.step: line for line in incident.lines.filter(topic=Topic.STEP)}
    first = next_step({slug: Answer(line.answer) for slug, line in lines.items()})
    listed = numbers(home, now)
    return [
        StepShown(each, lines.get(each.slug), each == first, to_call(home, each, now, listed))
        for each in first_steps()
    ]


def _acts(request: HttpRequest) -> list[ActShown]:
    mine = {
        named.key: terms.number
        for terms in delegation_desk.held_now(request)[::-1]
        for named in terms.acts
    }
    return [
        ActShown(kind, translated(act.title), mine.get(kind))
        for kind, act in acts.delegable().items()
        if act.listed
    ]


def _mine(request: HttpRequest) -> dict[str, int]:
    """Cuts that the signed-in person may decide alone, and under which delegation."""
    held = delegation_desk.held_now(request)
    return {slug_of(words): terms.number for terms in held[::-1] for words in terms.cuts}


def _answer(request: HttpRequest, slug: str) -> Answer:
    try:
        return Answer(request.POST.get("answer", ""))
    except ValueError as error:
        raise UnknownStep(slug=slug) from error


def _ticket(request: HttpRequest) -> str | None:
    return request.POST.get("ticket", "")[:64] or None


def _back(part: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("crisis") + (f"#{part}" if part else ""))
