"""What the vault asks of the world. ``runtime`` supplies the real things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from releve.kernel.ids import MachineName
from releve.vault.objects import Kind, Receipt, Verdict
from releve.vault.protocol import Cause


class Objects(Protocol):
    """Received objects of one machine. Raises ``Unreadable`` for one that is absent or shorter
    than asked, ``ReceiverUnreachable`` when they cannot be reached.
    """

    def read(self, kind: Kind, name: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes ``start`` to ``end`` (excluded; None = to the end)."""
        ...


@dataclass(frozen=True)
class News:
    """What the receiver tells the worker. ``refusals`` are totals since the receiver's ``life``
    began: (machine, cause) → count.
    """

    life: str
    receipts: tuple[tuple[int, Receipt], ...]
    refusals: Mapping[tuple[MachineName, Cause], int]


@dataclass(frozen=True)
class Segment:
    """A closed segment of the receipts: ``root`` is its chain's head, in hexadecimal."""

    first: int
    count: int
    root: str


class Depot(Protocol):
    """The receiver, as the worker sees it. One caller; raises ``ReceiverUnreachable``."""

    def news(self, start: int, wait: float) -> News:
        """Receipts numbered ``start`` and up; waits up to ``wait`` seconds for the first."""
        ...

    def objects(self, machine: MachineName) -> Objects:
        """One machine's objects."""
        ...

    def valid(self, machine: MachineName, kind: Kind) -> list[str]:
        """Names the worker has judged valid before."""
        ...

    def segments(self, start: int) -> list[Segment]:
        """Closed segments of the receipts that begin at receipt ``start`` or later."""
        ...

    def judge(self, verdicts: Iterable[Verdict]) -> None:
        """Give verdicts; durable on return; the first given to an object is final."""
        ...


@dataclass(frozen=True)
class Fact:
    """Something for the ledger, known once by (``origin``, ``number``), number ≥ 1.

    ``private`` (label → text) must be written only as commitments.
    """

    kind: str
    what: str
    when: datetime
    system: str
    value: int | None
    unit: str | None
    origin: str
    number: int
    sha256: str | None = None
    rule: str | None = None
    detail: Mapping[str, int | str | bool | None] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)


class Facts(Protocol):
    """Where facts go. Durable on return; the same (origin, number) given twice is kept once.

    Raises a ``ReleveError`` when the ledger cannot be reached: the caller comes back with them.
    """

    def record(self, facts: Sequence[Fact]) -> None:
        """Keep facts, in order."""
        ...


class Reporter(Protocol):
    """Where a loop says what went wrong, for the person who runs the house."""

    def __call__(self, text: str) -> None: ...


__all__ = ["Depot", "Fact", "Facts", "News", "Objects", "Reporter", "Segment"]
