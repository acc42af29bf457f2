"""A table as the readers give it, and what they may hold."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

MAX_ROWS = 200_000
MAX_CELLS = 4_000_000
MAX_COLUMNS = 1_000
MAX_SHEETS = 300
#: A longer text is cut just after, so that whoever reads it sees that it is too long.
MAX_TEXT = 2_001
MAX_FORMULAS = 2_000
#: What the members of a workbook may add up to once unpacked, in octets.
MAX_UNPACKED = 1 << 30
MAX_MEMBERS = 20_000

#: What parsing libraries raise on bytes that are not what they claim to be.
PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

#: As JSON: a text, a number, ``{"d": ISO day or moment}``, ``{"t": "18:30"}``; "" = nothing.
Cell = str | int | float | dict[str, str]


#: An encrypted Office file is an OLE2 folder that holds these streams (MS-OFFCRYPTO 2.3.2).
_ENCRYPTED = tuple(name.encode("utf-16-le") for name in ("EncryptedPackage", "EncryptionInfo"))
PROTECTED = "il est protégé par un mot de passe : retirez-le dans le tableur, puis recommencez"


def is_encrypted(data: bytes) -> bool:
    """Whether an OLE2 file is an encrypted Office file."""
    return all(name in data for name in _ENCRYPTED)


class Refused(Exception):
    """This file cannot be read; the message is French and may be shown."""


@dataclass
class Table:
    """One sheet. ``rows``: (number from 1, cells), rows without anything left out; ``columns``: the
    number from 1 of each column, those without anything left out. ``formulas``: (row, column,
    text). ``merged``: how many merged ranges were spread. ``partial``: why the table is not whole,
    in French.
    """

    name: str
    rows: list[tuple[int, list[Cell]]] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    hidden: bool = False
    formulas: list[tuple[int, int, str]] = field(default_factory=list)
    merged: int = 0
    notes: list[str] = field(default_factory=list)
    partial: str = ""


def cell(value: Any) -> Cell:  # noqa: ANN401
    """A library's value as a :data:`Cell`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return {"d": value.replace(tzinfo=None).isoformat(timespec="minutes")}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, time):
        return {"t": value.isoformat(timespec="minutes")}
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return {"t": f"{minutes // 60:02d}:{minutes % 60:02d}"}
    return str(value)[:MAX_TEXT]


def _number(value: float) -> Cell:
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return ""
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
    return value


def dense(name: str, first: tuple[int, int], rows: Iterable[list[Any]], hidden: bool) -> Table:
    """A table from rectangular rows whose first cell stands at ``first`` (row, column, from 1)."""
    sparse: list[tuple[int, dict[int, Cell]]] = []
    for number, values in enumerate(rows, first[0]):
        held = {
            column: cell(value)
            for column, value in enumerate(values, first[1])
            if value not in ("", None)
        }
        if held:
            sparse.append((number, held))
    return compact(name, sparse, hidden)


def compact(name: str, rows: list[tuple[int, dict[int, Cell]]], hidden: bool) -> Table:
    """A table of what says something: blank rows and columns left out, their numbers kept."""
    kept = [(n, {c: v for c, v in held.items() if not _blank(v)}) for n, held in rows]
    kept = [(number, held) for number, held in kept if held]
    if len(kept) > MAX_ROWS:
        raise Refused(f"la feuille « {name[:60]} » a plus de {MAX_ROWS} lignes remplies")
    columns = sorted({column for _, held in kept for column in held})
    table = Table(name, columns=columns, hidden=hidden)
    if len(columns) > MAX_COLUMNS:
        table.notes.append(f"{len(columns)} colonnes : les {MAX_COLUMNS} premières sont lues")
        table.columns = columns = columns[:MAX_COLUMNS]
    if len(kept) * len(columns) > MAX_CELLS:
        raise Refused(f"la feuille « {name[:60]} » a plus de {MAX_CELLS} cellules")
    table.rows = [(number, [held.get(column, "") for column in columns]) for number, held in kept]
    return table


def _blank(value: Cell) -> bool:
    return isinstance(value, str) and not value.strip()
