"""The tables that one sheet holds: several may stand side by side, or one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from releve.establishment.imports.book import Cell, Sheet, text_of
from releve.establishment.imports.layout import Layout, match, sheet_layout
from releve.establishment.words import key

#: A label is taken for a header's own beyond this (see :func:`~.layout.match`).
_SURE = 0.95


def tables_in(
    sheet: Sheet, layout: Layout, kind: str, names: frozenset[str]
) -> list[tuple[Sheet, Layout]]:
    """The table that ``layout`` found, cut where its header begins again to the right or, with
    other words, further down. Each part keeps the numbers of its lines and columns.

    ``names``: fields of which one is needed for a table to be one.
    """
    found: list[tuple[Sheet, Layout]] = []
    for beside, its_layout in _beside(sheet, layout, kind, names):
        found += _below(beside, its_layout, kind, names)
    return found


def _beside(
    sheet: Sheet, layout: Layout, kind: str, names: frozenset[str]
) -> list[tuple[Sheet, Layout]]:
    head = next((cells for number, cells in sheet.rows if number in layout.header[-1:]), ())
    labels = [key(text_of(cell)) for cell in head]
    wanted = [n for n, label in enumerate(labels) if label]
    wanted += [column.place for column in layout.columns if column.field in names]
    for anchor in dict.fromkeys(labels[place] for place in (*wanted[:1], *wanted[-1:])):
        starts = [n for n, label in enumerate(labels) if label and label == anchor]
        if len(starts) < 2:
            continue
        shared = list(range(starts[0]))
        ends = [*starts[1:], len(labels)]
        parts = [
            _columns(sheet, [*shared, *range(start, end)])
            for start, end in zip(starts, ends, strict=True)
        ]
        tables = [(part, sheet_layout(part, kind, layout.header)) for part in parts]
        if all(table.fields & names and len(table.fields) > 1 for _, table in tables):
            return tables
    return [(sheet, layout)]


def _columns(sheet: Sheet, places: Sequence[int]) -> Sheet:
    """The sheet with some of its columns, and the lines that say something there."""
    rows = [(number, tuple(cells[place] for place in places)) for number, cells in sheet.rows]
    kept = tuple((number, cells) for number, cells in rows if any(cell != "" for cell in cells))
    return replace(sheet, rows=kept, columns=tuple(sheet.columns[place] for place in places))


def _below(
    sheet: Sheet, layout: Layout, kind: str, names: frozenset[str]
) -> Iterable[tuple[Sheet, Layout]]:
    last = max(layout.header, default=0)
    own = {key(column.label) for column in layout.columns}
    starts = [
        place
        for place, (number, cells) in enumerate(sheet.rows)
        if number > last and _heads(kind, cells, names) and not _words(cells) <= own
    ]
    if not starts or not layout.header:
        return [(sheet, layout)]
    found = [(replace(sheet, rows=sheet.rows[: starts[0]]), layout)]
    for start, end in zip(starts, [*starts[1:], len(sheet.rows)], strict=True):
        part = replace(sheet, rows=sheet.rows[start:end])
        part = _columns(part, range(len(part.columns)))
        found.append((part, sheet_layout(part, kind, (sheet.rows[start][0],))))
    return found


def _heads(kind: str, cells: Sequence[Cell], names: frozenset[str]) -> bool:
    """Whether a line is the header of a table: words only, most of them known, a name's among."""
    said = [cell for cell in cells if cell != ""]
    words = [cell for cell in said if isinstance(cell, str) and not re.search(r"\d{3}|@", cell)]
    if len(said) < 2 or len(words) < len(said):
        return False
    sure = [field for field, score in (match(kind, word) for word in words) if score >= _SURE]
    return len(set(sure)) > 1 and bool(names & set(sure)) and 2 * len(sure) > len(words)


def _words(cells: Sequence[Cell]) -> set[str]:
    return {key(text_of(cell)) for cell in cells if cell != ""}
