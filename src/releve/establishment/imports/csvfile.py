"""A CSV of the folder, changed without losing what else stands in it: order, columns, comments."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from releve.establishment.faults import Findings
from releve.establishment.text import decode, normal

_BOM = "\ufeff"


@dataclass
class CsvFile:
    """Lines as lists of cells; ``header`` is the place of the header among them."""

    columns: list[str]
    lines: list[list[str]]
    header: int

    @classmethod
    def read(cls, name: str, data: bytes, needed: Sequence[str]) -> CsvFile:
        """What stands; a column of ``needed`` that it lacks is added, empty."""
        text = decode(name, data, Findings()) or ";".join(needed)
        head = next((x for x in text.splitlines() if x.strip() and not x.startswith("#")), "")
        separator = max(";,\t", key=head.count)
        lines = [
            line for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if line
        ]
        place = next((n for n, line in enumerate(lines) if not line[0].startswith("#")), None)
        if place is None:
            lines.append(list(needed))
            place = len(lines) - 1
        columns = [normal(cell) for cell in lines[place]]
        for each in needed:
            if each not in columns:
                columns.append(each)
                lines[place].append(each)
        return cls(columns, lines, place)

    def rows(self, key: Sequence[str] = ("id",)) -> dict[str, dict[str, str]]:
        """Key (several fields joined by « | ») → fields, as they stand; the first of each."""
        found: dict[str, dict[str, str]] = {}
        for line in self.lines[self.header + 1 :]:
            if line[0].startswith("#"):
                continue
            row = {name: cell.strip() for name, cell in zip(self.columns, line, strict=False)}
            found.setdefault("|".join(row.get(name, "") for name in key), row)
        return found

    def written(self, rows: Mapping[str, Mapping[str, str]], key: Sequence[str] = ("id",)) -> bytes:
        """The file with these rows: in place when they stood, at the end when new, without those
        that are not given.
        """
        left = dict(rows)
        lines = []
        for place, line in enumerate(self.lines):
            if place <= self.header or line[0].startswith("#"):
                lines.append(line)
                continue
            row = {name: cell.strip() for name, cell in zip(self.columns, line, strict=False)}
            after = left.pop("|".join(row.get(name, "") for name in key), None)
            if after is not None:
                lines.append([after.get(name, row.get(name, "")) for name in self.columns])
        lines += [[row.get(name, "") for name in self.columns] for row in left.values()]
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=";", lineterminator="\n").writerows(lines)
        return out.getvalue().encode()
