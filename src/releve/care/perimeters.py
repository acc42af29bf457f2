"""Where a ward of the feed lies in the hospital: the unit code of PV1-3.1 → EJ/EG/service.

A unit that the establishment's folder does not name, and a patient without a place, lie at the
level of the legal entity: only who may read the whole entity sees them, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from releve.establishment import Establishment, stored
from releve.kernel.home import Home
from releve.kernel.perimeter import Perimeter


@dataclass(frozen=True)
class Ward:
    """A unit as people call it. ``known`` False = no service of the establishment holds it."""

    code: str
    name: str
    perimeter: Perimeter
    known: bool


@dataclass(frozen=True)
class Wards:
    """The units the establishment names; ``entity`` is the level of all the others."""

    entity: Perimeter
    units: Mapping[str, Ward] = field(default_factory=dict)

    def at(self, code: str | None) -> Ward:
        """The ward of a unit code; None or empty = a patient without a place."""
        if not code:
            return Ward("", "sans service indiqué", self.entity, known=False)
        return self.units.get(code) or Ward(code, code, self.entity, known=False)


def wards_of(home: Home, entity: Perimeter) -> Wards:
    """The wards of ``home``, read again only when another folder was loaded."""
    return _wards(home, entity, _stamp(home.path / "establishment/current"))


def from_establishment(establishment: Establishment | None, entity: Perimeter) -> Wards:
    """Services' units, each under its site and legal entity."""
    if establishment is None:
        return Wards(entity)
    units = {
        unit: Ward(unit, service.name, establishment.perimeter(service), known=True)
        for unit, service in establishment.service_of_unit.items()
    }
    return Wards(entity, units)


@lru_cache(maxsize=4)
def _wards(home: Home, entity: Perimeter, stamp: object) -> Wards:
    return from_establishment(stored(home), entity)


def _stamp(pointer: Path) -> object:
    """Changes when the pointer to the loaded generation is replaced."""
    try:
        seen = pointer.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns
