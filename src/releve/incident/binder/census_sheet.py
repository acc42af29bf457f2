"""Which sheet of a workbook is the census: the one of those present, never of those who left."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releve.establishment.faults import listed, shown
from releve.establishment.imports.book import Book, Sheet
from releve.establishment.imports.layout import Layout, sheet_layout
from releve.establishment.words import key
from releve.incident.binder.errors import CensusUnreadable
from releve.incident.binder.material import Doubt

_HERE = re.compile(r"\b(present|recensement|hospitalise)")
_GONE = re.compile(r"\b(sorti|sortant|archive)")
_SURE = {"ward", "born", "ipp", "room", "bed"}


@dataclass(frozen=True)
class _Candidate:
    sheet: Sheet
    layout: Layout

    @property
    def rank(self) -> tuple[bool, bool, bool, float, int]:
        """The greatest is read; of equals, the first."""
        says = _HERE.search(key(self.sheet.name)) is not None
        shows, rows = not self.sheet.hidden, len(self.sheet.rows)
        return (self.alike, says, shows, self.layout.score, rows)

    @property
    def gone(self) -> bool:
        return _GONE.search(key(self.sheet.name)) is not None

    @property
    def alike(self) -> bool:
        """Whether it looks like a census: names with what a label bears, and a line below."""
        below = max(self.layout.header)
        rows = any(number > below for number, _ in self.sheet.rows)
        return rows and bool(_SURE & self.layout.fields)


def census_sheet(name: str, book: Book) -> tuple[Sheet, Layout, tuple[Doubt, ...]]:
    """The sheet to read, its table, and a doubt that names the others that look like a census.

    Raises :class:`CensusUnreadable` when none has names, or only one of those who left.
    """
    found = [_Candidate(each, sheet_layout(each, "census")) for each in book.sheets]
    found = [c for c in found if c.layout.header and {"name", "birth_name"} & c.layout.fields]
    if not found:
        raise CensusUnreadable(file=name, why="aucune ligne d'en-tête n'a de colonne « nom »")
    here = [candidate for candidate in found if len(book.sheets) == 1 or not candidate.gone]
    left = any(candidate.gone and candidate.alike for candidate in found)
    if not here or (left and not any(candidate.alike for candidate in here)):
        gone = max((each for each in found if each.gone), key=lambda each: each.rank)
        what = f"sa seule liste de patients est la feuille « {shown(gone.sheet.name)} »"
        why = f"{what} ; si ce sont les patients présents, appelez-la « Présents »"
        raise CensusUnreadable(file=name, why=why)
    best = max(here, key=lambda each: each.rank)
    others = [f"« {shown(c.sheet.name)} »" for c in found if c is not best and c.alike]
    if not others:
        return best.sheet, best.layout, ()
    what = f"feuille « {shown(best.sheet.name)} » lue ; pas lue : {listed(others)}"
    remedy = "Si c'est une autre, gardez-la seule dans le fichier, ou nommez-la « Présents »."
    return best.sheet, best.layout, (Doubt(0, what, remedy),)
