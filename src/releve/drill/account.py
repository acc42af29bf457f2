"""What a night leaves to be told beside its measures: when each act began, curves, the map, the
order of recovery. Every part may be empty: the report then says nothing of it.

All hours are story hours, like those of :class:`~releve.drill.measures.Happening`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CurveId = Literal["messages", "files", "patients"]
Layer = Literal["machine", "application", "service"]
State = Literal["lost", "stopped", "working"]


@dataclass(frozen=True)
class Scene:
    """An act of the night began; ``kind`` is the scenario's, or ``alarm``."""

    kind: str
    story: datetime


@dataclass(frozen=True)
class Curve:
    """``messages``: acknowledged during each second; ``files`` encrypted and ``patients`` present
    and known: totals, each from its hour on.
    """

    id: CurveId
    points: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True)
class Struck:
    """A machine whose files the attacker changed."""

    machine: str
    first: datetime
    files: int


@dataclass(frozen=True)
class Revival:
    """A line of the recovery order and what came of it. ``planned_minutes``: the restore time that
    the hospital wrote; ``answered`` is None when the server never did.
    """

    node: str
    name: str
    why: str
    planned_minutes: float
    ordered: datetime | None
    answered: datetime | None


@dataclass(frozen=True)
class Passage:
    """A gate of the recovery order, closed by a named person."""

    gate: str
    by: str
    story: datetime


@dataclass(frozen=True)
class Spot:
    """A place on the map. ``lost``: struck or killed that night; ``stopped``: needs what was lost.

    ``count`` > 1 stands for that many alike. ``back`` is measured for a machine (its hour is then
    in ``again``) and read from the map for the others. ``needs``: ids of spots.
    """

    id: str
    name: str
    layer: Layer
    state: State
    back: bool
    again: datetime | None = None
    beds: int = 0
    count: int = 1
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fleet:
    """The machines that really ran, out of those that the hospital's folder lists."""

    workstations: int
    servers: int
    record_systems: int
    listed: int

    @property
    def real(self) -> int:
        """All of them, each a process of its own."""
        return self.workstations + self.servers + self.record_systems


@dataclass(frozen=True)
class Account:
    """The whole of it."""

    scenes: tuple[Scene, ...] = ()
    curves: tuple[Curve, ...] = ()
    struck: tuple[Struck, ...] = ()
    revivals: tuple[Revival, ...] = ()
    passages: tuple[Passage, ...] = ()
    spots: tuple[Spot, ...] = ()
    fleet: Fleet | None = None
    #: When the crisis opened, when the machines touched were cut off.
    opened: datetime | None = None
    isolated: datetime | None = None

    def began(self, kind: str) -> datetime | None:
        """The story hour of an act; None when it was not played."""
        return next((scene.story for scene in self.scenes if scene.kind == kind), None)

    def curve(self, id: CurveId) -> Curve | None:
        """None when there is no point of it."""
        return next((one for one in self.curves if one.id == id and one.points), None)
