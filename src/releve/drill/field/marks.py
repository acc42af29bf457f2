"""From taps and typed hours to human times. A correction is a later mark; nothing is erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from releve.drill.field.exercise import Passage, played
from releve.drill.field.scenario import FieldScenario, Gesture


@dataclass(frozen=True)
class Mark:
    """``what`` was done in ``place`` at ``at``; None withdraws what stood. ``how``: tapped, typed
    on the spot, or copied from paper.
    """

    place: str
    what: str
    at: datetime | None
    how: str = ""


@dataclass(frozen=True)
class Place:
    """Where somebody observes: a ward, or the crisis cell. ``unit`` is its perimeter."""

    code: str
    name: str
    cell: bool
    unit: str


@dataclass(frozen=True)
class Timed:
    """A gesture in one place: ``minutes`` of play after the start, None when nobody stamped."""

    place: Place
    minutes: float | None
    how: str
    met: bool | None


@dataclass(frozen=True)
class GestureTimes:
    """A gesture everywhere: the median of what was measured, None when nothing was."""

    gesture: Gesture
    median: float | None
    met: bool | None
    places: tuple[Timed, ...]


def standing(marks: Iterable[Mark]) -> dict[tuple[str, str], Mark]:
    """What stands of each (place, what): the last mark written, unless it withdraws."""
    last = {(mark.place, mark.what): mark for mark in marks}
    return {key: mark for key, mark in last.items() if mark.at is not None}


def human_times(
    scenario: FieldScenario,
    places: Sequence[Place],
    marks: Iterable[Mark],
    passages: Sequence[Passage],
) -> tuple[GestureTimes, ...]:
    """Each gesture of the scenario, in its order, with every place where it was to be observed."""
    stands = standing(marks)
    return tuple(_times(gesture, places, stands, passages) for gesture in scenario.gestures)


def _times(
    gesture: Gesture,
    places: Sequence[Place],
    stands: Mapping[tuple[str, str], Mark],
    passages: Sequence[Passage],
) -> GestureTimes:
    wanted = [place for place in places if place.cell is (gesture.who == "cellule")]
    timed = tuple(
        _timed(gesture, place, stands.get((place.code, gesture.slug)), passages) for place in wanted
    )
    found = [each.minutes for each in timed if each.minutes is not None]
    middle = round(median(found), 1) if found else None
    met = None if middle is None else middle <= gesture.minutes
    return GestureTimes(gesture, middle, met, timed)


def _timed(gesture: Gesture, place: Place, mark: Mark | None, passages: Sequence[Passage]) -> Timed:
    if mark is None or mark.at is None:
        return Timed(place, None, "", None)
    minutes = round(played(passages, mark.at).total_seconds() / 60, 1)
    return Timed(place, minutes, mark.how, minutes <= gesture.minutes)
