"""xlsx, xlsm, xlsb, xls, ods: values by calamine, formulas and far-flung sheets by openpyxl."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from releve.establishment.imports.sheets.opendocument import Range, merged_ranges
from releve.establishment.imports.sheets.table import (
    MAX_FORMULAS,
    MAX_SHEETS,
    PARSER_ERRORS,
    PROTECTED,
    Cell,
    Refused,
    Table,
    cell,
    compact,
    dense,
)

#: Beyond this rectangle a sheet is read cell by cell: one lost in its last corner costs nothing.
_DENSE_CELLS = 3_000_000
_CHUNK = 1 << 22
_MAX_FORMULA_SCAN = 64 << 20
_MAX_SPREAD = 20_000
_FILLED = re.compile(
    rb"<(?:\w+:)?c [^<>]{0,200}?\br=\"([A-Z]{1,3})(\d{1,7})\"[^<>]{0,200}>\s*<(?:\w+:)?(?:v|is|f)\b"
)
#: Cells and lines with a style and nothing else: a million of them take half a minute to parse.
_EMPTY = re.compile(rb"<(?:\w+:)?(?:c|row)\b[^<>]*/>|<((?:\w+:)?(?:c|row))\b[^<>]*[^/<>]>\s*</\1>")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >]")


def read_workbook(data: bytes, only: tuple[str, ...]) -> list[Table]:
    """The sheets, all or those whose name begins like one of ``only`` when there are some."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        metadata = book.sheets_metadata
    except CalamineError as error:
        raise Refused(_said(error)) from None
    named = [m.name for m in metadata if m.name.lower().startswith(only)] if only else []
    zipped = _Zipped(data)
    ranges = merged_ranges(data) if data[:2] == b"PK" else {}
    tables = []
    for index, about in enumerate(metadata[:MAX_SHEETS]):
        if named and about.name not in named:
            continue
        hidden = about.visible is not SheetVisibleEnum.Visible
        seen = zipped.extent(about.name)
        if seen.cells > _DENSE_CELLS:
            table = zipped.sparse(about.name, hidden)
            table.notes.append(
                "feuille étalée jusqu'à ses derniers confins : seul le rempli est lu"
            )
        else:
            table = _by_calamine(book, index, about.name, hidden, ranges)
        if seen.formulas:
            table.formulas = zipped.formulas(about.name)
        tables.append(table)
    return tables


def _by_calamine(
    book: CalamineWorkbook, index: int, name: str, hidden: bool, ranges: dict[str, list[Range]]
) -> Table:
    try:
        sheet = book.get_sheet_by_index(index)
    except (CalamineError, *PARSER_ERRORS):
        return Table(name, hidden=hidden, notes=["feuille illisible (graphique, ou abîmée)"])
    if sheet.start is None:
        return Table(name, hidden=hidden)
    row, column = sheet.start
    rows = sheet.to_python(skip_empty_area=True)
    spread = _spread(rows, sheet.merged_cell_ranges or ranges.get(name, []), row, column)
    table = dense(name, (row + 1, column + 1), rows, hidden)
    table.merged = spread
    return table


def _spread(
    rows: list[list[Any]],
    ranges: list[tuple[tuple[int, int], tuple[int, int]]],
    row: int,
    column: int,
) -> int:
    """Give each cell of a merged range the value of its first one; how many ranges were."""
    done = left = 0
    for (top, start), (bottom, end) in ranges:
        top, bottom, start, end = top - row, bottom - row, start - column, end - column
        left += (bottom - top + 1) * (end - start + 1)
        if top < 0 or start < 0 or top >= len(rows) or left > _MAX_SPREAD:
            continue
        width = len(rows[top])
        value = rows[top][start] if start < width else ""
        if value == "":
            continue
        for each in rows[top : bottom + 1]:
            each[start : end + 1] = [value] * (min(end, width - 1) - start + 1)
        done += 1
    return done


def _said(error: Exception) -> str:
    said = str(error).lower()
    if "password" in said or "encrypt" in said:
        return PROTECTED
    return "ce n'est pas un classeur lisible, ou il est abîmé"


class _Extent:
    """How far the filled cells of a sheet reach, and whether it holds formulas."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.formulas = False

    @property
    def cells(self) -> int:
        return self.rows * self.columns


class _Zipped:
    """The xlsx side: each sheet's XML, by the sheet's name. Anything else has no such side."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._paths: dict[str, str] = {}
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self._archive_names = set(archive.namelist())
                if "xl/workbook.xml" in self._archive_names:
                    self._paths = _paths(archive)

    def extent(self, name: str) -> _Extent:
        found = _Extent()
        for piece in self._pieces(name):
            found.formulas = found.formulas or _FORMULA.search(piece) is not None
            for match in _FILLED.finditer(piece):
                found.rows = max(found.rows, int(match[2]))
                found.columns = max(found.columns, _column(match[1]))
        return found

    def _pieces(self, name: str) -> Iterator[bytes]:
        """The sheet's XML by pieces that end before a cell begins."""
        if name not in self._paths:
            return
        with (
            zipfile.ZipFile(io.BytesIO(self._data)) as archive,
            archive.open(self._paths[name]) as member,
        ):
            rest = b""
            while chunk := member.read(_CHUNK):
                rest += chunk
                cut = max(rest.rfind(mark) for mark in (b"<c ", b"<row", b":c ", b":row"))
                cut = rest.rfind(b"<", 0, cut + 1) if cut > 0 else rest.rfind(b"<")
                cut = cut if cut > 0 else len(rest)
                yield rest[:cut]
                rest = rest[cut:]
            yield rest

    def sparse(self, name: str, hidden: bool) -> Table:
        """Cell by cell: memory follows what is filled."""
        rows: list[tuple[int, dict[int, Cell]]] = []
        for number, cells in self._parsed(name, data_only=True):
            held = {each["column"]: cell(each["value"]) for each in cells}
            held = {column: value for column, value in held.items() if value != ""}
            if held:
                rows.append((number, held))
        return compact(name, rows, hidden)

    def formulas(self, name: str) -> list[tuple[int, int, str]]:
        """The first formulas, as text."""
        with zipfile.ZipFile(io.BytesIO(self._data)) as archive:
            if archive.getinfo(self._paths[name]).file_size > _MAX_FORMULA_SCAN:
                return [(0, 0, "formules")]
        found: list[tuple[int, int, str]] = []
        for number, cells in self._parsed(name, data_only=False):
            for each in cells:
                if each["data_type"] == "f" and len(found) < MAX_FORMULAS:
                    found.append((number, each["column"], str(each["value"])[:200]))
        return found

    def _parsed(self, name: str, *, data_only: bool) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        from openpyxl import load_workbook
        from openpyxl.worksheet._reader import WorkSheetParser

        book: Any = load_workbook(
            io.BytesIO(self._data), read_only=True, data_only=data_only, keep_links=False
        )
        sheet: Any = book[name]
        slim = b"".join(_EMPTY.sub(b"", piece) for piece in self._pieces(name))
        with io.BytesIO(slim) as source:
            parser: Any = WorkSheetParser(
                source,
                sheet._shared_strings,
                data_only=data_only,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            yield from parser.parse()


def _paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet's name → its member, from the workbook's own relations."""
    from defusedxml import ElementTree

    relations = {}
    for each in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")).iter():
        if each.get("Id"):
            target = str(each.get("Target", "")).lstrip("/")
            relations[each.get("Id")] = target if target.startswith("xl/") else f"xl/{target}"
    known = set(archive.namelist())
    found = {}
    for each in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        name = each.get("name")
        link = next((value for key, value in each.attrib.items() if key.endswith("}id")), None)
        if name and relations.get(link) in known:
            found[name] = relations[link]
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
