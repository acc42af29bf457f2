"""From a book to a :class:`~.standing.Proposal`: what would change, and every doubtful line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePath

from releve.establishment.faults import shown
from releve.establishment.imports import (
    directory,
    glpi,
    machines,
    people,
    rota,
    rvtools,
    suppliers,
)
from releve.establishment.imports.errors import EntityNeeded, NothingFound
from releve.establishment.imports.layout import records, sheet_layout
from releve.establishment.imports.lines import State
from releve.establishment.imports.staff_lists import read_lists
from releve.establishment.imports.standing import Proposal, Standing
from releve.establishment.imports.work import KINDS, Given, Work, source_of
from releve.establishment.words import key

__all__ = ["KINDS", "TABS", "Given", "prepare", "source_of"]

#: The tabs worth reading in the exports of one program.
TABS: Mapping[str, tuple[str, ...]] = {"rvtools": rvtools.SHEETS}


def prepare(given: Given, standing: Standing) -> Proposal:
    """What confirming would do; writes nothing.

    Raises :class:`EntityNeeded` when nothing says who the establishment is, and
    :class:`NothingFound` when the file is not of its kind.
    """
    if standing.establishment is None and given.entity is None:
        raise EntityNeeded()
    work = Work(given, standing)
    _PREPARERS[given.kind](work)
    return work.proposal()


def _machines_of(work: Work, boxes: list[machines.Box]) -> Mapping[str, str]:
    """Merge machines; short name → id."""
    kept = machines.once(boxes, work.findings)
    files, merged, names = machines.merge_machines(kept, work.standing, work.wishes)
    told, notes = machines.told_of(kept, merged.told)
    work.files |= files
    work.tell(merged.told + told)
    for note in notes:
        work.findings.note(note)
    return names


def _glpi(work: Work) -> None:
    book = work.given.book
    work.given = replace(
        work.given, book=replace(book, sheets=tuple(map(glpi.in_words, book.sheets)))
    )
    boxes: list[machines.Box] = []
    sheets = [sheet for sheet in work.given.book.sheets if sheet.rows]
    if len(sheets) > 1 and not work.given.chosen.sheet:
        for sheet in sheets:
            layout = sheet_layout(sheet, "glpi").mapped(work.given.chosen.columns)
            if "name" in layout.fields:
                work.layouts.append(layout)
                lines = records(sheet, layout)
                boxes += glpi.read_machines(lines, work.services, work.findings, sheet.name)
        if boxes:
            _machines_of(work, boxes)
            return
    sheet, layout = work.table("glpi", (frozenset({"name"}),))
    hint = f"{sheet.name} {PurePath(work.given.name).stem}"
    boxes = glpi.read_machines(records(sheet, layout), work.services, work.findings, hint)
    _machines_of(work, boxes)


def _rvtools(work: Work) -> None:
    virtual: list[machines.Box] = []
    hosts: list[machines.Box] = []
    for sheet in work.given.book.sheets:
        name = key(sheet.name).replace("tab", "", 1)
        kind = {"vinfo": "rvtools_vm", "vhost": "rvtools_host"}.get(name.split(" ")[0])
        if kind is None and len(work.given.book.sheets) == 1:
            kind = "rvtools_vm"
        if kind is None or not sheet.rows:
            continue
        layout = sheet_layout(sheet, kind).mapped(work.given.chosen.columns)
        work.layouts.append(layout)
        lines = records(sheet, layout)
        if kind == "rvtools_vm":
            virtual += rvtools.read_virtual(lines, work.findings)
        else:
            hosts += rvtools.read_hosts(lines, work.findings)
    if not virtual and not hosts:
        raise NothingFound(
            name=shown(work.given.name), kind=KINDS["rvtools"], why="ni onglet vInfo ni vHost"
        )
    hosts += rvtools.unseen_hosts(virtual, hosts)
    names = _machines_of(work, [*hosts, *virtual])
    files, merged = rvtools.merge_links(virtual, names, work.standing, work.wishes)
    work.files |= files
    kept = [told for told in merged.told if told.state not in (State.SAME, State.NEW)]
    new = sum(told.state is State.NEW for told in merged.told)
    if new:
        work.findings.note(f"{new} dépendance(s) « machine virtuelle → hôte » ajoutée(s)")
    work.tell(kept)


def _directory(work: Work) -> None:
    named = frozenset({"name", "account", "last_name", "display"})
    sheet, layout = work.table("ad", (named,))
    boxes, accounts = directory.read_directory(
        records(sheet, layout), layout, work.services, work.findings
    )
    if boxes:
        _machines_of(work, boxes)
    if accounts:
        once = people.once(accounts, work.findings)
        new = people.identified(once, work.standing)
        files, merged = people.merge_people(new, work.standing, work.wishes)
        work.files |= files
        work.tell(merged.told + people.told_of(once))


def _suppliers(work: Work) -> None:
    sheet, layout = work.table("suppliers", (frozenset({"name"}),))
    found = suppliers.read_suppliers(records(sheet, layout), work.findings)
    files, merged = suppliers.merge_suppliers(found, work.standing, work.wishes)
    work.files |= files
    work.tell(merged.told)


def _rota(work: Work) -> None:
    found = rota.read_rotas(
        work.given.book, work.given.name, work.given.chosen, work.standing, work.given.now
    )
    work.layouts += found.layouts
    work.hours = found.hours
    for note in found.findings.notes:
        work.findings.note(note)
    work.tell(found.findings.told)
    files, told, notes = rota.merge_watches(found, work.standing, work.wishes)
    work.files |= files
    work.tell(told)
    for note in notes:
        work.findings.note(note)


_PREPARERS: Mapping[str, Callable[[Work], None]] = {
    "staff": read_lists,
    "rota": _rota,
    "glpi": _glpi,
    "rvtools": _rvtools,
    "ad": _directory,
    "suppliers": _suppliers,
}
