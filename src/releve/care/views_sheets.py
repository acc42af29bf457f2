"""Rows of the views turned into sheets (:mod:`releve.care.sheet`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from releve.care.freshness import Freshness
from releve.care.identity import fold, key_of
from releve.care.projection.allergies import DELETED, NONE, only_codes
from releve.care.sheet import SECTIONS, PatientSheet, Row, Section, State, Stay, Traits, Value
from releve.care.views_rows import (
    Bedded,
    FactRow,
    Member,
    facts,
    members,
    micros,
    millis,
    unread,
)

Heard = Mapping[tuple[int, str], int]


def sheets(
    base: sqlite3.Connection,
    placed: Sequence[tuple[int, Bedded | None]],
    neighbours: Mapping[int, tuple[str, ...]],
    freshness: Freshness,
    now: datetime,
    sections: Sequence[str] = SECTIONS,
) -> list[PatientSheet]:
    """The files of these persons, in this order; of them, only these sections."""
    groups = members(base, (person for person, _ in placed))
    known, waiting = facts(base, groups, sections), unread(base, groups)
    heard: Heard = {
        (sender, kind): received
        for sender, kind, received in base.execute("SELECT sender, kind, received FROM heard")
    }
    return [
        PatientSheet(
            key=key_of(person),
            traits=traits(groups[person]),
            stay=_stay(bedded) if bedded else None,
            sections=tuple(
                _section(name, known[person], heard, freshness, now) for name in sections
            ),
            homonyms=neighbours.get(person, ()),
            merged=tuple(member.ipp for member in groups[person][1:]),
            unread=waiting[person],
        )
        for person, bedded in placed
    ]


def traits(group: Sequence[Member]) -> Traits:
    """The traits of the number shown; of another of the same person where it has none."""
    first = group[0]
    told = first if any(first.shown[:4]) else next((m for m in group if any(m.shown[:4])), first)
    name, birth_name, first_names, born, sex, ins, status = told.shown
    return Traits(first.ipp, name, birth_name, first_names, born, sex, ins, status, told.source)


def homonyms(
    here: Sequence[Bedded], groups: Mapping[int, Sequence[Member]]
) -> dict[int, tuple[str, ...]]:
    """For each person of a ward, the beds of the others who bear one of their family names."""
    bearers: dict[str, list[Bedded]] = {}
    names: dict[int, set[str]] = {}
    for stay in here:
        shown = traits(groups[stay.person])
        names[stay.person] = {fold(n) for n in (shown.name, shown.birth_name) if fold(n)}
        for name in names[stay.person]:
            bearers.setdefault(name, []).append(stay)
    return {
        stay.person: tuple(
            dict.fromkeys(
                where(other)
                for name in sorted(names[stay.person])
                for other in bearers[name]
                if other.person != stay.person
            )
        )
        for stay in here
    }


def where(stay: Bedded) -> str:
    """The bed, else the room, else that there is none."""
    return stay.bed or stay.room or "sans lit"


def _stay(bedded: Bedded) -> Stay:
    return Stay(
        bedded.number,
        bedded.unit,
        bedded.room,
        bedded.bed,
        millis(bedded.since) if bedded.since else None,
        bedded.source,
    )


def _section(
    name: str, known: Iterable[FactRow], heard: Heard, freshness: Freshness, now: datetime
) -> Section:
    ours = _latest(row for row in known if row.section == name)
    if not ours:
        times = [received for (_, kind), received in heard.items() if kind == name]
        return Section(name, State.NEVER, (), None, micros(max(times, default=None)))
    senders = {fact.sender for fact in ours}
    # The source least recently heard is the one to worry about.
    times = [received for (sender, kind), received in heard.items()
             if kind == name and sender in senders]  # fmt: skip
    last = micros(min(times, default=None))
    nones = [fact for fact in ours if fact.ident.startswith(NONE)]
    rows = _rows([fact for fact in ours if not fact.ident.startswith(NONE)], nones)
    stated = _affirmed(nones) and all(row.ended for row in rows)
    if not rows and not stated:
        return Section(name, State.NEVER, (), None, last)
    state = State.NONE_STATED if stated else State.RECEIVED
    if last is not None and freshness.silent(name, last, now):
        state = State.SILENT
        if stated:
            said = (_row(none, False) for none in nones)
            rows = (*(row for row in said if row.values), *rows)
    return Section(name, state, rows, micros(max(fact.received for fact in ours)), last)


def _affirmed(nones: Iterable[FactRow]) -> bool:
    """Whether a source's last word is « none », and not that it deleted what it had said."""
    last: dict[tuple[int, int], FactRow] = {}
    for none in nones:
        whose = (none.patient, none.sender)
        known = last.get(whose)
        if known is None or (none.cversion, none.csource) > (known.cversion, known.csource):
            last[whose] = none
    return any(not none.ident.startswith(DELETED) for none in last.values())


def _latest(rows: Iterable[FactRow]) -> list[FactRow]:
    """One row per number: the latest content, standing as was last said; merged numbers may each
    hold a version of it. A standing without content (a stop whose order never came) shows nothing.
    """
    content: dict[str, FactRow] = {}
    standing: dict[str, FactRow] = {}
    for row in rows:
        if row.ident.startswith(NONE):
            row = row._replace(ident=f"{row.ident}|{row.patient}")
        best = content.get(row.ident)
        if row.content is not None and (
            best is None or (row.cversion, row.csource) > (best.cversion, best.csource)
        ):
            content[row.ident] = row
        last = standing.get(row.ident)
        if last is None or (row.sversion, row.ssource) > (last.sversion, last.ssource):
            standing[row.ident] = row
    return [
        row._replace(status=standing[ident].status, ended=standing[ident].ended,
                     received=max(row.received, standing[ident].received))
        for ident, row in content.items()
    ]  # fmt: skip


def _rows(ours: Sequence[FactRow], nones: Sequence[FactRow]) -> tuple[Row, ...]:
    """Live ones first, then the most recent; nothing is put in order of gravity.

    A « none » takes back what the same sender said before it of the same number, and no more: a
    merge, or another source, must not erase an allergy.
    """
    back = _taken_back(ours)
    said = {(none.patient, none.sender): none.cversion for none in nones}

    def ended(fact: FactRow) -> bool:
        after = max(said.get((fact.patient, fact.sender), -1), back.get(fact.ident, -1))
        return bool(fact.ended) or fact.cversion < after

    # Stable: the observations of one message stay in its order.
    ordered = sorted(ours, key=lambda f: (ended(f), -(f.at or 0), f.csource))
    return tuple(_row(fact, ended(fact)) for fact in ordered)


def _taken_back(ours: Sequence[FactRow]) -> dict[str, int]:
    """Allergies deleted by their code alone, and as of what version; where the sender told of
    several under that code, none is.
    """
    back: dict[str, int] = {}
    for fact in ours:
        if fact.ended:
            named = [other.ident for other in ours if only_codes(fact.ident, other.ident)]
            if len(named) == 1:
                back[named[0]] = fact.sversion
    return back


def _row(fact: FactRow, ended: bool) -> Row:
    source = fact.csource
    received = micros(fact.received)
    assert received is not None  # noqa: S101 - an hour of reception is always stored
    return Row(
        tuple(Value(label, text, field, source) for label, text, field in fact.content or ()),
        millis(fact.at),
        received,
        source,
        fact.status,
        ended,
    )
