"""The end of a journal, where commits are written. One thread at a time."""

from __future__ import annotations

import os
import secrets
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from releve.journal.errors import JournalFull
from releve.journal.layout import (
    CHAIN_START,
    HEADER_BYTES,
    SALT_BYTES,
    Header,
    Kind,
    Mark,
    encode_body,
)
from releve.journal.reading import Place
from releve.journal.recovery import WAYPOINT_BYTES, End, Origin, Recovered, closing_mark, recover
from releve.journal.reserve import NO_SPACE, Reserve
from releve.journal.segment import segment_path
from releve.kernel.durable import create_durably, fsync, fsync_folder, write_durably


class Tail:
    """Writes commits at the end of the last segment and starts the next one when it is full.

    Every method leaves the journal on a commit's edge, whatever it raises, except an ``OSError``
    that is not about room: then the file must be closed and recovered.
    """

    _header: Header
    _offset: int
    _index: int
    _chain: bytes
    _sealed: bool
    _waypoints: list[Place]

    def __init__(self, folder: Path, origin: Origin, *, segment_bytes: int, reserve: int) -> None:
        self._folder, self._origin, self._segment_bytes = folder, origin, segment_bytes
        self._reserve = Reserve(folder, reserve)
        _sweep(folder)
        found = recover(folder, origin)
        end, self.recovered = found or (self._begin(), Recovered(1, 0, 0, 0))
        self._descriptor = self._resume(end)

    @property
    def index(self) -> int:
        """Index of the next record."""
        return self._index

    @property
    def chain(self) -> bytes:
        """Head of the chain."""
        return self._chain

    def place(self, start: int) -> Place | None:
        """A known commit at or before record ``start`` in the last segment; None if it is older."""
        waypoints = self._waypoints
        found = bisect_right(waypoints, start, key=lambda place: place.index)
        return waypoints[found - 1] if found else None

    def commit(self, payloads: Sequence[bytes]) -> int:
        """Write and fsync; returns the first record's index. Raises :class:`JournalFull` with
        nothing written.
        """
        try:
            self._reserve.make()
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            raise self._full(error) from error
        if self._header.epoch != self._origin.epoch and self._offset == HEADER_BYTES:
            self._adopt_empty_segment()
        elif self._offset >= self._segment_bytes or self._header.epoch != self._origin.epoch:
            self._rotate()
        first = self._index
        self._append(payloads)
        return first

    def seal(self) -> None:
        """Put everything under a mark, so that any later damage to it is known as damage."""
        if not self._sealed and self._offset > HEADER_BYTES:
            self._append(())

    def close(self) -> None:
        """Release the file; nothing is written."""
        os.close(self._descriptor)

    def _append(self, payloads: Sequence[bytes]) -> None:
        body, chain = encode_body(self._chain, payloads)
        mark = Mark(
            Kind.COMMIT,
            self._header.salt,
            self._offset,
            self._index,
            len(payloads),
            len(body),
            self._chain,
        )
        self._using_reserve(lambda: self._write(mark.encode() + body), self._undo)
        fsync(self._descriptor)
        if self._offset - self._waypoints[-1].offset >= WAYPOINT_BYTES:
            self._waypoints.append(Place(self._header.first, self._index, self._offset))
        self._offset, self._index, self._chain = mark.end, self._index + mark.count, chain
        self._sealed = not payloads

    def _rotate(self) -> None:
        """The next segment first, then the closing mark: a closed segment always has a next."""
        header = self._new_header(self._index, self._chain)
        path = segment_path(self._folder, self._index)

        def act() -> None:
            create_durably(path, header.encode())
            self._write(closing_mark(self._header, self._offset, self._index, self._chain))

        def undo() -> None:
            self._undo()
            path.unlink(missing_ok=True)
            fsync_folder(self._folder)

        self._using_reserve(act, undo)
        fsync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = self._resume(_start(header))

    def _adopt_empty_segment(self) -> None:
        """The last segment holds nothing yet and bears an older epoch: give it ours."""
        header = self._new_header(self._index, self._chain)
        path = segment_path(self._folder, self._index)
        self._using_reserve(lambda: write_durably(path, header.encode()), lambda: None)
        os.close(self._descriptor)
        self._descriptor = self._resume(_start(header))

    def _using_reserve(self, act: Callable[[], None], undo: Callable[[], None]) -> None:
        try:
            act()
            return
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
        self._reserve.free()
        try:
            act()
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            undo()
            raise self._full(error) from error

    def _write(self, data: bytes) -> None:
        view, place = memoryview(data), self._offset
        while view:
            written = os.pwrite(self._descriptor, view, place)
            view, place = view[written:], place + written

    def _undo(self) -> None:
        os.ftruncate(self._descriptor, self._offset)
        fsync(self._descriptor)

    def _begin(self) -> End:
        header = self._new_header(0, CHAIN_START)
        try:
            create_durably(segment_path(self._folder, 0), header.encode())
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            raise self._full(error) from error
        return _start(header)

    def _new_header(self, index: int, chain: bytes) -> Header:
        salt = secrets.token_bytes(SALT_BYTES)
        return Header(self._origin.home_id, self._origin.epoch, index, chain, salt)

    def _resume(self, end: End) -> int:
        """Take ``end`` as the place to write; returns the descriptor to write with."""
        self._header = end.header
        self._offset, self._index, self._chain = end.offset, end.index, end.chain
        self._sealed = end.sealed
        self._waypoints = list(end.waypoints)
        return os.open(segment_path(self._folder, end.header.first), os.O_WRONLY | os.O_CLOEXEC)

    def _full(self, error: OSError) -> JournalFull:
        return JournalFull(folder=self._folder, why=error.strerror)


def _start(header: Header) -> End:
    waypoints = (Place(header.first, header.first, HEADER_BYTES),)
    return End(header, HEADER_BYTES, header.first, header.chain, False, waypoints, 0, 0)


def _sweep(folder: Path) -> None:
    """Remove what an interrupted creation left beside the segments."""
    for left in folder.glob(".*.journal.*.tmp"):
        with suppress(FileNotFoundError):
            left.unlink()
