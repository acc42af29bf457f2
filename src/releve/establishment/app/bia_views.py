"""The hospital's impact analysis (BIA): a table, a CSV; contradictions, and what is decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from releve.establishment import Establishment, Service
from releve.establishment.app import interviews, rulings, told
from releve.establishment.app.interview_rights import BIA_READERS, RULERS
from releve.establishment.app.interview_views import dmia_words, pdma_words
from releve.establishment.app.seen import whole
from releve.establishment.degraded import DegradedSheet, State, coverage, rules, state
from releve.establishment.durations import span_words
from releve.kernel.units import PARIS
from releve.pages.house import home_perimeter
from releve.pages.rights import account, at_home, needs, visible

_FOREVER = timedelta(days=3650)
#: Orders of the table: ``?tri=``.
SORTS = ("dmia", "service", "priorite", "etat")


@dataclass(frozen=True)
class Line:
    """One service: what its head says beside what the folder says."""

    service: Service
    state: State
    sheet: DegradedSheet | None
    dmia: str
    pdma: str
    folder_dmia: str
    differs: bool


@needs(*BIA_READERS, perimeter=at_home)
@require_safe
def bia(request: HttpRequest) -> HttpResponse:
    """Every service by DMIA, and what D2 O1.C wants covered."""
    kept = whole()
    if kept is None:
        return render(request, "establishment/absent.html")
    now, sheets = timezone.now(), interviews.sheets()
    asked = request.GET.get("tri", "")
    sort = asked if asked in SORTS else SORTS[0]
    home = home_perimeter()
    context = {
        "lines": _sorted(_lines(kept[0], sheets), sort),
        "sort": sort,
        "sorts": zip(SORTS, (_("DMIA"), _("service"), _("priorité"), _("entretien")), strict=True),
        "coverage": coverage(kept[0], sheets, now),
        "answered": sum(s.code in sheets for s in kept[0].services),
        "all": len(kept[0].services),
        "rules": rules(),
        "generation": kept[1],
        "rules_them": home is not None and visible(request, RULERS, home),
    }
    return render(request, "establishment/bia.html", context)


@needs(*BIA_READERS, perimeter=at_home)
@require_safe
def bia_csv(request: HttpRequest) -> HttpResponse:
    """The same for a spreadsheet: UTF-8 with BOM, semicolons, no live formula."""
    kept = whole()
    lines = _sorted(_lines(kept[0], interviews.sheets()), SORTS[0]) if kept else []
    answer = HttpResponse(_table(lines), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="bia.csv"'
    return answer


@needs(*RULERS, perimeter=at_home)
@require_safe
def contradictions(request: HttpRequest) -> HttpResponse:
    """What the services say and the folder does not, each with its remedy."""
    kept = whole()
    if kept is None:
        return render(request, "establishment/absent.html")
    found = rulings.board(kept[0], timezone.now())
    names = {service.code: service.name for service in kept[0].services}
    context = {
        "waiting": [(each, names.get(each.service, each.service)) for each in found.waiting],
        "ruled": [(each, names.get(each.service, each.service)) for each in found.ruled],
        "interviews": len(interviews.sheets()),
        "generation": kept[1],
    }
    return render(request, "establishment/contradictions.html", context)


@needs(*RULERS, perimeter=at_home)
@require_POST
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """The folder says from now on what the service says."""
    rulings.accept(key, account(request), timezone.now())
    return HttpResponseRedirect(reverse("contradictions"))


@needs(*RULERS, perimeter=at_home)
@require_POST
def keep(request: HttpRequest, key: str) -> HttpResponse:
    """The folder stays, with a reason."""
    why = request.POST.get("why", "")
    rulings.keep(key, why, account(request), timezone.now())
    return HttpResponseRedirect(reverse("contradictions"))


def _lines(establishment: Establishment, sheets: dict[str, DegradedSheet]) -> list[Line]:
    now, found = timezone.now(), []
    for service in establishment.services:
        sheet = sheets.get(service.code)
        found.append(
            Line(
                service,
                state(sheet, now),
                sheet,
                dmia_words(sheet) if sheet else "",
                pdma_words(sheet) if sheet else "",
                told.span(service.rto) if service.rto is not None else "",
                sheet is not None and sheet.dmia is not None and sheet.dmia != service.rto,
            )
        )
    return found


def _sorted(lines: Iterable[Line], sort: str) -> list[Line]:
    """By DMIA: what the head says, else what the folder says; those of which nothing is known
    last.
    """

    def dmia(line: Line) -> tuple[timedelta, str]:
        said = line.sheet.dmia if line.sheet else None
        known = said if said is not None else line.service.rto
        return (_FOREVER if known is None else known, line.service.priority)

    if sort == "service":
        return sorted(lines, key=lambda line: line.service.name.casefold())
    if sort == "priorite":
        return sorted(lines, key=lambda line: (line.service.priority, dmia(line)))
    if sort == "etat":
        order = [State.MISSING, State.OLD, State.FRESH]
        return sorted(lines, key=lambda line: (order.index(line.state), dmia(line)))
    return sorted(lines, key=dmia)


_COLUMNS = (
    "code", "service", "priorité", "DMIA dite", "DMIA du dossier", "PDMA dite", "PDMA du dossier",
    "répondu le", "par", "fonction", "saisi par", "pour le compte du service", "version",
    "compte sur", "effectif minimal", "papier", "qui appeler",
)  # fmt: skip


def _table(lines: Iterable[Line]) -> str:
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file, delimiter=";")
    writer.writerow(_COLUMNS)
    for line in lines:
        writer.writerow([inert(cell) for cell in _cells(line)])
    return file.getvalue()


def _cells(line: Line) -> list[str]:
    service, sheet = line.service, line.sheet

    def spoken(span: timedelta | None) -> str:
        return "" if span is None else span_words(span)

    cells = [service.code, service.name, str(service.priority)]
    if sheet is None:
        return [*cells, "", spoken(service.rto), "", spoken(service.rpo), "non répondu"]
    relies = [f"{each.words} : {each.said}" for each in sheet.relies_on if each.used]
    return [
        *cells,
        spoken(sheet.dmia),
        spoken(service.rto),
        spoken(sheet.pdma),
        spoken(service.rpo),
        f"{sheet.answered.astimezone(PARIS):%Y-%m-%d %H:%M}",
        sheet.by,
        sheet.function,
        sheet.entered_by,
        "oui" if sheet.on_behalf else "non",
        str(sheet.version),
        " | ".join(relies),
        sheet.staff,
        sheet.paper,
        sheet.call,
    ]


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip()[:1] in ("=", "+", "-", "@", "\t", "|", "%") else cell
