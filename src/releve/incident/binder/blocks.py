"""What a page of the binder is made of, before any ink: blocks, sheets, documents.

A document says what it holds and never how it is drawn; ``binder.typ`` draws every block, so a
new document is Python alone. What the hospital did not give is an :class:`Absent`, which stands on
paper as words (« numéro de garde ARS non renseigné ») and is gathered by :func:`missing`: nothing
can be blank on a page and forgotten in the list of what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from releve.establishment.faults import listed

#: Between the margins of an A4 sheet, in millimetres: the left one is for the hole punch.
WIDTH_MM = 173.0


@dataclass(frozen=True)
class Absent:
    """Something that should stand here and was never given. ``words`` is printed in its place;
    ``remedy`` is what to do about it. Those of one ``group`` are counted together, under its words,
    in the list: forty people without a number are one line.
    """

    words: str
    remedy: str
    group: str = ""
    #: Of which service, role or person, when the list is to name them.
    which: str = ""


@dataclass(frozen=True)
class Hidden:
    """Something known that this copy must not carry; ``words`` says where it is."""

    words: str


Cell = str | Absent | Hidden


@dataclass(frozen=True)
class Say:
    """A paragraph; ``strong`` in bold."""

    text: Cell
    strong: bool = False


@dataclass(frozen=True)
class Head:
    """A heading inside a sheet."""

    text: str


@dataclass(frozen=True)
class Box:
    """What must be seen first: framed, in the large type of the sheet."""

    title: str
    lines: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Steps:
    """Acts, one a line, each with a box to tick; ``timed``: and a blank for the hour."""

    acts: tuple[Cell, ...]
    timed: bool = False


@dataclass(frozen=True)
class Number:
    """A number to dial: whose it is in large type beside it, ``more`` (hours, when it was last
    tried) in small type after.
    """

    number: Cell
    whose: str = ""
    more: str = ""


@dataclass(frozen=True)
class Call:
    """One call of a list: its rank, whom, the numbers, the sentence to read, and two blanks."""

    rank: int
    title: str
    numbers: tuple[Number, ...]
    say: str
    rule: str = ""
    #: What was decided or answered, to tick.
    boxes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Calls:
    """Calls in their order."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Column:
    """A column: its title and its width in millimetres (together :data:`WIDTH_MM` at most)."""

    title: str
    mm: float
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells under titles that come back on each page; then ``blank`` empty rows.
    ``tall``: height of each row in millimetres, None when its words decide.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    blank: int = 0
    tall: float | None = None


@dataclass(frozen=True)
class Field:
    """A line of a form. ``value``: what is known; None leaves ``lines`` ruled lines to fill, or the
    ``boxes`` to tick.
    """

    label: str
    value: Cell | None = None
    boxes: tuple[str, ...] = ()
    lines: int = 1


@dataclass(frozen=True)
class Fields:
    """The lines of a form."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Label:
    """A sticky label: first line bold, then the others."""

    lines: tuple[Cell, ...]


@dataclass(frozen=True)
class Labels:
    """Labels, three across; empty ones are frames to write in."""

    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Ruled:
    """Empty lines to write on."""

    count: int


@dataclass(frozen=True)
class Picture:
    """A drawing of ours (SVG); ``said`` is the sentence that says the same."""

    svg: str
    said: str
    tall: float = 150.0


@dataclass(frozen=True)
class Small:
    """A source or a rule, in the smallest type allowed."""

    text: str


@dataclass(frozen=True)
class Contents:
    """The table of contents: each part's title and what is in it; the page comes by itself."""

    parts: tuple[tuple[str, str, str], ...]


Block = (
    Say | Head | Box | Steps | Calls | Table | Fields | Labels | Ruled | Picture | Small | Contents
)  # fmt: skip


@dataclass(frozen=True)
class Code:
    """A DataMatrix: what it holds, and the number under it that people read out."""

    payload: str
    number: str


@dataclass(frozen=True)
class Traits:
    """Whose sheet it is, on each of its pages."""

    bed: Cell
    name: Cell
    born: Cell
    ipp: Cell


@dataclass(frozen=True)
class Sheet:
    """One piece of paper, or several when its blocks overflow: each then bears the same head."""

    title: str
    blocks: tuple[Block, ...]
    place: str = ""
    code: Code | None = None
    traits: Traits | None = None


@dataclass(frozen=True)
class Document:
    """A part of the binder, its own PDF. ``points``: the size of its body type (11 at least).
    ``divider``: whether a page with its name in large type comes before it in the binder.
    """

    slug: str
    title: str
    sheets: tuple[Sheet, ...]
    points: int = 11
    divider: bool = True
    #: Whether it is also a PDF of its own; a divider is not.
    alone: bool = True
    #: What is in it, for the table of contents and the divider.
    about: str = ""


@dataclass(frozen=True)
class Missing:
    """A line of « Ce qui manque »: what, how many times on paper, in which documents, what to do,
    and of which services or roles when it is one thing of several.
    """

    what: str
    remedy: str
    count: int
    documents: tuple[str, ...]
    which: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """« fiche de mode dégradé non renseignée (12) : Urgences, Réanimation et 10 autres »."""
        if not self.which:
            return self.what
        return f"{self.what} ({len(self.which)}) : {listed(self.which, 4)}"


def absences(value: object) -> Iterator[Absent]:
    """Every :class:`Absent` printed somewhere under a document, a sheet or a block."""
    if isinstance(value, Absent):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from absences(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from absences(getattr(value, field.name))


def missing(documents: tuple[Document, ...]) -> tuple[Missing, ...]:
    """Every absence of the documents, each said once, in the order in which it is met."""
    counts: dict[str, int] = {}
    remedies: dict[str, str] = {}
    places: dict[str, dict[str, None]] = {}
    whose: dict[str, dict[str, None]] = {}
    for document in documents:
        for each in absences(document.sheets):
            what = each.group or each.words
            counts[what] = counts.get(what, 0) + 1
            remedies.setdefault(what, each.remedy)
            places.setdefault(what, {})[document.title] = None
            names = whose.setdefault(what, {})
            if each.which:
                names[each.which] = None
    return tuple(
        Missing(what, remedies[what], count, tuple(places[what]), tuple(whose[what]))
        for what, count in counts.items()
    )
