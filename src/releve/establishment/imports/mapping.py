"""A person's choices for a file, written as a small TOML: which sheet, which column is what.

::

    kind = "staff"
    sheet = "Feuil1"
    header = [3, 4]                   # numéros des lignes de l'en-tête
    source = "liste du personnel"     # à quel import précédent comparer

    [columns]                         # libellé → champ ; "" = ne pas lire
    "Nom d'usage" = "last_name"

    [rota]                            # tableaux d'astreintes seulement
    name = "Astreinte chirurgie"
    year = 2026
    month = 12

    [hours."Astreinte chirurgie"]     # par astreinte : jours ouvrés ; samedi, dimanche et fériés
    week = ["18:30", "08:30"]
    off = ["08:30", "08:30"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Any

from releve.establishment.faults import shown
from releve.establishment.imports.errors import MapUnreadable
from releve.establishment.imports.hours import Hours, parse_hours

MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class Mapping:
    """Everything may be absent: what is not chosen is recognised."""

    kind: str = ""
    sheet: str = ""
    header: tuple[int, ...] = ()
    source: str = ""
    columns: Table[str, str] = field(default_factory=dict)
    rota: str = ""
    year: int = 0
    month: int = 0
    hours: Table[str, Hours] = field(default_factory=dict)


def parse_mapping(data: bytes, name: str) -> Mapping:
    """Read one; raises :class:`MapUnreadable`."""
    if len(data) > MAX_BYTES:
        raise MapUnreadable(name=shown(name), why="il est trop grand")
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
        return _mapping(said)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MapUnreadable(name=shown(name), why="ce n'est pas du TOML en UTF-8") from error
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        why = f"une valeur n'y est pas de la bonne forme ({shown(str(error))})"
        raise MapUnreadable(name=shown(name), why=why) from error


def _mapping(said: dict[str, Any]) -> Mapping:
    header = said.get("header", [])
    lines = tuple(int(each) for each in (header if isinstance(header, list) else [header]))
    rota = dict(said.get("rota", {}))
    columns = {str(label): str(name) for label, name in dict(said.get("columns", {})).items()}
    hours = {str(name): parse_hours(each) for name, each in dict(said.get("hours", {})).items()}
    return Mapping(
        str(said.get("kind", "")),
        str(said.get("sheet", "")),
        lines[:2],
        str(said.get("source", ""))[:60],
        columns,
        str(rota.get("name", ""))[:120],
        int(rota.get("year", 0)),
        int(rota.get("month", 0)),
        hours,
    )


def write_mapping(chosen: Mapping) -> bytes:
    """The same as TOML."""
    import tomlkit

    document = tomlkit.document()
    for name in ("kind", "sheet", "source"):
        if getattr(chosen, name):
            document.add(name, getattr(chosen, name))
    if chosen.header:
        document.add("header", list(chosen.header))
    if chosen.columns:
        document.add("columns", dict(chosen.columns))
    rota = {"name": chosen.rota, "year": chosen.year, "month": chosen.month}
    rota = {name: value for name, value in rota.items() if value}
    if rota:
        document.add("rota", rota)
    if chosen.hours:
        document.add("hours", {name: each.written() for name, each in chosen.hours.items()})
    return tomlkit.dumps(document).encode()
