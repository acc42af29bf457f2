"""Which (origin, number) the log already holds: 24 bytes an entry, rebuilt from the journal."""

from __future__ import annotations

from array import array
from bisect import bisect_left


class _OfOrigin:
    """Three parallel columns sorted by number; numbers nearly always arrive in order."""

    __slots__ = ("digests", "indexes", "numbers")

    def __init__(self) -> None:
        self.numbers = array("Q")
        self.indexes = array("Q")
        self.digests = array("Q")


class Numbers:
    """(origin, number) → the entry's index, and 64 bits of its leaf hash to tell another content
    under the same number.
    """

    def __init__(self) -> None:
        self._origins: dict[str, _OfOrigin] = {}

    def put(self, origin: str, number: int, index: int, leaf: bytes) -> None:
        """Record an entry; its number is not yet there."""
        columns = self._origins.setdefault(origin, _OfOrigin())
        at = bisect_left(columns.numbers, number)
        columns.numbers.insert(at, number)
        columns.indexes.insert(at, index)
        columns.digests.insert(at, int.from_bytes(leaf[:8], "big"))

    def find(self, origin: str, number: int, leaf: bytes) -> tuple[int, bool] | None:
        """(index, same content), or None when the number is free."""
        columns = self._origins.get(origin)
        if columns is None:
            return None
        at = bisect_left(columns.numbers, number)
        if at == len(columns.numbers) or columns.numbers[at] != number:
            return None
        return columns.indexes[at], columns.digests[at] == int.from_bytes(leaf[:8], "big")
