"""« Crise »: calm, one button; open, one thing to do at the top, then the main courante."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from releve.incident.app import desk
from releve.incident.app.models import GateDecision, Incident, LogEntry
from releve.incident.app.ten_minutes import ten_minutes
from releve.incident.app.who import (
    DECIDERS,
    READERS,
    WRITERS,
    check_concerned,
    concerned,
    may,
    signature,
)
from releve.incident.errors import NotALine
from releve.incident.gates import Gate, gates_of
from releve.incident.logbook import MAX_CHARACTERS, Nature, moment_typed
from releve.kernel.units import hour
from releve.pages.house import current_home
from releve.pages.rights import at_home, needs, person
from releve.pages.roles import EVERYONE
from releve.pages.wording import moment

#: Lines shown on the working page; all of them are on the paper one.
SHOWN = 200
_PAST = 20


@dataclass(frozen=True)
class Row:
    """A line with what corrected it."""

    line: LogEntry
    corrections: Sequence[LogEntry]


@dataclass(frozen=True)
class GateShown:
    """A gate and the decision that closed it, None while it is open."""

    gate: Gate
    decision: GateDecision | None


@needs(*EVERYONE)
@require_safe
def crisis(request: HttpRequest) -> HttpResponse:
    """The room's page, for the state there is and the rights one has."""
    check_concerned(request)
    incident = desk.current()
    if _stale(request, incident):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if not may(request, READERS):
        plans = any(right.role in DECIDERS for right in person(request).rights)
        return render(request, "incident/ward.html", {"incident": incident, "plans": plans})
    context: dict[str, object] = {
        "writes": may(request, WRITERS),
        "decides": may(request, DECIDERS),
    }
    if incident is None:
        past = Incident.objects.all()[:_PAST]
        return render(request, "incident/calm.html", {**context, "past": past})
    correcting = _correcting(request, incident)
    context |= {
        "incident": incident,
        "rows": rows_of(incident, limit=SHOWN),
        "hidden": max(0, incident.last - SHOWN),
        "ticket": secrets.token_urlsafe(16),
        "typed_hour": hour(timezone.now()),
        "limit": MAX_CHARACTERS,
        "natures": (Nature.OBSERVED, Nature.DECIDED),
        "correcting": correcting,
        "gates": _gates(incident),
        **ten_minutes(request, incident, timezone.now()),
    }
    return render(request, "incident/open.html", context)


@needs(*READERS, perimeter=at_home)
@require_safe
def log(request: HttpRequest, number: int) -> HttpResponse:
    """A whole main courante, oldest first: what is printed."""
    incident = Incident.objects.filter(pk=number).first()
    if incident is None:
        raise Http404(_("Cette crise n'existe pas."))
    context = {
        "incident": incident,
        "rows": rows_of(incident)[::-1],
        "gates": _gates(incident),
        "decides": may(request, DECIDERS),
        "reopenable": _reopenable(incident, timezone.now()),
    }
    return render(request, "incident/log.html", context)


@needs(*WRITERS, perimeter=at_home)
@require_POST
def open_(request: HttpRequest) -> HttpResponse:
    """One act. When a crisis is open already, that one is shown."""
    desk.open_crisis(signature(request), request.POST.get("cause", ""), timezone.now())
    return _back()


@needs(*WRITERS, perimeter=at_home)
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """One line: what is typed, its hour (now unless changed), observed or decided."""
    now = timezone.now()
    typed, shown = request.POST.get("moment", ""), request.POST.get("shown", "")
    corrects = request.POST.get("corrects", "")
    draft = desk.Draft(
        nature=_nature(request.POST.get("nature", "")),
        text=request.POST.get("text", ""),
        moment=moment_typed(typed, now) if typed and typed != shown else None,
        corrects=_number(corrects) if corrects else None,
        ticket=request.POST.get("ticket", "")[:64] or None,
    )
    desk.write(signature(request), draft, now)
    return _back("journal")


@needs(*DECIDERS, perimeter=at_home)
@require_POST
def gate(request: HttpRequest, slug: str) -> HttpResponse:
    """A gate of the recovery order is closed, or opened again, by whoever is signed in."""
    closed = request.POST.get("closed") == "1"
    why, now = request.POST.get("why", ""), timezone.now()
    desk.decide_gate(signature(request), slug, closed=closed, why=why, now=now)
    return _back("portes")


@needs(*DECIDERS, perimeter=at_home)
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """End the crisis: a false alarm needs no words, the rest does."""
    false_alarm = request.POST.get("false_alarm") == "1"
    why = request.POST.get("why", "")
    done = desk.close(signature(request), why, timezone.now(), false_alarm=false_alarm)
    return HttpResponseRedirect(reverse("crisis_log", args=[done.pk]))


@needs(*DECIDERS, perimeter=at_home)
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Undo a closing made by mistake."""
    desk.reopen(signature(request), number, timezone.now())
    return _back()


def crisis_word(request: HttpRequest) -> str | None:
    """For the navigation: « Crise en cours depuis 02:47 », with the day when it was not today."""
    incident = desk.current() if concerned(request) else None
    if incident is None:
        return None
    if timezone.localdate(incident.opened_at) == timezone.localdate():
        return _("Crise en cours depuis %(hour)s") % {"hour": hour(incident.opened_at)}
    return _("Crise en cours depuis le %(moment)s") % {"moment": moment(incident.opened_at)}


def rows_of(incident: Incident, limit: int | None = None) -> list[Row]:
    """The lines, newest first, each with those that correct it."""
    lines = list(incident.lines.select_related("corrects").order_by("-number")[:limit])
    corrections: dict[int, list[LogEntry]] = {}
    for line in incident.lines.filter(corrects__isnull=False):
        corrections.setdefault(line.corrects_id or 0, []).append(line)
    return [Row(line, corrections.get(line.pk, [])) for line in lines]


def _stale(request: HttpRequest, incident: Incident | None) -> bool:
    """True when a page asks for a part of it that the other state of the house does not have."""
    part = request.headers.get("HX-Target", "")
    return (part == "calme" and incident is not None) or (part == "lignes" and incident is None)


def _gates(incident: Incident) -> list[GateShown]:
    closed = desk.gates_closed(incident)
    return [GateShown(each, closed.get(each.slug)) for each in gates_of(current_home())]


def _correcting(request: HttpRequest, incident: Incident) -> LogEntry | None:
    asked = request.GET.get("corrige", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 8):
        return None
    return incident.lines.filter(number=int(asked)).first()


def _reopenable(incident: Incident, now: datetime) -> bool:
    closed = incident.closed_at
    return closed is not None and now - closed <= desk.REOPEN_WITHIN and desk.current() is None


def _nature(text: str) -> Nature:
    return Nature.DECIDED if text == Nature.DECIDED else Nature.OBSERVED


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise NotALine(number=text[:20])
    return int(text)


def _back(part: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("crisis") + (f"#{part}" if part else ""))
