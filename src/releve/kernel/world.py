"""What separates a drill from reality, and how a figure was obtained."""

from __future__ import annotations

from enum import StrEnum


class World(StrEnum):
    """A home is born one or the other, for ever."""

    REAL = "real"
    DRILL = "drill"


class Reality(StrEnum):
    """How a figure was obtained; « simulé » is never counted with the rest."""

    SIMULATED = "simulé"
    TECHNICAL = "technique"
    FIELD = "terrain"

    @property
    def world(self) -> World:
        """The only kind of home that may sign such a figure."""
        return World.DRILL if self is Reality.SIMULATED else World.REAL
