"""What a file says, once read by the confined process: sheets of plain cells."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

Cell = str | int | float | date | datetime | time
_MOST_ROWS, _MOST_CELLS = 200_001, 1_001


@dataclass(frozen=True)
class Sheet:
    """``rows``: (number from 1, cells); ``columns``: the number from 1 of each cell's column;
    ``partial``: why the file says that more exists than it holds, in French.
    """

    name: str
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    columns: tuple[int, ...]
    hidden: bool = False
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    merged: bool = False
    partial: str = ""


@dataclass(frozen=True)
class Book:
    """``secrets``: name of a secret column or attribute → how many values were dropped unread."""

    kind: str
    sheets: tuple[Sheet, ...]
    secrets: Mapping[str, int]


class BadAnswer(ValueError):
    """The confined process said something that is no book."""


def parse_book(answer: bytes) -> Book:
    """Check what the confined process said; raises :class:`BadAnswer`."""
    try:
        said = json.loads(answer)
        sheets = tuple(_sheet(each) for each in said["tables"])
        secrets = {str(name)[:80]: int(count) for name, count in said["secrets"].items()}
        return Book(str(said["kind"])[:20], sheets, secrets)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadAnswer from error


def _sheet(said: dict[str, Any]) -> Sheet:
    rows = tuple((int(number), tuple(map(_cell, cells))) for number, cells in said["rows"])
    columns = tuple(int(each) for each in said["columns"])
    if len(rows) > _MOST_ROWS or len(columns) > _MOST_CELLS:
        raise BadAnswer
    if any(len(cells) != len(columns) for _, cells in rows):
        raise BadAnswer
    formulas = {(int(row), int(column)): str(text) for row, column, text in said["formulas"]}
    notes = tuple(str(each)[:200] for each in said["notes"])
    name, hidden, merged = str(said["name"])[:200], said["hidden"] is True, bool(said["merged"])
    partial = str(said.get("partial", ""))[:200]
    return Sheet(name, rows, columns, hidden, formulas, notes, merged, partial)


def _cell(said: Any) -> Cell:  # noqa: ANN401
    if isinstance(said, str | int | float):
        return said
    if "d" in said:
        return (
            datetime.fromisoformat(said["d"]) if "T" in said["d"] else date.fromisoformat(said["d"])
        )
    found = re.fullmatch(r"(\d{1,6}):(\d\d)(?::\d\d)?", said["t"])
    if found is None:
        raise BadAnswer
    hours = int(found[1])
    return time(hours % 24, int(found[2])) if hours <= 24 else f"{hours}:{found[2]}"


def text_of(cell: Cell) -> str:
    """A cell as one would type it."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    return str(cell)


def letter(column: int) -> str:
    """« A », « Z », « AA »: what a spreadsheet calls its columns, from 1."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
