"""What stands beside a grid: legends, and the table of initials."""

from __future__ import annotations

import re
from collections.abc import Sequence

from releve.establishment.imports.book import Cell, text_of
from releve.establishment.imports.grids import Table
from releve.establishment.imports.heads import Head

_INITIALS = re.compile(r"[^\W\d_]{1,4}")


def learn_besides(table: Table, found: Sequence[Head]) -> None:
    """Legends and initials, below the grid or at its right."""
    right = max(column for head in found for column in head.columns)
    for line, cells in table.sheet.rows:
        said = [text_of(cell) for cell in cells if cell != ""]
        if len(set(said)) <= 2:
            for text in said:
                table.marks.learn(text)
        if 2 <= len(said) <= 4:
            _initials(table, line, said[:2])
        beyond = [text_of(cell) for cell in cells[right + 1 :] if cell != ""]
        for place, text in enumerate(beyond):
            if not table.named.known(text):
                table.marks.learn(text)
            _initials(table, line, beyond[place : place + 2])


def _initials(table: Table, line: int, pair: Sequence[str]) -> None:
    """« OCI », « CIBOULE Octave »: an entry of a table of initials."""
    if len(pair) != 2 or not _INITIALS.fullmatch(pair[0]) or len(pair[1].split()) < 2:
        return
    if table.named.learn_initials(*pair) is False:
        what = f"initiales « {pair[0]} » données à plusieurs agents : pas lues"
        table.findings.doubt(line, pair[1], what, "Donnez à chacun ses initiales.")


def titles_above(table: Table, head: Head) -> tuple[str, ...]:
    """What is said above a line of days, in its own columns: « Astreintes DSI », « 2026 »."""
    right = max(head.columns) + 1
    found: list[str] = []
    for _, cells in table.sheet.rows[: head.place]:
        said = list(dict.fromkeys(_told(cells[:right])))
        if len(said) <= 4 and not any(table.named.known(text) for text in said):
            found += [text for text in said if len(text) > 2]
    return tuple(dict.fromkeys(found))


def _told(cells: Sequence[Cell]) -> list[str]:
    return [text_of(cell) for cell in cells if cell != "" and isinstance(cell, str | int)]
