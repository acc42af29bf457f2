"""The lists of people of a book: every sheet that is one, and every table of a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import PurePath

from releve.establishment.faults import shown
from releve.establishment.imports import people, staff
from releve.establishment.imports.blocks import tables_in
from releve.establishment.imports.book import Sheet, text_of
from releve.establishment.imports.formulas import say_formulas, unnamed
from releve.establishment.imports.layout import Layout, Record, records, sheet_layout
from releve.establishment.imports.lines import Findings
from releve.establishment.imports.staff import Someone
from releve.establishment.imports.work import Work
from releve.establishment.words import key

_NAMES = frozenset({"last_name", "full_name", "birth_name"})
#: Names of sheets and files that say nothing of a service.
_PLAIN = frozenset(
    {"feuil", "feuille", "sheet", "liste", "tableau", "page", "onglet", "donnees", "annuaire"}
)


@dataclass(frozen=True)
class _List:
    """A sheet read: its tables, the people they name, what is said of them."""

    sheet: Sheet
    layout: Layout
    people: list[Someone]
    findings: Findings

    @property
    def names(self) -> set[tuple[str, str]]:
        return {each.name.key for each in self.people}


def read_lists(work: Work) -> None:
    """Every list of the book, unless a person chose the sheet; each person once."""
    sheet, layout = work.table("staff", (_NAMES,), alone=False)
    others = [] if _is_chosen(work) else _other_lists(work, sheet)
    apart = any(not each.hidden for each, _ in others)
    best = _read(work, sheet, layout, apart=apart)
    lists = [best]
    for each, its_layout in others:
        known = deepcopy(work.services)
        if not _added(work, lists, _read(work, each, its_layout, apart=True)):
            work.services = known
    read = [each for one in work.given.book.sheets for each in lists if each.sheet is one] or lists
    work.note_read([one.sheet for one in read])
    for one in read:
        _tell(work, one, several=len(read) > 1)
    _keep(work, [each for one in read for each in one.people])


def _is_chosen(work: Work) -> bool:
    return bool(work.given.chosen.sheet or work.given.chosen.header)


def _other_lists(work: Work, best: Sheet) -> list[tuple[Sheet, Layout]]:
    """The other sheets that are lists of people."""
    found = []
    for each in work.given.book.sheets:
        if each is best or not each.rows:
            continue
        layout = sheet_layout(each, "staff").mapped(work.given.chosen.columns)
        if layout.fields & _NAMES and len(layout.fields) > 1:
            found.append((each, layout))
        elif not layout.header and {"phone", "email"} & layout.fields and not each.hidden:
            what = (
                f"feuille « {shown(each.name)} » : des coordonnées, sans ligne d'en-tête : pas lue"
            )
            work.findings.doubt(
                0, each.name, what, "Nommez ses colonnes, puis redonnez le fichier."
            )
    return found


def _added(work: Work, lists: list[_List], other: _List) -> bool:
    """Take one more sheet, unless it is another version of one taken, or hidden: that is said."""
    twin = next((one for one in lists if 2 * len(one.names & other.names) > len(other.names)), None)
    name, count = shown(other.sheet.name), len(other.people)
    if not count:
        return False
    if other.sheet.hidden and twin is not None:
        work.findings.note(f"feuille masquée « {name} » : les mêmes personnes, pas lue")
    elif other.sheet.hidden or twin is not None:
        said = (
            "masquée" if twin is None else f"les mêmes personnes que « {shown(twin.sheet.name)} »"
        )
        what = f"feuille « {name} » ({count} personnes) : {said}, pas lue"
        remedy = "Si c'est elle la bonne, choisissez-la (page d'aperçu, ou --sheet)."
        work.findings.doubt(0, other.sheet.name, what, remedy)
    else:
        lists.append(other)
        return True
    return False


def _read(work: Work, sheet: Sheet, layout: Layout, *, apart: bool) -> _List:
    """The people of a sheet; ``apart``: each sheet is a list of its own, that its name says."""
    findings = Findings()
    found: list[Someone] = []
    for part, its_layout in tables_in(sheet, layout, "staff", _NAMES):
        mapped = its_layout.mapped(work.given.chosen.columns)
        found += _people(work, part, mapped, findings, apart=apart)
    for each in found:
        each.sheet = sheet.name if apart else ""
    return _List(sheet, layout, found, findings)


def _people(
    work: Work, sheet: Sheet, layout: Layout, findings: Findings, *, apart: bool
) -> list[Someone]:
    layout = _service_column(work, sheet, layout)
    held = unnamed(sheet, layout)
    sections = "service" not in layout.fields
    lines = [each for each in records(sheet, layout, sections=sections) if each.line not in held]
    if not {"service", "unit"} & layout.fields:
        lines = _under_title(work, layout, lines, findings, apart=apart)
    everyone, said = staff.read_people(lines, layout, work.services, work.standing, work.given.now)
    findings.told += said.told
    for note in said.notes:
        findings.note(note)
    return everyone


def _under_title(
    work: Work, layout: Layout, lines: list[Record], findings: Findings, *, apart: bool
) -> list[Record]:
    """Lines without a service take that of the titles, of the sheet or of the file."""
    name = _service_in_titles(work, layout, findings)
    if not name and apart and not set(key(layout.sheet).rstrip("0123456789 ").split()) & _PLAIN:
        name = layout.sheet
    return [each if each.section else replace(each, section=name) for each in lines]


def _tell(work: Work, one: _List, *, several: bool) -> None:
    """What was found in a sheet; which sheet, when there are several."""
    if several:
        say = f"feuille « {shown(one.sheet.name)} »"
        work.findings.note(f"{say} : {len(one.people)} personne(s)")
        one.findings.told = [
            replace(each, what=f"{say} : {each.what}") for each in one.findings.told
        ]
    if one.layout not in work.layouts and one.sheet.name not in {e.sheet for e in work.layouts}:
        work.layouts.append(one.layout)
        say_formulas(one.sheet, one.layout, work.findings)
    work.tell(one.findings.told)
    for note in one.findings.notes:
        work.findings.note(note)


def _keep(work: Work, everyone: Sequence[Someone]) -> None:
    once = people.once(everyone, work.findings)
    new = people.identified(once, work.standing)
    files, merged = people.merge_people(new, work.standing, work.wishes)
    work.files |= files
    work.tell(merged.told + people.told_of(once))


def _service_column(work: Work, sheet: Sheet, layout: Layout) -> Layout:
    """A column without a known name whose values are services: it says the service."""
    if "service" in layout.fields or work.given.chosen.columns:
        return layout
    rows = [cells for number, cells in sheet.rows if number > max(layout.header, default=0)]
    for column in layout.columns:
        said = [text_of(cells[column.place]) for cells in rows if cells[column.place] != ""]
        known = sum(bool(work.services.find(text)) for text in said)
        if not column.field and said and known > 0.6 * len(said):
            found = layout.mapped({column.label: "service"})
            work.layouts = [found if each == layout else each for each in work.layouts]
            return found
    return layout


def _service_in_titles(work: Work, layout: Layout, findings: Findings) -> str:
    """A known service that the titles, the sheet or the file name: for a list of one service."""
    for text in (*layout.titles, layout.sheet, PurePath(work.given.name).stem):
        code = work.services.find_within(text)
        if code:
            name = work.services.name(code)
            findings.note(
                f"aucune colonne de service : « {shown(name)} » d'après « {shown(text)} »"
            )
            return name
    return ""
