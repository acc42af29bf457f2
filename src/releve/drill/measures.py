"""A measure, its target, and what a drill's result is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from releve.drill.account import Account

Value = int | float | bool | None
Operator = Literal["<=", ">=", "=="]
Kind = Literal["info", "attack", "alarm", "act", "ok", "failure"]


@dataclass(frozen=True)
class Target:
    """``value`` compared with what was obtained; ``unit`` is the measure's."""

    op: Operator
    value: int | float | bool

    @property
    def words(self) -> str:
        """``<= 80``."""
        return f"{self.op} {self.value}"

    def met_by(self, obtained: Value) -> bool:
        """False when nothing was obtained."""
        if obtained is None:
            return False
        if self.op == "<=":
            return obtained <= self.value
        if self.op == ">=":
            return obtained >= self.value
        return obtained == self.value


@dataclass(frozen=True)
class Measure:
    """One figure: what was obtained, what was aimed at, the ledger entry that proves it."""

    id: str
    value: Value
    unit: str
    target: Target | None
    evidence: int
    #: Who observed it: « simulateur », « registre », « journal de l'attaquant »…
    seen_by: str

    @property
    def met(self) -> bool | None:
        """None when the measure is only reported."""
        return None if self.target is None else self.target.met_by(self.value)


@dataclass(frozen=True)
class NotMeasured:
    """A measure that could not be taken, and why; with a target, it makes the drill fail."""

    id: str
    reason: str
    had_target: bool


@dataclass(frozen=True)
class Happening:
    """One line of the timeline; ``story`` is the scenario's start plus the seconds elapsed."""

    at: datetime
    story: datetime
    who: str
    text: str
    kind: Kind = "info"
    evidence: int | None = None


@dataclass(frozen=True)
class Result:
    """All that a report shows; the JSON is made from this and nothing else."""

    scenario: str
    title: str
    seed: int
    started: datetime
    ended: datetime
    story_sha256: str
    measures: tuple[Measure, ...]
    not_measured: tuple[NotMeasured, ...]
    happenings: tuple[Happening, ...]
    #: Acts a person would have done, played by the simulator through the product's doors.
    played_acts: tuple[str, ...]
    #: What is said about the exercise itself: periods, fleet, versions (label → text).
    settings: dict[str, str]
    ledger_size: int
    ledger_root: str
    ledger_fingerprint: str
    sabotage: str | None = None
    #: What a director must decide, one sentence each.
    decisions: tuple[str, ...] = field(default=())
    #: What the report tells beside the measures; the JSON holds none of it.
    account: Account = field(default_factory=Account)

    @property
    def ok(self) -> bool:
        """Every target met and nothing with a target left unmeasured."""
        return not any(m.met is False for m in self.measures) and not any(
            n.had_target for n in self.not_measured
        )


#: Measures that need an event of the timeline.
PLAYED_BY: Mapping[str, tuple[str, ...]] = {
    "his-killed": ("feed.messages", "feed.acknowledged_lost", "care.census_patients"),
    "crisis": (
        "crisis.open_seconds",
        "care.kit_patients",
        "care.first_file_seconds",
        "binder.pages",
        "binder.missing",
    ),
    "loss": ("care.kit_patients", "care.first_file_seconds", "log.entries_automatic"),
    "restore": ("restore.order_respected", "restore.p0_seconds"),
}
