"""What a document is made of, whatever it is written on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows of texts under their heads; ``widths`` in fractions."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()
    kind: str = "table"


@dataclass(frozen=True)
class Text:
    """A paragraph; ``draft`` adds that the DPO has not validated it."""

    words: str
    draft: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Items:
    """A list."""

    words: tuple[str, ...]
    kind: str = "items"


@dataclass(frozen=True)
class Drawing:
    """An SVG and the sentence that says the same."""

    svg: str
    words: str
    kind: str = "drawing"


Block = Table | Text | Items | Drawing


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """One PDF. ``slug`` names its file; ``source``: what it is made from; ``missing``: what the
    reader would need and is not there.
    """

    slug: str
    title: str
    first: str
    source: str
    sections: tuple[Section, ...]
    missing: tuple[str, ...] = field(default=())
    wide: bool = False
