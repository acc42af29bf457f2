"""What the pages read of the ledger: its size, the last entry of each kind, a range of entries.

The ledger only grows, so each reading goes on where the last one stopped; one reader serves the
whole process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from releve.kernel.home import Home
from releve.kernel.perimeter import Perimeter
from releve.ledger.evidence import Evidence
from releve.pages.house import current_home, home_perimeter, perimeter_of
from releve.pages.wording import written
from releve.runtime.ledger import read_entries
from releve.web.words import named


@dataclass(frozen=True)
class Entry:
    """An evidence at its index, and where it lies."""

    index: int
    evidence: Evidence

    @property
    def words(self) -> str:
        """What the entry is about, in words."""
        return named(self.evidence.what)

    @property
    def value(self) -> str:
        """The raw measure with its unit, as people read it; empty when the entry has none."""
        return written(self.evidence.value, self.evidence.unit or "")

    @property
    def perimeter(self) -> Perimeter | None:
        """Where the evidence was measured; None while this home has no legal entity."""
        number = self.evidence.finess
        return perimeter_of(number) if number else home_perimeter()


class Entries:
    """Reads a home's ledger as it grows. Thread-safe."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._count = 0
        self._latest: dict[tuple[str, str], Entry] = {}

    def count(self) -> int:
        """How many entries there are, now."""
        with self._lock:
            for index, evidence in read_entries(self._home, self._count):
                self._count = index + 1
                if evidence.reality.world is self._home.world:
                    self._latest[evidence.what, evidence.system] = Entry(index, evidence)
            return self._count

    def latest(self, *whats: str) -> list[Entry]:
        """The last entry of each system about one of ``whats``, newest first."""
        self.count()
        with self._lock:
            found = [entry for (what, _), entry in self._latest.items() if what in whats]
        return sorted(found, key=lambda entry: entry.index, reverse=True)

    def all_latest(self) -> list[Entry]:
        """The last entry of each kind and system, newest first."""
        self.count()
        with self._lock:
            return sorted(self._latest.values(), key=lambda entry: entry.index, reverse=True)

    def since(self, start: int, limit: int) -> Iterator[Entry]:
        """Entries from ``start`` on, oldest first, at most ``limit``, of this home's world only."""
        for index, evidence in islice(read_entries(self._home, start), limit):
            if evidence.reality.world is self._home.world:
                yield Entry(index, evidence)


@lru_cache(maxsize=4)
def _entries(path: Path) -> Entries:
    return Entries(current_home())


def entries() -> Entries:
    """The reader of this process's home."""
    return _entries(current_home().path)
