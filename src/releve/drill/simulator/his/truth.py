"""Who really lies in which bed, by the story's own facts: no message is read to know it.

A fact counts once its message was acknowledged, in whatever order that happened. Movements of a
stay are ordered by their hour; a withdrawn one counts no more; a correction replaces the movement
it corrects; of two versions of an identity or of a merge the later one holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from releve.drill.simulator.his.people import Person


@dataclass(frozen=True)
class Place:
    """``ward`` is the establishment's code; ``unit``, ``room``, ``bed`` as the feed writes them."""

    ward: str
    unit: str
    room: str
    bed: str


@dataclass(frozen=True)
class Moved:
    """Movement ``movement`` of ``stay``; ``place`` None = the patient left the hospital."""

    movement: int
    revision: int
    stay: str
    ipp: str
    at: datetime
    place: Place | None


@dataclass(frozen=True)
class Withdrawn:
    """That movement never took place."""

    movement: int


@dataclass(frozen=True)
class Known:
    """An identity as of ``revision``."""

    revision: int
    person: Person


@dataclass(frozen=True)
class Joined:
    """``gone`` is the same person as ``kept``, or (``parted``) is not after all."""

    revision: int
    gone: str
    kept: str
    parted: bool = False


K = TypeVar("K")
V = TypeVar("V", Moved, Known, Joined)
Fact = Moved | Withdrawn | Known | Joined


@dataclass(frozen=True)
class Resident:
    """A patient in a bed."""

    ipp: str
    name: str
    first_names: str
    born: str
    ward: str
    unit: str
    room: str
    bed: str


class Truth:
    """The state that the acknowledged facts make. Not thread-safe."""

    def __init__(self) -> None:
        self._moves: dict[int, Moved] = {}
        self._withdrawn: set[int] = set()
        self._known: dict[str, Known] = {}
        self._joined: dict[str, Joined] = {}

    def take(self, facts: Iterable[Fact]) -> None:
        """These facts are acknowledged; taking one twice changes nothing."""
        for fact in facts:
            if isinstance(fact, Withdrawn):
                self._withdrawn.add(fact.movement)
            elif isinstance(fact, Moved):
                _keep_later(self._moves, fact.movement, fact)
            elif isinstance(fact, Known):
                _keep_later(self._known, fact.person.ipp, fact)
            else:
                _keep_later(self._joined, fact.gone, fact)

    def census(self) -> dict[str, tuple[Resident, ...]]:
        """Ward code → its patients in bed order; a ward without patient is absent."""
        last: dict[str, Moved] = {}
        for moved in self._moves.values():
            known = last.get(moved.stay)
            if moved.movement not in self._withdrawn and (known is None or _after(moved, known)):
                last[moved.stay] = moved
        wards: dict[str, list[Resident]] = {}
        for moved in last.values():
            if moved.place is not None:
                resident = self._resident(moved.ipp, moved.place)
                wards.setdefault(moved.place.ward, []).append(resident)
        return {
            ward: tuple(sorted(wards[ward], key=lambda one: (one.room, one.bed, one.ipp)))
            for ward in sorted(wards)
        }

    def _resident(self, ipp: str, place: Place) -> Resident:
        kept = ipp
        while (joined := self._joined.get(kept)) is not None and not joined.parted:
            kept = joined.kept
        person = (self._known.get(kept) or self._known[ipp]).person
        return Resident(
            ipp=kept,
            name=person.family,
            first_names=person.first_names,
            born=person.born,
            ward=place.ward,
            unit=place.unit,
            room=place.room,
            bed=place.bed,
        )


def _after(one: Moved, other: Moved) -> bool:
    return (one.at, one.movement) > (other.at, other.movement)


def _keep_later(kept: dict[K, V], key: K, fact: V) -> None:
    known = kept.get(key)
    if known is None or fact.revision >= known.revision:
        kept[key] = fact
