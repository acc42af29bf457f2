"""On-call tables → turns of duty → oncall.ics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from releve.establishment import oncall
from releve.establishment.faults import listed, shown
from releve.establishment.folder import BLANK
from releve.establishment.imports.agenda import read_events, with_events
from releve.establishment.imports.besides import titles_above
from releve.establishment.imports.book import Book, Sheet, text_of
from releve.establishment.imports.errors import NothingFound
from releve.establishment.imports.grids import Read, Slot, Table, rota_key
from releve.establishment.imports.grids_across import read_across
from releve.establishment.imports.grids_down import read_down
from releve.establishment.imports.heads import heads
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.mapping import Mapping as Chosen
from releve.establishment.imports.merge import Row, Words, merge
from releve.establishment.imports.named import Named, names_of
from releve.establishment.imports.standing import Standing, Wishes, memory_of
from releve.establishment.imports.turns import Found, take
from releve.establishment.words import key
from releve.kernel.clock import from_iso, iso
from releve.kernel.units import PARIS, moment

_FIELDS = ("id", "rota", "start", "end", "people")
_HOLES_SHOWN = 12
_DAY = timedelta(days=1)


def read_rotas(book: Book, file: str, chosen: Chosen, standing: Standing, today: datetime) -> Found:
    """Every turn that a book names; raises :class:`NothingFound` when it holds no table of days."""
    found = Found()
    named = Named(standing.establishment)
    watches = standing.establishment.watches if standing.establishment else ()
    rotas = {rota_key(each.rota): each.rota for each in watches}
    sheets = [
        s for s in book.sheets if s.rows and (not chosen.sheet or key(s.name) == key(chosen.sheet))
    ]
    used: list[str] = []
    slots: list[Slot] = []
    for sheet in sheets:
        if sheet.hidden and not chosen.sheet:
            continue
        table = Table(
            sheet, file, chosen, named, found.findings, today.astimezone(PARIS).date(), rotas
        )
        read = _read(table)
        if not read.slots:
            continue
        used.append(sheet.name)
        slots += read.slots
        for rota, hours in read.hours.items():
            found.hours.setdefault(rota, hours)
        if read.layout:
            found.layouts.append(read.layout)
    if not slots:
        why = "aucune colonne ni aucune ligne de jours ou de semaines"
        why = next((said.what for said in found.findings.told), why)
        raise NothingFound(name=shown(file), kind="un tableau d'astreintes", why=why)
    _note_sheets(book, used, found.findings)
    take(slots, found, named)
    return found


def _read(table: Table) -> Read:
    """The shape that gives turns; when none does, what was said of the first stands."""
    table.titles = _titles(table.sheet)
    across = heads(table.sheet, table.course())
    if not across:
        return read_down(table)
    wide = replace(table, titles=titles_above(table, across[0]), findings=Findings())
    read = read_across(wide, across)
    if not read.slots:
        long = replace(table, findings=Findings())
        down = read_down(long)
        if any(table.named.known(slot.text) for slot in down.slots):
            read, wide = down, long
    for said in wide.findings.told:
        table.findings.told.append(said)
    for note in wide.findings.notes:
        table.findings.note(note)
    return read


def _titles(sheet: Sheet) -> tuple[str, ...]:
    """Lines at the top that say one thing alone."""
    found: list[str] = []
    for _, cells in sheet.rows[:6]:
        said = {text_of(cell) for cell in cells if cell != ""}
        if len(said) != 1:
            break
        found.append(said.pop())
    return tuple(found)


def _note_sheets(book: Book, used: Sequence[str], findings: Findings) -> None:
    others = [shown(sheet.name) for sheet in book.sheets if sheet.name not in used]
    if others:
        read = listed([f"« {shown(name)} »" for name in used])
        findings.note(f"feuille(s) lue(s) : {read} ; non lues : {listed(others)}")


def merge_watches(
    found: Found, standing: Standing, wishes: Wishes
) -> tuple[dict[str, bytes], list[Told], list[str]]:
    """oncall.ics and its memory after the import; what hand-written turns say is left alone."""
    data = standing.files.get(oncall.FILE, BLANK[oncall.FILE])
    current = read_events(data)
    memory = standing.memory(oncall.FILE, _FIELDS)
    remembered = memory.rows()
    new, notes = _beside_written(found, standing, current)
    words = Words(
        {"end": "fin", "people": "qui"},
        lambda row: f"{row.get('rota', '')}, {_told(row.get('start', ''))}",
    )
    span = _covered(found)
    merged = merge(
        current,
        remembered,
        new,
        words,
        wishes.source,
        remove=wishes.remove,
        among=lambda number: _within(remembered[number], span),
    )
    for number, row in merged.memory.items():
        row["id"] = number
    told = [_in_words(each, new, standing) for each in merged.told]
    files: dict[str, bytes] = {}
    if merged.rows != current:
        files[oncall.FILE] = with_events(data, merged.rows, wishes.now)
    if merged.memory != remembered:
        files[memory_of(oncall.FILE)] = memory.written(merged.memory)
    return files, told, [*notes, *_hours_said(found), *_holes(found)]


def _in_words(each: Told, new: Mapping[str, tuple[int, Row]], standing: Standing) -> Told:
    """Names in place of ids in what is said of a turn."""
    words = each.what
    if each.state in (State.NEW, State.CHANGED, State.KEPT):
        known = {p.id for p in standing.establishment.people} if standing.establishment else set()
        parts = words.replace("«", " « ").split(" ")
        words = " ".join(
            names_of(standing.establishment, [part.strip(",;")])
            if part.strip(",;") in known
            else part
            for part in parts
        )
        words = _readable(words)
    return Told(each.state, each.line, each.who, words, each.remedy)


def _readable(text: str) -> str:
    return re.sub(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d{4}-\d\d-\d\dT[\d:.]+\+00:00",
        lambda found: _told(found[0]),
        re.sub(r"\s+", " ", text),
    ).strip()


def _told(when: str) -> str:
    return moment(from_iso(when)) if when else ""


def _beside_written(
    found: Found, standing: Standing, ours: Mapping[str, Row]
) -> tuple[dict[str, tuple[int, Row]], list[str]]:
    """New turns but those that a hand-written one says already; a note when two disagree."""
    written: dict[str, list[tuple[datetime, datetime, tuple[str, ...]]]] = {}
    mine = {(row["rota"], row["start"]) for row in ours.values()}
    for watch in standing.establishment.watches if standing.establishment else ():
        if (watch.rota, iso(watch.start)) not in mine:
            written.setdefault(watch.rota, []).append((watch.start, watch.end, watch.people))
    new: dict[str, tuple[int, Row]] = {}
    clashes: dict[str, int] = {}
    known: dict[str, int] = {}
    for number, (line, row) in found.turns.items():
        start, end = from_iso(row["start"]), from_iso(row["end"])
        beside = [w for w in written.get(row["rota"], ()) if w[0] < end and start < w[1]]
        if any(
            w[0] <= start and end <= w[1] and set(row["people"].split()) <= set(w[2])
            for w in beside
        ):
            known[row["rota"]] = known.get(row["rota"], 0) + 1
            continue
        if beside:
            clashes[row["rota"]] = clashes.get(row["rota"], 0) + 1
        new[number] = (line, row)
    notes = [
        f"« {shown(rota)} » : {count} tour(s) recoupent une garde déjà écrite dans votre agenda ;"
        " les deux sont gardés, à vous d'ôter celle qui ne vaut plus"
        for rota, count in clashes.items()
    ]
    notes += [
        f"« {shown(rota)} » : {count} tour(s) déjà écrit(s) dans votre agenda : rien à y changer"
        for rota, count in known.items()
    ]
    return new, notes


def _covered(found: Found) -> dict[str, tuple[str, str]]:
    """rota → the first start and the last one that the file speaks of."""
    spans: dict[str, tuple[str, str]] = {}
    for _, row in found.turns.values():
        first, last = spans.get(row["rota"], (row["start"], row["start"]))
        spans[row["rota"]] = (min(first, row["start"]), max(last, row["start"]))
    return spans


def _within(row: Row, spans: Mapping[str, tuple[str, str]]) -> bool:
    """A remembered turn is gone only when the file speaks of its rota at its time."""
    first, last = spans.get(row.get("rota", ""), ("", ""))
    return bool(first) and first <= row.get("start", "") <= last


def _hours_said(found: Found) -> list[str]:
    return [
        f"« {shown(rota)} » : {hours.words}"
        f" ({'lu dans le fichier' if hours.stated else 'supposé, à confirmer'})"
        for rota, hours in found.hours.items()
        if any(row["rota"] == rota for _, row in found.turns.values())
    ]


def _holes(found: Found) -> list[str]:
    """Days without anybody between a rota's first and last turns."""
    notes = []
    for rota, (first, last) in _covered(found).items():
        covered = set()
        for _, row in found.turns.values():
            if row["rota"] == rota:
                day = from_iso(row["start"]).astimezone(PARIS).date()
                end = from_iso(row["end"]).astimezone(PARIS)
                while day == from_iso(row["start"]).astimezone(PARIS).date() or (
                    datetime.combine(day, end.time(), PARIS) < end
                ):
                    covered.add(day)
                    day += _DAY
        day = from_iso(first).astimezone(PARIS).date()
        holes = []
        while day <= from_iso(last).astimezone(PARIS).date():
            if day not in covered:
                holes.append(f"{day:%d/%m/%Y}")
            day += _DAY
        if holes:
            more = (
                f" et {len(holes) - _HOLES_SHOWN} autres jours" if len(holes) > _HOLES_SHOWN else ""
            )
            notes.append(f"« {shown(rota)} », personne le {', '.join(holes[:_HOLES_SHOWN])}{more}")
    return notes


__all__ = ["Found", "merge_watches", "read_rotas"]
