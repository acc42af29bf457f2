"""One line of ``./run bench``: a figure against its goal. Ratios carry their baseline in the id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """What was measured, its unit, and the goal it is held against."""

    id: str
    value: float
    unit: str
    op: Literal["<=", ">="]
    goal: float

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal if self.op == "<=" else self.value >= self.goal
