"""From a book to a :class:`~.standing.Proposal`: what would change, and every doubtful line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from releve.establishment.faults import shown
from releve.establishment.imports import (
    directory,
    glpi,
    machines,
    people,
    rota,
    rvtools,
    staff,
    suppliers,
)
from releve.establishment.imports.book import Book, Sheet, text_of
from releve.establishment.imports.errors import EntityNeeded, NothingFound
from releve.establishment.imports.field_words import FIELD_WORDS
from releve.establishment.imports.hours import Hours
from releve.establishment.imports.layout import (
    Layout,
    find_layout,
    is_total,
    records,
    sheet_layout,
)
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.mapping import Mapping as Chosen
from releve.establishment.imports.services import Services
from releve.establishment.imports.standing import (
    Entity,
    Proposal,
    Standing,
    Wishes,
    site_for,
    with_services,
)
from releve.establishment.words import key

#: Kinds of table, in the order in which a page offers them, and what people call each.
KINDS: Mapping[str, str] = {
    "staff": "une liste du personnel",
    "rota": "un tableau d'astreintes ou de gardes",
    "suppliers": "une liste de fournisseurs",
    "glpi": "l'inventaire de GLPI",
    "rvtools": "un export de RVTools",
    "ad": "un export de l'annuaire (Active Directory)",
    "procedures": "des procédures (Word, PDF, zip)",
}
#: The tabs worth reading in the exports of one program.
TABS: Mapping[str, tuple[str, ...]] = {"rvtools": rvtools.SHEETS}


@dataclass(frozen=True)
class Given:
    """One file to import: its book, what it is called, its octets' SHA-256, and the choices."""

    kind: str
    name: str
    sha256: str
    book: Book
    chosen: Chosen
    now: datetime
    remove: bool = False
    entity: Entity | None = None

    @property
    def source(self) -> str:
        """Which list this is: its name without dates, numbers nor case."""
        return self.chosen.source or source_of(self.name, self.kind)


def source_of(name: str, kind: str) -> str:
    """« Effectifs_20261103 (2).xlsx » and « effectifs 20261201.xlsx » are one list."""
    words = [word for word in key(PurePath(name).stem).split() if not re.search(r"\d", word)]
    return " ".join(words)[:60] or kind


def prepare(given: Given, standing: Standing) -> Proposal:
    """What confirming would do; writes nothing.

    Raises :class:`EntityNeeded` when nothing says who the establishment is, and
    :class:`NothingFound` when the file is not of its kind.
    """
    if standing.establishment is None and given.entity is None:
        raise EntityNeeded()
    work = _Work(given, standing)
    _PREPARERS[given.kind](work)
    return work.proposal()


class _Work:
    """One import being prepared: what it found and what it would write."""

    def __init__(self, given: Given, standing: Standing) -> None:
        self.given = given
        self.standing = standing
        self.site = site_for(standing.establishment, given.entity)
        self.services = Services(standing.establishment, self.site)
        self.findings = Findings()
        self.files: dict[str, bytes] = {}
        self.layouts: list[Layout] = []
        self.hours: Mapping[str, Hours] = {}
        self.wishes = Wishes(given.now, given.source, self.site, given.remove)

    def table(self, kind: str, needed: tuple[frozenset[str], ...]) -> tuple[Sheet, Layout]:
        """The sheet and its layout, with the person's choices; ``needed``: one field of each."""
        chosen = self.given.chosen
        layout = find_layout(self.given.book, kind, chosen.sheet)
        sheet = _named(self.given.book, layout.sheet, chosen.sheet)
        if chosen.header:
            layout = sheet_layout(sheet, kind, chosen.header)
        layout = layout.mapped(chosen.columns)
        self.layouts.append(layout)
        missing = [fields for fields in needed if not fields & layout.fields]
        if missing and not any(c.field for c in layout.columns) and not layout.columns:
            raise NothingFound(
                name=shown(self.given.name),
                kind=KINDS[self.given.kind],
                why="aucune ligne remplie",
            )
        if missing:
            self.findings.doubt(
                0,
                self.given.name,
                f"colonne introuvable : {' ; '.join(_wanted(fields) for fields in missing)}",
                "Dites quelle colonne le porte.",
            )
        self.note_sheet(sheet, layout)
        return sheet, layout

    def note_sheet(self, sheet: Sheet, layout: Layout) -> None:
        """Say which sheet and lines were read, and what was odd in them."""
        others = [each.name for each in self.given.book.sheets if each.name != sheet.name]
        if others:
            self.findings.note(
                f"feuille lue : « {shown(sheet.name)} »{' (masquée)' if sheet.hidden else ''} ;"
                f" non lues : {', '.join(shown(name) for name in others[:8])}"
                + (f" et {len(others) - 8} autres" if len(others) > 8 else "")
            )
        if len(layout.header) == 2:
            lines = " et ".join(map(str, layout.header))
            self.findings.note(f"en-tête sur deux lignes ({lines})")
        for note in sheet.notes:
            self.findings.note(note)
        used = {column.letter for column in layout.columns if column.field}
        _say_formulas(sheet, used, self.findings)

    def proposal(self) -> Proposal:
        given = self.given
        for name, count in given.book.secrets.items():
            self.findings.doubt(
                0,
                name,
                f"« {shown(name)} » porte des secrets : {count} valeur(s) jetée(s) sans être lues",
                "Refaites l'export sans cette colonne, et détruisez ce fichier-ci.",
            )
        if given.kind in ("staff", "rota"):
            _say_services(self.services, self.standing, self.findings)
        self.files |= with_services(self.standing.files, self.services, given.entity)
        order = list(State)
        told = sorted(self.findings.told, key=lambda t: (order.index(t.state), t.line))
        return Proposal(
            given.kind,
            given.name,
            given.sha256,
            tuple(told),
            tuple(self.findings.notes),
            self.files,
            self.standing.number,
            tuple(self.layouts),
            tuple(self.services.proposed.values()),
            tuple(sheet.name for sheet in given.book.sheets),
            self.hours,
        )

    def tell(self, told: list[Told]) -> None:
        self.findings.told += told


def _wanted(fields: frozenset[str]) -> str:
    return " ou ".join(sorted(FIELD_WORDS.get(field, field) for field in fields))


def _named(book: Book, name: str, chosen: str) -> Sheet:
    for sheet in book.sheets:
        if sheet.name == name or (chosen and key(sheet.name) == key(chosen)):
            return sheet
    return max(book.sheets, key=lambda each: len(each.rows), default=Sheet("", (), ()))


def _say_formulas(sheet: Sheet, used: set[str], findings: Findings) -> None:
    """A formula whose value was never kept leaves an empty cell: said once."""
    if not sheet.formulas:
        return
    rows = [(n, row) for n, row in sheet.rows if not is_total([text_of(cell) for cell in row])]
    lines = {number for number, _ in rows}
    cells = {(number, column): cell for number, row in rows
             for column, cell in zip(sheet.columns, row, strict=True)}  # fmt: skip
    bare = [place for place in sheet.formulas if place[0] in lines and cells.get(place, "") == ""]
    example = shown(next(iter(sheet.formulas.values())))
    if bare:
        row, column = bare[0]
        findings.doubt(
            row,
            "",
            f"{len(bare)} formule(s) sans valeur enregistrée"
            f" (« {shown(sheet.formulas[row, column])} ») : ces cellules sont lues vides",
            "Ouvrez le fichier dans le tableur, enregistrez-le, puis redonnez-le.",
        )
    if len(bare) < len(sheet.formulas):
        findings.note(
            f"des formules (« {example} ») : leur valeur enregistrée est lue, rien n'est calculé"
        )


def _say_services(services: Services, standing: Standing, findings: Findings) -> None:
    """New services: noted at a first import, to be confirmed when others were known."""
    for said, code in services.likened.items():
        if standing.establishment is not None:
            findings.note(f"« {shown(said)} » lu comme « {shown(services.name(code))} »")
    for each in services.proposed.values():
        what = (
            f"service « {shown(each.name)} » inconnu : proposé sous le code {each.code}"
            f" (genre {each.kind}, priorité {each.priority}, 0 lit)"
        )
        if standing.establishment is not None or each.guessed:
            remedy = "Corrigez-le dans establishment.toml, ou écrivez le nom d'un service connu."
            findings.doubt(0, each.name, what, remedy)
        else:
            findings.note(what)


def _staff(work: _Work) -> None:
    names = frozenset({"last_name", "full_name", "birth_name"})
    sheet, layout = work.table("staff", (names,))
    layout = _service_column(work, sheet, layout)
    lines = list(records(sheet, layout, sections="service" not in layout.fields))
    fallback = "" if {"service", "unit"} & layout.fields else _service_in_titles(work, layout)
    if fallback:
        lines = [each if each.section else replace(each, section=fallback) for each in lines]
    everyone, found = staff.read_people(lines, layout, work.services, work.standing, work.given.now)
    once = people.once(everyone, found)
    work.tell(found.told)
    for note in found.notes:
        work.findings.note(note)
    new = people.identified(once, work.standing)
    files, merged = people.merge_people(new, work.standing, work.wishes)
    work.files |= files
    work.tell(merged.told + people.told_of(once))


def _service_column(work: _Work, sheet: Sheet, layout: Layout) -> Layout:
    """A column without a known name whose values are services: it says the service."""
    if "service" in layout.fields or work.given.chosen.columns:
        return layout
    rows = [cells for number, cells in sheet.rows if number > max(layout.header, default=0)]
    for column in layout.columns:
        said = [text_of(cells[column.place]) for cells in rows if cells[column.place] != ""]
        known = sum(bool(work.services.find(text)) for text in said)
        if not column.field and said and known > 0.6 * len(said):
            found = layout.mapped({column.label: "service"})
            work.layouts[-1] = found
            return found
    return layout


def _service_in_titles(work: _Work, layout: Layout) -> str:
    """A known service that the titles, the sheet or the file name: for a list of one service."""
    for text in (*layout.titles, layout.sheet, PurePath(work.given.name).stem):
        code = work.services.find_within(text)
        if code:
            name = work.services.name(code)
            work.findings.note(
                f"aucune colonne de service : « {shown(name)} » d'après « {shown(text)} »"
            )
            return name
    return ""


def _machines_of(work: _Work, boxes: list[machines.Box]) -> Mapping[str, str]:
    """Merge machines; short name → id."""
    kept = machines.once(boxes, work.findings)
    files, merged, names = machines.merge_machines(kept, work.standing, work.wishes)
    told, notes = machines.told_of(kept, merged.told)
    work.files |= files
    work.tell(merged.told + told)
    for note in notes:
        work.findings.note(note)
    return names


def _glpi(work: _Work) -> None:
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


def _rvtools(work: _Work) -> None:
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


def _directory(work: _Work) -> None:
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


def _suppliers(work: _Work) -> None:
    sheet, layout = work.table("suppliers", (frozenset({"name"}),))
    found = suppliers.read_suppliers(records(sheet, layout), work.findings)
    files, merged = suppliers.merge_suppliers(found, work.standing, work.wishes)
    work.files |= files
    work.tell(merged.told)


def _rota(work: _Work) -> None:
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


_PREPARERS: Mapping[str, Callable[[_Work], None]] = {
    "staff": _staff,
    "rota": _rota,
    "glpi": _glpi,
    "rvtools": _rvtools,
    "ad": _directory,
    "suppliers": _suppliers,
}
