"""What is drawn: the time line, the map, the curves. Each has its twin in words or figures.

The same drawings serve the screen and the paper; ``style`` is CSS put inside for a reader that has
no style sheet of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from releve.drill.account import Spot
from releve.drill.measures import Result
from releve.drill.report.curves import Plot, plots
from releve.drill.report.timeline import Lane, lanes


@dataclass(frozen=True)
class Drawings:
    """Each may be empty: nothing is drawn then."""

    lanes: tuple[Lane, ...]
    plots: tuple[Plot, ...]
    spots: tuple[Spot, ...]


def drawings(result: Result) -> Drawings:
    """What there is to draw of a night."""
    return Drawings(lanes(result.happenings), plots(result), result.account.spots)
