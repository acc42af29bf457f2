"""Documents as the JSON that ``binder.typ`` draws: every text fitted to the place it will have.

What a line cannot hold is broken, what a cell cannot hold is cut with « … »; what the face cannot
draw is written out. Nothing here decides what is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from releve.incident.binder import codes
from releve.incident.binder.blocks import (
    WIDTH_MM,
    Absent,
    Block,
    Box,
    Call,
    Calls,
    Cell,
    Contents,
    Document,
    Field,
    Fields,
    Head,
    Label,
    Labels,
    Number,
    Picture,
    Ruled,
    Say,
    Sheet,
    Small,
    Steps,
    Table,
)
from releve.incident.binder.fonts import cut, drawable, fitted, lines, one_line, width_mm

#: Characters of one cell, one line of a list, one paragraph: what a page still reads well.
_CELL, _LINE, _PARAGRAPH, _TITLE_LETTERS = 220, 400, 3000, 140
#: Characters of a number, of what is said beside it: far more than anybody's name and hours.
_NUMBER, _BESIDE = 90, 140
#: How wide the regular face is, of the bold one that is measured; never less on paper.
_LIGHT = 0.92
#: Small lines of numbers on a side of five calls, and of one number.
_SIDE_LINES, _MORE_LINES = 6, 2
#: Lines of one cell of a table.
_CELL_LINES = 14
_BOX_MM, _TICK_MM, _CALL_MM, _LABEL_MM = WIDTH_MM - 6, WIDTH_MM - 9, WIDTH_MM - 12, 53.0
#: Text, or {"absent": text}, or {"hidden": text}.
_Fitted = str | dict[str, str]
_SMALL, _TITLE, _PLACE, _NAME = 10.0, 15.0, 11.0, 14.0
_CODE_MM = 0.7


@dataclass(frozen=True)
class Frame:
    """What every page bears: the band and its world, the hospital, which copy, when and from what
    it was made.
    """

    title: str
    band: str
    real: bool
    hospital: str
    copy: str
    made: str
    source: str


def to_json(frame: Frame, documents: tuple[Document, ...]) -> dict[str, object]:
    """The value that the template reads."""
    return {
        "title": one_line(frame.title, WIDTH_MM, _TITLE),
        "band": frame.band,
        "real": frame.real,
        "hospital": one_line(frame.hospital, 78, _SMALL),
        "copy": one_line(frame.copy, 62, _SMALL),
        "made": one_line(frame.made, 128, _SMALL),
        "source": one_line(frame.source, WIDTH_MM, _SMALL),
        "parts": [_part(document) for document in documents],
    }


def _part(document: Document) -> dict[str, object]:
    return {
        "slug": document.slug,
        "points": document.points,
        "sheets": [_sheet(sheet, float(document.points)) for sheet in document.sheets],
    }


def _sheet(sheet: Sheet, points: float) -> dict[str, object]:
    svg, wide, tall = codes.drawn(sheet.code.payload) if sheet.code else ("", 0, 0)
    beside = WIDTH_MM - (wide * _CODE_MM + 6 if sheet.code else 0)
    title = _cut(fitted(sheet.title, beside, _TITLE, 120), beside, _TITLE, 2)
    place = one_line(sheet.place, beside, _PLACE)
    traits = sheet.traits
    name = _cell(traits.name, WIDTH_MM - 40, _NAME, 70) if traits else None
    top = 23.5 + max(_tall(title, beside, _TITLE, place), tall * _CODE_MM + 4 if tall else 0)
    if traits:
        top += 20.0 + 6.5 * (lines(_words(name), WIDTH_MM - 30, _NAME) - 1)
    return {
        "title": title,
        "place": place,
        "top": round(top, 1),
        "code": {"svg": svg, "wide": wide, "tall": tall, "number": sheet.code.number}
        if sheet.code
        else None,
        "traits": {
            "bed": _cell(traits.bed, 30, _NAME, 12),
            "name": name,
            "born": _cell(traits.born, 50, 11, 24),
            "ipp": _cell(traits.ipp, 60, 11, 24),
        }
        if traits
        else None,
        "blocks": [_block(block, points) for block in sheet.blocks],
    }


def _tall(title: str, mm: float, points: float, place: str) -> float:
    """Millimetres of the title's lines and of the place under it."""
    return 6.8 * lines(title, mm, points) + (5.5 if place else 0)


def _cut(text: str, mm: float, points: float, most: int) -> str:
    """The words of ``text`` that ``most`` lines hold."""
    if lines(text, mm, points) <= most:
        return text
    words = text.split(" ")
    while len(words) > 1 and lines(" ".join(words) + "…", mm, points) > most:
        words.pop()
    return one_line(" ".join(words), mm * most * 0.9, points).rstrip("…") + "…"


def _words(cell: _Fitted | None) -> str:
    return cell if isinstance(cell, str) else next(iter(cell.values())) if cell else ""


def _cell(cell: Cell, mm: float, points: float, most: int = _CELL) -> _Fitted:
    if isinstance(cell, str):
        return fitted(cell, mm, points, most)
    key = "absent" if isinstance(cell, Absent) else "hidden"
    return {key: fitted(cell.words, mm - 6, points, most)}


@singledispatch
def _block(block: Block, points: float) -> dict[str, object]:
    raise TypeError(type(block).__name__)


@_block.register
def _(block: Say, points: float) -> dict[str, object]:
    said = _cell(block.text, WIDTH_MM, points, _PARAGRAPH)
    return {"kind": "say", "text": said, "strong": block.strong}


@_block.register
def _(block: Head, points: float) -> dict[str, object]:
    return {"kind": "head", "text": fitted(block.text, WIDTH_MM, points * 1.15, _LINE)}


@_block.register
def _(block: Box, points: float) -> dict[str, object]:
    said = [_cell(line, _BOX_MM, points, _PARAGRAPH) for line in block.lines]
    title = fitted(block.title, _BOX_MM, points * 1.15, _TITLE_LETTERS)
    return {"kind": "box", "title": title, "lines": said}


@_block.register
def _(block: Steps, points: float) -> dict[str, object]:
    acts = [_cell(act, _TICK_MM - 23, points, _LINE) for act in block.acts]
    return {"kind": "steps", "acts": acts, "timed": block.timed}


@_block.register
def _(block: Calls, points: float) -> dict[str, object]:
    calls = [_call(call, points) for call in block.calls]
    _spare(calls)
    return {"kind": "calls", "calls": calls}


@_block.register
def _(block: Fields, points: float) -> dict[str, object]:
    return {"kind": "fields", "fields": [_field(each, points) for each in block.fields]}


@_block.register
def _(block: Labels, points: float) -> dict[str, object]:
    return {"kind": "labels", "labels": [_label(label) for label in block.labels]}


@_block.register
def _(block: Ruled, points: float) -> dict[str, object]:
    return {"kind": "ruled", "count": block.count}


@_block.register
def _(block: Picture, points: float) -> dict[str, object]:
    said = fitted(block.said, WIDTH_MM, _SMALL)
    return {"kind": "picture", "svg": block.svg, "said": said, "tall": block.tall}


@_block.register
def _(block: Small, points: float) -> dict[str, object]:
    return {"kind": "small", "text": fitted(block.text, WIDTH_MM, _SMALL, _PARAGRAPH)}


@_block.register
def _(block: Contents, points: float) -> dict[str, object]:
    return {"kind": "contents", "parts": [_entry(part) for part in block.parts]}


def _held(cell: Cell, mm: float, points: float) -> Cell:
    """As much of a table's cell as a row may be tall: rows do not break."""
    if not isinstance(cell, str):
        return cell
    shown, most = drawable(cell[:_CELL]), mm * _CELL_LINES
    while len(shown) > 1 and width_mm(shown, points) > most:
        shown = cut(shown, max(1, len(shown) * 7 // 8))
    return shown


def _entry(part: tuple[str, str, str]) -> list[str]:
    slug, title, about = part
    return [slug, fitted(title, WIDTH_MM - 18, 13, 120), fitted(about, WIDTH_MM - 18, 11, 200)]


def _spare(calls: list[dict[str, Any]]) -> None:
    """A side holds so many small lines: past them the longest are cut to one, in their order."""
    told = [number for call in calls for number in call["numbers"] if number["below"]]
    tall = [lines(number["more"], _CALL_MM, _SMALL * _LIGHT) for number in told]
    for at, number in enumerate(told):
        if sum(tall) <= _SIDE_LINES:
            break
        number["more"], tall[at] = one_line(number["more"], _CALL_MM, _SMALL), 1


def _call(call: Call, points: float) -> dict[str, Any]:
    """Three lines at most for the sentence: a page holds five calls."""
    return {
        "rank": call.rank,
        "title": fitted(call.title, _CALL_MM, points, 110),
        "rule": fitted(call.rule, _CALL_MM, points, 60),
        "numbers": [_number(each, points) for each in call.numbers],
        "boxes": [fitted(each, _CALL_MM, points, 60) for each in call.boxes],
        "say": _cut(fitted(call.say, _CALL_MM, points, _LINE), _CALL_MM, points, 3),
    }


def _number(each: Number, points: float) -> dict[str, Any]:
    """Nothing a page can hold is cut: a name too long to stand beside its number is in small."""
    number, more = each.number, each.more
    beside = _CALL_MM - 8
    if isinstance(number, str):
        beside -= width_mm(number, points * 1.12)
    whose = each.whose if width_mm(each.whose, points) * _LIGHT <= beside else ""
    beside -= width_mm(whose, points) * _LIGHT + 2
    if each.whose and not whose:
        more = ", ".join(part for part in (each.whose, more) if part)
    return {
        "number": _cell(number, _CALL_MM - 4, points, _NUMBER),
        "whose": drawable(whose),
        "more": _cut(fitted(more, _CALL_MM, _SMALL, _BESIDE), _CALL_MM, _SMALL, _MORE_LINES),
        "below": width_mm(more, _SMALL) * _LIGHT > beside,
    }


def _grid(table: Table, points: float) -> dict[str, object]:
    """An empty table is its titles and its lines: a page of it is laid out ten times as fast as one
    of cells.
    """
    columns = table.columns
    return {
        "kind": "grid",
        "columns": [
            {"title": fitted(c.title, c.mm - 2.5, points, 60), "mm": c.mm} for c in columns
        ],
        "edges": [sum(c.mm for c in columns[:n]) for n in range(len(columns) + 1)],
        "wide": sum(column.mm for column in columns),
        "rows": table.blank,
        "tall": table.tall,
    }


@_block.register
def _(table: Table, points: float) -> dict[str, object]:
    columns = table.columns
    if table.tall and not table.rows:
        return _grid(table, points)
    return {
        "kind": "table",
        "columns": [
            {"title": fitted(c.title, c.mm - 2.5, points, 60), "mm": c.mm, "strong": c.strong}
            for c in columns
        ],
        "rows": [
            [
                _cell(_held(cell, column.mm - 2.5, points), column.mm - 2.5, points)
                for cell, column in zip(row, columns, strict=True)
            ]
            for row in table.rows
        ],
        "blank": table.blank,
        "tall": table.tall,
    }


def _field(field: Field, points: float) -> dict[str, object]:
    value = None if field.value is None else _cell(field.value, WIDTH_MM - 4, points, _PARAGRAPH)
    return {
        "label": fitted(field.label, WIDTH_MM, points, _LINE),
        "value": value,
        "short": width_mm(field.label, points) < WIDTH_MM - 45,
        "boxes": [fitted(each, WIDTH_MM - 12, points, 120) for each in field.boxes],
        "lines": field.lines,
    }


def _label(label: Label) -> dict[str, object]:
    first, *rest = label.lines or ("",)
    lines = [_one(first)] + [_one(line) for line in rest[:4]]
    return {"lines": lines}


def _one(cell: Cell) -> _Fitted:
    if isinstance(cell, str):
        return one_line(cell, _LABEL_MM - 4, _SMALL)
    key = "absent" if isinstance(cell, Absent) else "hidden"
    return {key: one_line(cell.words, _LABEL_MM - 10, _SMALL)}
