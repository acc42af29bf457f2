"""Reading on as a journal grows, from another process than its writer's, without reading twice."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from releve.journal.errors import JournalDamaged
from releve.journal.layout import HEADER_BYTES, Kind, Mark, Unreadable
from releve.journal.reading import Record, segment_of
from releve.journal.segment import Segment


class Follower:
    """Keeps its place between two calls of :meth:`take`. Not thread-safe; takes no lock.

    The caller must know how many records are *on the disk* (the writer's ``len``): beyond, a record
    may be written and not fsynced, and a power cut would take back what the caller has seen.
    """

    def __init__(self, folder: Path, start: int = 0) -> None:
        self._folder = folder
        self._closing = ExitStack()
        self._segment: Segment | None = None
        self._offset = HEADER_BYTES
        #: Index of the first record of the commit at ``_offset``.
        self._index = start
        self._next = start
        self._payloads: list[bytes] = []

    @property
    def next(self) -> int:
        """Index of the record that :meth:`take` gives first."""
        return self._next

    def take(self, stop: int, limit: int) -> list[Record]:
        """Records from :attr:`next` to ``stop`` - 1, at most ``limit``; all must be on the disk.

        Raises :class:`~releve.journal.errors.JournalDamaged` when the next one is not there as it
        was written; those before it have been given.
        """
        taken: list[Record] = []
        while self._next < stop and len(taken) < limit:
            try:
                self._payloads = self._payloads or self._commit()
            except JournalDamaged:
                if taken:
                    return taken
                raise
            count = min(limit - len(taken), stop - self._next, len(self._payloads))
            given, self._payloads = self._payloads[:count], self._payloads[count:]
            taken += map(Record, range(self._next, self._next + count), given)
            self._next += count
        return taken

    def close(self) -> None:
        """Release the segment."""
        self._closing.close()
        self._segment = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _commit(self) -> list[bytes]:
        """Payloads from the next record on, of the commit that holds it."""
        segment = self._segment
        if segment is None:
            place = segment_of(self._folder, self._next)
            segment, self._index = self._open(place.segment), place.index
        while True:
            try:
                mark = self._mark(segment)
                if mark.kind is Kind.CLOSED:
                    segment = self._open(mark.first)
                    continue
                wanted = mark.first + mark.count > self._next
                payloads = segment.commit(mark)[0] if wanted else []
            except Unreadable as why:
                raise segment.damaged(self._offset, why) from why
            self._offset, self._index = mark.end, mark.first + mark.count
            if wanted:
                return payloads[self._next - mark.first :]

    def _mark(self, segment: Segment) -> Mark:
        mark = segment.mark_at(self._offset)
        if mark.first != self._index:
            raise Unreadable("des enregistrements manquent avant")
        return mark

    def _open(self, first: int) -> Segment:
        self.close()
        self._segment = segment = self._closing.enter_context(Segment(self._folder, first))
        self._offset = HEADER_BYTES
        return segment
