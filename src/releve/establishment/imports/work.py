"""One import while it is prepared: which tables it reads, what it finds, what it would write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from releve.establishment.faults import shown
from releve.establishment.imports.book import Book, Sheet
from releve.establishment.imports.errors import NothingFound
from releve.establishment.imports.field_words import FIELD_WORDS
from releve.establishment.imports.formulas import say_formulas, sure
from releve.establishment.imports.hours import Hours
from releve.establishment.imports.layout import Layout, find_layout, sheet_layout
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


class Work:
    """One import being prepared: what it found and what it would write."""

    def __init__(self, given: Given, standing: Standing) -> None:
        sheets = tuple(map(sure, given.book.sheets))
        self.given = replace(given, book=replace(given.book, sheets=sheets))
        self.standing = standing
        self.site = site_for(standing.establishment, given.entity)
        self.services = Services(standing.establishment, self.site)
        self.findings = Findings()
        self.files: dict[str, bytes] = {}
        self.layouts: list[Layout] = []
        self.hours: Mapping[str, Hours] = {}
        self.wishes = Wishes(given.now, given.source, self.site, given.remove)

    def table(
        self, kind: str, needed: tuple[frozenset[str], ...], *, alone: bool = True
    ) -> tuple[Sheet, Layout]:
        """The sheet and its layout, with the person's choices; ``needed``: one field of each;
        ``alone``: no other sheet of the book will be read.
        """
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
        if alone:
            self.note_read([sheet])
            if not chosen.sheet:
                self._doubt_unread(kind, needed, sheet)
        self.note_sheet(sheet, layout)
        return sheet, layout

    def note_read(self, read: Sequence[Sheet]) -> None:
        """Say which sheets were read, and which not."""
        names = ", ".join(
            f"« {shown(each.name)} »{' (masquée)' if each.hidden else ''}" for each in read[:8]
        )
        others = [each.name for each in self.given.book.sheets if each not in read]
        if others:
            self.findings.note(
                f"feuille lue : {names} ;"
                f" non lues : {', '.join(shown(name) for name in others[:8])}"
                + (f" et {len(others) - 8} autres" if len(others) > 8 else "")
            )

    def _doubt_unread(self, kind: str, needed: tuple[frozenset[str], ...], read: Sheet) -> None:
        """Sheets that look like a list of the same kind."""
        for each in self.given.book.sheets:
            if each is read or each.hidden or not each.rows:
                continue
            fields = sheet_layout(each, kind).fields
            if len(fields) > 1 and all(some & fields for some in needed):
                what = f"feuille « {shown(each.name)} » : une liste aussi, pas lue"
                remedy = "Importez-la à son tour (page d'aperçu, ou --sheet)."
                self.findings.doubt(0, each.name, what, remedy)

    def note_sheet(self, sheet: Sheet, layout: Layout) -> None:
        """Say what was odd in a sheet that is read."""
        if sheet.partial:
            remedy = "Refaites l'export en entier."
            self.findings.doubt(0, self.given.name, sheet.partial, remedy)
        if len(layout.header) == 2:
            lines = " et ".join(map(str, layout.header))
            self.findings.note(f"en-tête sur deux lignes ({lines})")
        for note in sheet.notes:
            self.findings.note(note)
        say_formulas(sheet, layout, self.findings)

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
