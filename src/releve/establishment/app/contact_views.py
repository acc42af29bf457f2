"""« Numéros de crise »: one page that asks for the numbers no directory keeps; « je ne sais pas »
is an answer, and paper says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from releve import __version__
from releve.establishment import Generation, amend, current
from releve.establishment.changes import Change, changes
from releve.establishment.contacts import (
    FILE,
    NONE,
    Asked,
    CrisisContact,
    asked,
    contacts_of,
    day,
    read_contacts,
    write_contacts,
)
from releve.establishment.faults import Findings
from releve.establishment.folder import read_bytes
from releve.establishment.store import stored_files
from releve.kernel.ids import DRILL_FINESS
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Tool
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter
from releve.pages.rights import account, at_home, needs
from releve.pages.roles import PRIVILEGED

AMENDED = "establishment.contacts"
_MOST = 160


@dataclass(frozen=True)
class Line:
    """A question of the form, what is written in it, and what is wrong with it."""

    asked: Asked
    name: str = ""
    phone: str = ""
    hours: str = ""
    checked: str = ""
    unknown: bool = False
    wrong: str = ""
    change: Change | None = None


@needs(*PRIVILEGED, perimeter=at_home)
@require_http_methods(["GET", "HEAD", "POST"])
def crisis_contacts(request: HttpRequest) -> HttpResponse:
    """The form; sent, a new version of the establishment is kept, or each wrong line is shown."""
    home = current_home()
    generation = current(home)
    if generation is None:
        return render(request, "establishment/absent.html")
    kept = contacts_of(stored_files(home))
    if request.method != "POST":
        return _page(request, generation, [_line(each, kept.get(each.slug)) for each in asked()])
    lines = [_sent(each, request.POST) for each in asked()]
    if any(line.wrong for line in lines):
        return _page(request, generation, lines, status=400)
    _keep(lines, kept, request.POST.get("seen", ""), timezone.now(), str(account(request)))
    return HttpResponseRedirect(reverse("crisis_contacts") + "?garde=1")


def _page(
    request: HttpRequest, generation: Generation, lines: list[Line], status: int = 200
) -> HttpResponse:
    told = changes(current_home(), timezone.now())
    context = {
        "lines": [replace(line, change=told.get(line.asked.slug)) for line in lines],
        "seen": generation.number,
        "lacking": sum(line.asked.needed and not line.phone for line in lines),
        "kept": request.GET.get("garde") == "1",
        "wrong": any(line.wrong for line in lines),
        "none": NONE,
    }
    return render(request, "establishment/contacts.html", context, None, status)


def _line(question: Asked, found: CrisisContact | None) -> Line:
    if found is None:
        return Line(question)
    checked = f"{found.checked:%d/%m/%Y}" if found.checked else ""
    unknown = not found.phone
    return Line(question, found.name, found.phone, found.hours, checked, unknown)


def _sent(question: Asked, sent: Mapping[str, str]) -> Line:
    def typed(part: str) -> str:
        return " ".join(str(sent.get(f"{question.slug}.{part}", "")).split())[:_MOST]

    name, phone, hours, checked = map(typed, ("name", "phone", "hours", "checked"))
    unknown = bool(typed("unknown")) and not phone
    line = Line(question, name, phone, hours, checked, unknown)
    return replace(line, wrong=_wrong(line))


def _wrong(line: Line) -> str:
    """The first fault of a line, as the reader of the file tells it."""
    if any(text[:1] in ("=", "+", "-", "@") for text in (line.name, line.hours)):
        return _("Commencez ce texte par une lettre ou un chiffre.")
    if line.checked and day(line.checked) is None:
        return _("Écrivez la date comme 29/11/2026.")
    findings = Findings()
    read_contacts(write_contacts([_row(line)]), findings)
    return findings.faults[0].remedy if findings.faults else ""


def _row(line: Line) -> CrisisContact:
    return CrisisContact(line.asked.slug, line.name, line.phone, line.hours, day(line.checked))


def _keep(
    lines: list[Line], kept: Mapping[str, CrisisContact], seen: str, now: datetime, by: str
) -> None:
    """Rows answered, or known not to be known; those of other slugs stay as they were. Raises
    ``Overtaken`` when the establishment changed since the form was shown.
    """
    home = current_home()
    known = {line.asked.slug for line in lines}
    rows = [_row(line) for line in lines if line.phone or line.name or line.unknown]
    rows += [each for slug, each in kept.items() if slug not in known]
    files = stored_files(home)
    tolerated = frozenset(fault.kind for fault in read_bytes(files).faults)
    number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None
    changes = {FILE: write_contacts(rows)}
    generation, _ignored = amend(home, changes, now, seen=number, tolerated=tolerated, by=by)
    if generation.fresh:
        _tell(generation, sum(bool(row.phone) for row in rows))


def _tell(generation: Generation, count: int) -> None:
    drill = current_home().world is World.DRILL
    where = home_perimeter()
    with transaction.atomic():
        put(
            Evidence(
                what=AMENDED,
                when=generation.loaded,
                system="établissement",
                value=count,
                unit="numéros",
                tool=Tool("releve establishment", __version__),
                finess=where.ej if where else DRILL_FINESS if drill else None,
                reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
                kind="decision",
                origin=AMENDED,
                number=0,
                sha256=generation.fingerprint,
                detail={"generation": generation.number},
            )
        )
