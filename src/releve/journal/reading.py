"""Reading records in order, with or without the writer beside."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from releve.journal.errors import JournalDamaged
from releve.journal.layout import HEADER_BYTES, Kind, Mark, Unreadable
from releve.journal.segment import Segment, holds_commits, segment_firsts, segment_path


class Record(NamedTuple):
    """A payload and its place in the journal, counted from 0."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody wants here
    payload: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """A commit's position: the segment's first index, the commit's own, its offset in the file."""

    segment: int
    index: int
    offset: int


def read_journal(folder: Path, start: int = 0) -> Iterator[Record]:
    """Records from ``start`` on, without lock and without changing anything.

    Beside a live writer the last records may be written and not yet acknowledged; a commit that is
    still being written ends the reading quietly. Raises
    :class:`~releve.journal.errors.JournalDamaged` at the first damage met.
    """
    if not folder.is_dir() or not segment_firsts(folder):
        return iter(())
    return records(folder, segment_of(folder, start), start, stop=None)


def segment_of(folder: Path, index: int) -> Place:
    """The start of the segment that holds record ``index``; raises ``JournalDamaged``."""
    firsts = segment_firsts(folder)
    if not firsts or firsts[0] != 0:
        raise JournalDamaged(file=segment_path(folder, 0), offset=0, why="ce segment manque")
    first = firsts[max(0, bisect_right(firsts, index) - 1)]
    return Place(first, first, HEADER_BYTES)


def records(folder: Path, place: Place, start: int, *, stop: int | None) -> Iterator[Record]:
    """Records ``start`` … ``stop`` - 1, walking commits from ``place`` (not beyond ``start``).

    With ``stop`` every record before it must be there; without, the tail may still be moving.
    """
    following: Place | None = place
    while following is not None:
        with Segment(folder, following.segment) as segment:
            walk = _Walk(segment, following, start, stop)
            yield from walk.records()
            following = walk.following


class _Walk:
    """One segment's part of a reading; ``following`` is where the next one starts, if any."""

    def __init__(self, segment: Segment, place: Place, start: int, stop: int | None) -> None:
        self._segment = segment
        self._index, self._offset = place.index, place.offset
        self._start, self._stop = start, stop
        self.following: Place | None = None

    def records(self) -> Generator[Record, None, None]:
        while self._stop is None or self._index < self._stop:
            found = self._commit()
            if found is None:
                return
            mark, payloads = found
            if mark.first != self._index:
                raise self._segment.damaged(self._offset, "des enregistrements manquent avant")
            if mark.kind is Kind.CLOSED:
                self.following = Place(mark.first, mark.first, HEADER_BYTES)
                return
            self._index, self._offset = mark.first + mark.count, mark.end
            for index, payload in enumerate(payloads, mark.first):
                if index >= self._start:
                    yield Record(index, payload)

    def _commit(self) -> tuple[Mark, list[bytes]] | None:
        """The commit at this place; None at the end of what is written."""
        with suppress(Unreadable):
            return self._read()
        if self._stop is None and not self._goes_on():
            return None
        try:
            return self._read()  # the writer may have finished this commit, and the next, meanwhile
        except Unreadable as why:
            raise self._segment.damaged(self._offset, why) from why

    def _read(self) -> tuple[Mark, list[bytes]]:
        mark = self._segment.mark_at(self._offset)
        if mark.first + mark.count <= self._start:
            return mark, []
        return mark, self._segment.commit(mark)[0]

    def _goes_on(self) -> bool:
        """Whether something was written beyond this place, hence this place must be readable."""
        if self._segment.later_mark(self._offset) is not None:
            return True
        folder, here = self._segment.path.parent, self._segment.header.first
        later = [first for first in segment_firsts(folder) if first > here]
        return bool(later) and (later[0] != self._index or holds_commits(folder, later[0]))
