"""What pages write of a sheet: the received texts in their places, nothing computed from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from releve.care import words
from releve.care.sheet import PatientSheet, Row, Section, State, Value, WardSheet
from releve.care.views import FeedState
from releve.pages.wording import age, moment, translated

_SEX = {"F": "F ♀", "M": "M ♂"}
_SEX_WORDS = {"F": gettext_noop("femme"), "M": gettext_noop("homme")}
#: What is read first in a row of each section, by the names that the projection gives.
_MAIN = {
    "allergies": ("substance",),
    "treatments": ("médicament",),
    "results": ("examen", "valeur", "unité"),
    "documents": ("titre",),
}
#: How many texts of a section a line of the census shows before « et 2 autres ».
_IN_A_LINE = 3


@dataclass(frozen=True)
class Short:
    """A section in a line: received ``texts``, then ``said`` when something must be known of them;
    ``weak`` = never received, or its source is silent.
    """

    texts: tuple[str, ...]
    more: int
    said: str
    weak: bool


@dataclass(frozen=True)
class Silent:
    """A sender that was expected to speak of ``kind`` and has not since ``heard``."""

    sender: str
    kind: str
    heard: datetime


@dataclass(frozen=True)
class Line:
    """A bed of the census."""

    key: str
    bed: str
    name: str
    first_names: str
    sex: str
    born: str
    allergies: Short
    treatments: Short
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """A row: what is read first, then the other texts with their names."""

    main: tuple[Value, ...]
    others: tuple[Value, ...]
    when: str
    received: datetime
    status: str
    ended: bool
    source: int


@dataclass(frozen=True)
class Part:
    """A section of a file: its title, its state in words, its rows, its age."""

    name: str
    title: str
    said: str
    weak: bool
    rows: tuple[Written, ...]
    as_of: datetime | None
    heard: datetime | None


def born(text: str) -> str:
    """« 12/04/1951 » for YYYYMMDD; any other text as it came."""
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    return f"{found[3]}/{found[2]}/{found[1]}" if found else text


def sex(text: str) -> str:
    """« F ♀ »; any other code as it came."""
    return _SEX.get(text, text)


def sex_words(text: str) -> str:
    """« femme »; any other code as it came."""
    return _(_SEX_WORDS[text]) if text in _SEX_WORDS else text


def lines(sheet: WardSheet) -> tuple[Line, ...]:
    """The census, in the sheet's order (beds)."""
    return tuple(_line(patient) for patient in sheet.patients)


def parts(patient: PatientSheet, now: datetime) -> tuple[Part, ...]:
    """The file's sections, allergies first."""
    return tuple(_part(section, now) for section in patient.sections)


def heading(patients: int, wards: int) -> str:
    """« 22 patients dans 3 services de votre périmètre. »"""
    if not wards:
        return _("Aucun patient connu dans votre périmètre.")
    who = ngettext("Un patient", "%(count)s patients", patients) % {"count": patients}
    said = ngettext(
        "%(who)s dans un service de votre périmètre.",
        "%(who)s dans %(count)s services de votre périmètre.",
        wards,
    )
    return said % {"who": who, "count": wards}


def homonyms(places: tuple[str, ...]) -> str:
    """:func:`releve.care.words.homonym_words`, in the reader's language."""
    return translated(words.HOMONYM) % {"beds": ", ".join(places)} if places else ""


def unread(count: int) -> str:
    """:func:`releve.care.words.unread_words`, in the reader's language."""
    return ngettext(*words.UNREAD, count) % {"count": count} if count else ""


def _line(patient: PatientSheet) -> Line:
    traits, stay = patient.traits, patient.stay
    notes = (homonyms(patient.homonyms), unread(patient.unread))
    return Line(
        patient.key,
        (stay.bed or stay.room) if stay else "",
        traits.name,
        traits.first_names,
        sex(traits.sex),
        born(traits.born),
        _short(patient.section("allergies")),
        _short(patient.section("treatments")),
        tuple(note for note in notes if note),
    )


def _short(section: Section) -> Short:
    rows = (row for row in section.rows if row.values and not row.ended)
    texts = [_parted(section.name, row.values)[0][0].text for row in rows]
    said = translated(words.short_state(section.name, section.state))
    if section.state is State.RECEIVED and not texts:
        said = _("plus rien en cours")
    return Short(
        tuple(texts[:_IN_A_LINE]),
        max(0, len(texts) - _IN_A_LINE),
        said,
        section.state in (State.NEVER, State.SILENT),
    )


def _part(section: Section, now: datetime) -> Part:
    said = translated(words.state_words(section))
    if section.state is State.SILENT and section.heard:
        said = f"{said} {moment(section.heard)} ({age(section.heard, now)})"
    return Part(
        section.name,
        translated(words.TITLES[section.name]),
        said,
        section.state in (State.NEVER, State.SILENT),
        tuple(_written(section.name, row) for row in section.rows),
        section.as_of,
        section.heard,
    )


def _written(section: str, row: Row) -> Written:
    main, others = _parted(section, row.values)
    word = words.status_word(section, row.status)
    status = translated(word) if word != row.status else word
    return Written(
        main,
        others,
        moment(row.when) if row.when else "",
        row.received,
        status or (_("terminé par la source") if row.ended else ""),
        row.ended,
        row.source,
    )


def _parted(section: str, values: tuple[Value, ...]) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """What is read first, and the rest; an order named like its only test is not said twice."""
    wanted = _MAIN[section]
    main = tuple(v for v in values if v.name in wanted and v.text) or values[:1]
    said = {value.text for value in main}
    rest = (value for value in values if value.text and value not in main)
    return main, tuple(v for v in rest if v.name != "demande" or v.text not in said)


def silent(feed: FeedState) -> tuple[Silent, ...]:
    """Who has said nothing of what for too long."""
    return tuple(
        Silent(
            each.sender.replace("|", " · "),
            translated(words.KINDS[each.kind]),
            each.heard,
        )
        for each in feed.sources
        if each.silent
    )
