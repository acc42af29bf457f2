"""After how long without a message a source is said to be silent (``freshness.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

from releve.kernel.errors import BadInput

#: What a source may speak of, besides the sections of a file.
KINDS = ("identity", "movements", "allergies", "treatments", "results", "documents")
_FIX = "Écrivez par exemple [results] puis period_minutes = 60 (de 1 à 525600), ou period_seconds."
_UNITS = {"period_minutes": timedelta(minutes=1), "period_seconds": timedelta(seconds=1)}
_LONGEST = timedelta(days=365)


@dataclass(frozen=True)
class Freshness:
    """The period expected of each of :data:`KINDS`."""

    periods: Mapping[str, timedelta]

    def silent(self, kind: str, heard: datetime, now: datetime) -> bool:
        """Whether nothing came for more than twice the period."""
        return now - heard > 2 * self.periods[kind]


def read_freshness(override: Path | None = None) -> Freshness:
    """The shipped periods, a hospital's own instead where ``override`` exists and says so.

    Raises ``BadInput`` with the file, the table and what to write.
    """
    shipped = resources.files("releve.care").joinpath("freshness.toml").read_text("utf-8")
    tables = tomllib.loads(shipped)
    if override is not None and override.exists():
        tables |= _tables(override)
    where = str(override or "freshness.toml")
    return Freshness({kind: _period(tables, kind, where) for kind in KINDS})


def _tables(path: Path) -> dict[str, object]:
    try:
        return dict(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise BadInput(where=path, what=error, fix=_FIX) from error


def _period(tables: Mapping[str, object], kind: str, where: str) -> timedelta:
    table = tables[kind]
    given = [name for name in _UNITS if name in table] if isinstance(table, dict) else []
    if isinstance(table, dict) and len(given) == 1:
        count, unit = table[given[0]], _UNITS[given[0]]
        if type(count) is int and 1 <= count <= _LONGEST // unit:
            return count * unit
    raise BadInput(where=f"{where}, table [{kind}]", what="période illisible", fix=_FIX)
