"""Rows of ``views.sqlite3`` read for several persons at once, and the hours in them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from releve.care.projection.results import SECTION as RESULTS
from releve.care.projection.results import observations
from releve.care.sheet import SECTIONS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500
#: PV1-2 of those who pass through: emergency, outpatient, recurring, expected.
_PASSING = frozenset({"E", "O", "R", "P"})


class Bedded(NamedTuple):
    """An open stay of a person (hours in ms)."""

    person: int
    visit: str
    number: str
    kind: str
    unit: str
    room: str
    bed: str
    since: int
    date: int
    source: int

    @property
    def passing(self) -> bool:
        """Whether the stay is no hospitalisation."""
        return self.kind in _PASSING


class FactRow(NamedTuple):
    """One row of a section; ``content``: (label, text, field) each, None when never received."""

    patient: int
    section: str
    ident: str
    sender: int
    received: int
    cversion: int
    csource: int
    at: int | None
    content: list[tuple[str, str, str]] | None
    sversion: int
    ssource: int
    status: str
    ended: int


@dataclass(frozen=True, slots=True)
class Member:
    """One patient number; ``shown``: the seven traits, as ``identity.Traits`` orders them."""

    id: int
    person: int
    authority: str
    ipp: str
    shown: tuple[str, ...]
    source: int
    discreet: bool


def micros(value: int | None) -> datetime | None:
    """An hour stored in µs."""
    return None if value is None else _EPOCH + timedelta(microseconds=value)


def millis(value: int | None) -> datetime | None:
    """An hour stored in ms."""
    return None if value is None else _EPOCH + timedelta(milliseconds=value)


@lru_cache(maxsize=4096)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts B2 before B10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p.upper()) for p in parts)


def bed_order(stay: Bedded) -> tuple[object, ...]:
    """Room, then bed, as people number them."""
    return natural(stay.room), natural(stay.bed), stay.visit


def members(base: sqlite3.Connection, persons: Iterable[int]) -> dict[int, list[Member]]:
    """The numbers of each person, the one they are shown under first."""
    found: dict[int, list[Member]] = {}
    query = (
        "SELECT id, person, authority, ipp, traits, source, discreet FROM patient"
        " WHERE person IN ({})"
    )
    for row in _each(base, query, persons):
        number, person, authority, ipp, traits, source, discreet = row
        member = Member(
            number, person, authority, ipp, tuple(json.loads(traits)), source, bool(discreet)
        )
        found.setdefault(person, []).append(member)
    for group in found.values():
        group.sort(key=lambda m: (m.id != m.person, m.ipp, m.authority))
    return found


def open_stays(base: sqlite3.Connection, persons: Iterable[int]) -> dict[int, list[Bedded]]:
    """Where each person is: the latest hospitalisation, and a passage begun after it, if any.

    A feed that loses discharges leaves stays open: nobody is in two beds.
    """
    every: dict[int, list[Bedded]] = {}
    query = (
        "SELECT p.person, s.visit, s.number, s.class, s.unit, s.room, s.bed, s.since, s.date,"
        " s.source FROM patient p JOIN stay s ON s.patient = p.id"
        " WHERE s.open = 1 AND p.person IN ({})"
    )
    for row in _each(base, query, persons):
        every.setdefault(row[0], []).append(Bedded(*row))
    return {person: _present(stays) for person, stays in every.items()}


def _present(stays: Sequence[Bedded]) -> list[Bedded]:
    latest: dict[bool, Bedded] = {}
    for stay in sorted(stays, key=lambda s: (s.date, s.visit)):
        latest[stay.passing] = stay
    here, passing = latest.get(False), latest.get(True)
    if here is None or passing is None:
        return [stay for stay in (here, passing) if stay is not None]
    return [here, passing] if passing.date > here.date else [here]


def facts(
    base: sqlite3.Connection, groups: dict[int, list[Member]], sections: Sequence[str] = SECTIONS
) -> dict[int, list[FactRow]]:
    """What is known of each person in these sections, whichever of their numbers it came under."""
    person_of = {m.id: person for person, group in groups.items() for m in group}
    moved = _moved(base, person_of)
    found: dict[int, list[FactRow]] = {person: [] for person in groups}
    for rows, make in _sources(sections):
        for row in _each(base, f"{rows} AND patient IN ({{}})", person_of):
            person = person_of[row[0]]
            to, gone = moved.get(row[1], (row[0], 0))
            if gone != row[0] or person_of.get(to) == person:
                found[person] += make(row)
        for visit, (to, gone) in moved.items():
            person_to = person_of.get(to)
            if person_to is not None and person_of.get(gone) != person_to:
                for row in base.execute(f"{rows} AND patient = ? AND visit = ?", (gone, visit)):
                    found[person_to] += make(row)
    return found


def _sources(
    sections: Sequence[str],
) -> list[tuple[str, Callable[[tuple[Any, ...]], list[FactRow]]]]:
    """Where rows of these sections are, and what reads them."""
    written = [name for name in sections if name != RESULTS]
    named = ",".join(f"'{name}'" for name in written if name in SECTIONS)
    sources = [(f"{_FACT} WHERE section IN ({named})", _fact)] if written else []
    return sources + [(f"{_BUNDLE} WHERE true", _bundle)] * (RESULTS in sections)


_FACT = (
    "SELECT patient, visit, section, ident, sender, received, cversion, csource, at, content,"
    " sversion, ssource, status, ended FROM fact"
)
_BUNDLE = "SELECT patient, visit, sender, received, source, content FROM bundle"


def _fact(row: tuple[Any, ...]) -> list[FactRow]:
    patient, _, section, ident, sender, received, cversion, csource, at, content, *standing = row
    texts = None if content is None else json.loads(content)
    return [
        FactRow(patient, section, ident, sender, received, cversion, csource, at, texts, *standing)
    ]


def _bundle(row: tuple[Any, ...]) -> list[FactRow]:
    patient, _, sender, received, source, kept = row
    return [
        FactRow(
            patient, fact.section, fact.ident, sender, received, fact.cversion, source, fact.at,
            fact.content, fact.sversion, source, fact.status, int(fact.ended),
        )
        for fact in observations(kept, received)
    ]  # fmt: skip


def _moved(base: sqlite3.Connection, ids: Iterable[int]) -> dict[str, tuple[int, int]]:
    """Stays moved (A44) to or from these numbers: visit → (to, from)."""
    if base.execute("SELECT 1 FROM moved LIMIT 1").fetchone() is None:
        return {}
    found: dict[str, tuple[int, int]] = {}
    for column in ("patient", "gone"):
        query = f"SELECT visit, patient, gone FROM moved WHERE {column} IN ({{}})"  # noqa: S608
        found |= {visit: (to, gone) for visit, to, gone in _each(base, query, ids)}
    return found


def unread(base: sqlite3.Connection, groups: dict[int, list[Member]]) -> dict[int, int]:
    """How many messages about each person wait in quarantine."""
    person_of = {m.id: person for person, group in groups.items() for m in group}
    counts = dict.fromkeys(groups, 0)
    query = (
        "SELECT patient, count(*) FROM quarantine"
        " WHERE settled IS NULL AND patient IN ({}) GROUP BY patient"
    )
    for patient, count in _each(base, query, person_of):
        counts[person_of[patient]] += count
    return counts


def _each(
    base: sqlite3.Connection, query: str, values: Iterable[int | str]
) -> Iterable[tuple[Any, ...]]:
    """The rows of ``query`` for many values of its one ``IN ({})``."""
    every = list(values)
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        yield from base.execute(query.format(",".join("?" * len(some))), some)
