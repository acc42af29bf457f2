"""What other rooms hold of the ledger: something that appends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from releve.ledger.evidence import Evidence


class Appender(Protocol):
    """Appends evidence, once per (origin, number). Thread-safe.

    Returned means on this machine's disk. On any error the caller may ask again with the same
    evidence: what was already kept returns its first index.
    """

    def append(self, evidence: Evidence) -> int:
        """The entry's index, ≥ 1 (entry 0 is the home's birth)."""
        ...

    def append_many(self, evidences: Sequence[Evidence]) -> list[int]:
        """The indexes, in order. When one is refused its error is raised, and the others may have
        been kept.
        """
        ...

    def publish(self) -> int:
        """Write tiles and checkpoint for all that is appended; the published size."""
        ...
