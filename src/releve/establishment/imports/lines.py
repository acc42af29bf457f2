"""What an import says of each line: new, changed, kept as corrected, gone, doubtful."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from releve.establishment.faults import shown


class State(StrEnum):
    """What becomes of a line; the order is the one in which a person reads them."""

    DOUBTFUL = "doubtful"
    KEPT = "kept"
    GONE = "gone"
    REMOVED = "removed"
    CHANGED = "changed"
    NEW = "new"
    LEFT_OUT = "left_out"
    SAME = "same"


@dataclass(frozen=True)
class Told:
    """One thing to say. ``line`` counts from 1 in the file, 0 = none; texts are French and already
    safe to show; ``remedy`` what a person can do about a doubtful line.
    """

    state: State
    line: int
    who: str
    what: str
    remedy: str = ""


@dataclass
class Findings:
    """What is said while a file is read."""

    told: list[Told] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def doubt(self, line: int, who: str, what: str, remedy: str) -> None:
        self.told.append(Told(State.DOUBTFUL, line, shown(who), shown_whole(what), remedy))

    def leave_out(self, line: int, who: str, why: str) -> None:
        self.told.append(Told(State.LEFT_OUT, line, shown(who), shown_whole(why)))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(shown_whole(text))


def shown_whole(text: str) -> str:
    """Control and direction characters escaped, whatever the length (500 at most)."""
    return "".join(
        c if c.isprintable() or c in "\u00a0\u202f" else f"\\u{ord(c):04x}" for c in text[:500]
    )


def counted(told: Iterable[Told]) -> Mapping[State, int]:
    """How many of each, zero included."""
    counts = dict.fromkeys(State, 0)
    for each in told:
        counts[each.state] += 1
    return counts


def as_plain(told: Iterable[Told]) -> list[dict[str, object]]:
    """For JSON."""
    return [{**asdict(each), "state": str(each.state)} for each in told]
