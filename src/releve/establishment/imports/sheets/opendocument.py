"""The merged cells of an OpenDocument spreadsheet, which calamine does not tell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from releve.establishment.imports.sheets.table import MAX_COLUMNS, MAX_ROWS, PARSER_ERRORS

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CELLS = frozenset([f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"])
_MAX_CONTENT = 256 << 20
_MAX_RANGES = 20_000

#: (row, column) of the first cell and of the last one, from 0.
Range = tuple[tuple[int, int], tuple[int, int]]


def merged_ranges(data: bytes) -> dict[str, list[Range]]:
    """Sheet's name → its merged ranges; empty for what is no OpenDocument or is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo("content.xml").file_size > _MAX_CONTENT:
                return {}
            with archive.open("content.xml") as member:
                return _read(member)
    except PARSER_ERRORS:
        return {}


def _read(member: Any) -> dict[str, list[Range]]:  # noqa: ANN401
    from defusedxml import ElementTree

    found: dict[str, list[Range]] = {}
    ranges: list[Range] = []
    row = count = 0
    for event, each in ElementTree.iterparse(member, events=("start", "end")):
        if event == "start":
            if each.tag == f"{_TABLE}table":
                ranges, row = found.setdefault(str(each.get(f"{_TABLE}name", "")), []), 0
            continue
        if each.tag != f"{_TABLE}table-row":
            continue
        if row < MAX_ROWS and count < _MAX_RANGES:
            here = list(_of_row(each, row))
            ranges += here
            count += len(here)
        row += _number(each, "number-rows-repeated")
        each.clear()
    return found


def _of_row(line: Any, row: int) -> Iterator[Range]:  # noqa: ANN401
    column = 0
    for each in line:
        if each.tag not in _CELLS or column >= MAX_COLUMNS:
            continue
        wide = _number(each, "number-columns-spanned")
        high = _number(each, "number-rows-spanned")
        if wide > 1 or high > 1:
            last = min(row + high, MAX_ROWS) - 1, min(column + wide, MAX_COLUMNS) - 1
            yield (row, column), last
        column += _number(each, "number-columns-repeated")


def _number(each: Any, name: str) -> int:  # noqa: ANN401
    said = str(each.get(_TABLE + name, "1"))
    return max(1, int(said)) if said.isdigit() and len(said) < 9 else 1
