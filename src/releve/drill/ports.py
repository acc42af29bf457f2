"""The product under drill, as the engine sees it: doors that anyone has, and bytes on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from releve.drill.simulator.attack import Launch
from releve.kernel.home import Home
from releve.kernel.ids import MachineName

FactValue = str | int | float | bool | None


@dataclass(frozen=True)
class Fact:
    """An entry of the product's ledger, read back by the simulator."""

    index: int
    kind: str
    what: str
    system: str
    when: datetime
    value: FactValue
    unit: str | None
    detail: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A line of the product's recovery order. ``start`` and ``end`` in minutes from the order."""

    node: str
    start: float
    end: float
    why: str


@dataclass(frozen=True)
class Order:
    """What to bring back, in which order; ``waiting`` stands behind open gates, ``gates`` are those
    that could be closed now.
    """

    steps: Sequence[Step]
    gates: Sequence[str]
    waiting: Sequence[str]


@dataclass(frozen=True)
class LogLine:
    """An entry of the main courante. ``fact``: the ledger entry it tells, None when typed."""

    number: int
    text: str
    automatic: bool
    fact: int | None


@dataclass(frozen=True)
class Placed:
    """A patient as the product's census shows them; ``ward`` is the unit of the feed."""

    ipp: str
    name: str
    ward: str
    room: str
    bed: str


@dataclass(frozen=True)
class Binder:
    """What the product says of a binder it made: its pages, and each thing that it lacks."""

    pages: int
    missing: Sequence[str]


class Platform(Protocol):
    """One product on one drill home. Calls block until done and raise ``ReleveError``.

    Thread-safe once started; ``start`` and ``stop`` belong to the engine's main thread.
    """

    @property
    def home(self) -> Home:
        """The drill's own home."""
        ...

    @property
    def launch(self) -> Launch | None:
        """How to start the attacker under its own user; None without a root parent."""
        ...

    @property
    def attacker(self) -> tuple[int, int] | None:
        """The attacker's user and the group by which it reaches its folder."""
        ...

    def start(self, patches: Path | None) -> None:
        """Start every part and wait until each serves; ``patches`` goes on their import path."""
        ...

    def address(self, part: str) -> str:
        """Where ``web`` or ``receiver`` answers: a URL ending with a slash."""
        ...

    def first_access_code(self) -> str:
        """The one-time code that the console printed."""
        ...

    def enrol(self, machine: MachineName) -> dict[str, str]:
        """What ``vault enrol`` prints: RESTIC_REPOSITORY and RESTIC_PASSWORD."""
        ...

    def pid(self, part: str) -> int:
        """The process of a part, now."""
        ...

    def storage(self) -> Path:
        """The folder under which the receiver keeps objects: bytes that a sabotage may touch."""
        ...

    def restored(self, machine: MachineName) -> Path | None:
        """Where the last ordered restore of a machine lies, once it is finished."""
        ...

    def facts(self, start: int = 0) -> Sequence[Fact]:
        """Ledger entries from ``start`` on, in order."""
        ...

    def record(
        self,
        kind: str,
        what: str,
        *,
        system: str,
        value: FactValue,
        unit: str | None,
        detail: Mapping[str, FactValue] | None = None,
    ) -> int:
        """Append a fact of the drill, « simulé »; returns its index once it is durable."""
        ...

    def load_establishment(self, folder: Path) -> None:
        """What ``establishment load`` does, before anything is started."""
        ...

    def recovery_order(self, lost: Sequence[str], closed: Mapping[str, str]) -> Order:
        """What ``establishment plan`` prints; ``closed``: gate → the person who closed it."""
        ...

    def readable_messages(self) -> frozenset[str]:
        """SHA-256 of the bytes of every patient message that can be read back."""
        ...

    def census(self) -> Sequence[Placed]:
        """Every patient of every ward, as the pages show them now."""
        ...

    def kits_missing(self) -> str | None:
        """Why this machine builds no kit; None when it does."""
        ...

    def kits(self) -> Path:
        """The folder from which continuity machines copy the published kits."""
        ...

    def kit_code(self, ward: str) -> str:
        """What stands on the ward's sealed card."""
        ...

    def open_kit(self, kit: Path, code: str) -> Sequence[Placed]:
        """What ``care open`` reads in a kit, from that file and its code alone."""
        ...

    def logbook(self) -> Sequence[LogLine]:
        """The main courante of the open crisis, oldest first; empty when there is none."""
        ...

    def bind(self, folder: Path, wards: Sequence[str]) -> Binder:
        """What ``incident binder`` makes of this home, its own census and the forms of ``wards``
        (codes), in a new folder.
        """
        ...

    def lose_patient_stores(self) -> None:
        """Stop everything, then delete all that the product holds of patients: nothing is left."""
        ...

    def anchor(self) -> str:
        """The ledger's public key text, as it would stand on paper before the night."""
        ...

    def published(self) -> Path:
        """Have every entry so far put under a signed checkpoint; the folder where the log lies."""
        ...

    def export(self, folder: Path) -> None:
        """What ``ledger export`` writes."""
        ...

    def stop(self) -> None:
        """Stop every part; nothing of the product is left running."""
        ...
