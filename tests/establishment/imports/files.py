"""Files as hospitals make them, built here: no file of anybody's is kept in the project."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from openpyxl import Workbook

from releve.establishment.folder import BLANK, read_bytes
from releve.establishment.imports.lines import State
from releve.establishment.imports.mapping import Mapping
from releve.establishment.imports.prepare import TABS, Given, prepare
from releve.establishment.imports.reading import read_book
from releve.establishment.imports.standing import Entity, Proposal, Standing
from releve.establishment.model import Establishment
from releve.kernel.ids import Finess
from tests.establishment.sample import FILES

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ENTITY = Entity(Finess("990000010"), Finess("990000028"), "CH de Valbrume")
NOTHING = Standing({}, None, None)


def xlsx(*sheets: tuple[str, Sequence[Sequence[Any]]], merged: Sequence[str] = ()) -> bytes:
    """A workbook; ``merged``: ranges of its first sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    for each in merged:
        book.worksheets[0].merge_cells(each)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv(*lines: str, codec: str = "utf-8") -> bytes:
    return "\r\n".join(lines).encode(codec)


def known(**changes: str) -> Standing:
    """The small hospital of the tests."""
    files = {**BLANK, **{name: text.encode() for name, text in FILES.items()}}
    files |= {name.replace("_", "."): text.encode() for name, text in changes.items()}
    return Standing(files, 1, read_bytes(files).establishment)


def made(
    kind: str,
    data: bytes,
    standing: Standing = NOTHING,
    *,
    name: str = "fichier.xlsx",
    chosen: Mapping | None = None,
    remove: bool = False,
) -> Proposal:
    """The proposal of one file, read by the confined process."""
    book = read_book(data, name, TABS.get(kind, ()))
    given = Given(kind, name, "0" * 64, book, chosen or Mapping(), NOW, remove, ENTITY)
    return prepare(given, standing)


def after(standing: Standing, proposal: Proposal) -> Standing:
    """What stands once it is confirmed."""
    files = {**(standing.files or BLANK), **proposal.files}
    return Standing(files, (standing.number or 0) + 1, read_bytes(files).establishment)


def establishment(standing: Standing, proposal: Proposal) -> Establishment:
    found = after(standing, proposal).establishment
    assert found is not None
    return found


def doubts(proposal: Proposal) -> list[tuple[int, str]]:
    return [(t.line, t.what) for t in proposal.told if t.state is State.DOUBTFUL]
