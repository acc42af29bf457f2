"""« Patients »: the wards, a search, the census of a ward, a patient's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from releve.care.app import shown
from releve.care.app.facts import tell_opened
from releve.care.app.openings import seal_opening
from releve.care.app.reading import (
    READERS,
    UNREAD_READERS,
    reads,
    reads_entity,
    views,
    ward_perimeter,
    wards,
)
from releve.care.app.searches import LONGEST, seal, unseal
from releve.care.perimeters import Ward, Wards
from releve.care.sheet import PatientSheet
from releve.care.views import ON_A_LINE, Found, WardLine
from releve.pages.rights import account, at_home, needs

_FOUND = 50
_WAITING = 200


@dataclass(frozen=True)
class WardRow:
    """A ward of the account's perimeter, with how many patients and how old its news is."""

    ward: Ward
    patients: int
    as_of: datetime | None
    href: str


@dataclass(frozen=True)
class FoundRow:
    """A patient that answers the search."""

    found: Found
    ward: Ward
    born: str
    sex: str


@needs(*READERS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The wards of the account's perimeter, and the search."""
    known = wards(request)
    rows = _ward_rows(request, known)
    context = {
        "rows": rows,
        "first": shown.heading(sum(row.patients for row in rows), len(rows)),
        **_around(request, known),
    }
    return render(request, "care/patients.html", context)


@needs(*READERS)
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Seal what was typed into the answer's address: it never carries a name. With htmx the answer
    comes at once under that address, without a second request.
    """
    text = " ".join(request.POST.get("text", "").split())[:LONGEST]
    if not text:
        return HttpResponseRedirect(reverse("patients"))
    address = reverse("patients_found", args=[seal(text, account(request).pk)])
    if "HX-Request" not in request.headers:
        return HttpResponseRedirect(address)
    answer = _answer(request, text)
    answer.headers["HX-Push-Url"] = address
    return answer


@needs(*READERS)
@require_safe
def found(request: HttpRequest, token: str) -> HttpResponse:
    """The answer to a search that this account made less than half an hour ago."""
    text = unseal(token, account(request).pk)
    return HttpResponseRedirect(reverse("patients")) if text is None else _answer(request, text)


@needs(*UNREAD_READERS, perimeter=at_home)
@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """The messages kept and not read: hour, sender, number and reason, nothing of a patient."""
    store = views()
    now = timezone.now()
    context = {
        "waiting": store.quarantine(_WAITING) if store else (),
        "count": store.feed(now).quarantined if store else 0,
    }
    return render(request, "care/quarantine.html", context)


@needs(*READERS, perimeter=ward_perimeter)
@require_safe
def ward(request: HttpRequest, code: str) -> HttpResponse:
    """The census of a ward, in bed order; it follows what arrives."""
    return render(request, "care/ward.html", census(wards(request).at(code), timezone.now()))


@needs(*READERS)
@require_GET
def patient(request: HttpRequest, key: str) -> HttpResponse:
    """A patient's file. Opening it is told to the ledger before anything is shown; a file out of
    the perimeter and a file that does not exist get the same answer.
    """
    now = timezone.now()
    sheet = sheet_of(key, now)
    where = place(wards(request), sheet)
    if sheet is None or not reads(request, where):
        raise PermissionDenied(_("Aucun dossier à cette adresse dans votre périmètre."))
    tell_opened(sheet.key, where.perimeter, account(request).pk, now)
    seal = seal_opening(sheet.key, account(request).pk)
    context = {**file_of(sheet, where, now), "opening": seal}
    return render(request, "care/patient.html", context)


def sheet_of(key: str, now: datetime) -> PatientSheet | None:
    """The file of that key; None when nobody has it."""
    store = views()
    return store.patient(key, now) if store else None


def place(known: Wards, sheet: PatientSheet | None) -> Ward:
    """Where a file lies: the ward of its present stay, else the legal entity."""
    return known.at(sheet.stay.ward if sheet and sheet.stay else None)


def census(where: Ward, now: datetime) -> dict[str, Any]:
    """Context of a census, the same for the page and for its live lines."""
    store = views()
    sheet = store.ward(where.code, now, sections=ON_A_LINE) if store else None
    return {
        "ward": where,
        "lines": shown.lines(sheet) if sheet else (),
        "as_of": sheet.as_of if sheet else None,
        "now": now,
    }


def file_of(sheet: PatientSheet, where: Ward, now: datetime) -> dict[str, Any]:
    """Context of a file, the same for the page and for its live lines."""
    return {
        "patient": sheet,
        "traits": sheet.traits,
        "born": shown.born(sheet.traits.born),
        "sex": shown.sex_words(sheet.traits.sex),
        "ward": where,
        "parts": shown.parts(sheet, now),
        "homonyms": shown.homonyms(sheet.homonyms),
        "unread": shown.unread(sheet.unread),
        "now": now,
    }


def _answer(request: HttpRequest, text: str) -> HttpResponse:
    """Patients of the account's perimeter that answer, at most :data:`_FOUND`."""
    known = wards(request)
    rows = _found_rows(request, known, text)
    context = {
        "text": text,
        "rows": rows[:_FOUND],
        "more": len(rows) > _FOUND,
        **_around(request, known),
    }
    return render(request, "care/found.html", context)


def _around(request: HttpRequest, known: Wards) -> dict[str, Any]:
    """What the index and the search both say: silent sources, messages that wait unread."""
    store = views()
    feed = store.feed(timezone.now()) if store else None
    return {
        "received": store is not None,
        "sources": shown.silent(feed) if feed else (),
        "unread": feed.quarantined if feed else 0,
        "entity_reader": reads_entity(request, known),
    }


def _ward_rows(request: HttpRequest, known: Wards) -> list[WardRow]:
    store = views()
    listed: Sequence[WardLine] = store.wards() if store else ()
    rows = []
    for line in listed:
        where = known.at(line.code)
        if reads(request, where):
            named = reverse("ward", args=[line.code]) if line.code else reverse("ward_unnamed")
            rows.append(WardRow(where, line.patients, line.as_of, named))
    return sorted(rows, key=lambda row: (not row.ward.known, row.ward.name, row.ward.code))


def _found_rows(request: HttpRequest, known: Wards, text: str) -> list[FoundRow]:
    store = views()
    if store is None:
        return []
    if reads_entity(request, known):
        within = None
    else:
        within = tuple(w.code for w in store.wards() if reads(request, known.at(w.code)))
    answers = store.find(text, within, _FOUND + 1)
    rows = []
    for each in answers:
        where = known.at(each.ward)
        if reads(request, where):
            rows.append(FoundRow(each, where, shown.born(each.born), shown.sex(each.sex)))
    return rows
