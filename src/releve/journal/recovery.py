"""What opening a journal does before the first write: check every segment's ends, re-read the last.

A commit is kept whole or not at all. A bad tail with no later mark was never acknowledged: it is
cut and counted. Damage before a later mark is an alarm and nothing is cut.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from releve.journal.errors import JournalDamaged, JournalEpochRefused, JournalForeign
from releve.journal.layout import (
    HEADER_BYTES,
    Header,
    Kind,
    Mark,
    Unreadable,
)
from releve.journal.reading import Place
from releve.journal.segment import Segment, segment_firsts, segment_path
from releve.kernel.durable import fsync, fsync_folder

#: One known place per this many bytes of the last segment, so that a reader starts near its record.
WAYPOINT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Origin:
    """The home that writes, and its epoch; in the header of each segment."""

    home_id: str
    epoch: int


@dataclass(frozen=True)
class Recovered:
    """What opening found: whole segments and records, and the unacknowledged tail it cut.

    ``cut_records`` is None when the cut bytes do not say how many they were.
    """

    segments: int
    records: int
    cut_bytes: int
    cut_records: int | None


@dataclass(frozen=True)
class End:
    """Where writing resumes in the last segment."""

    header: Header
    offset: int
    index: int
    chain: bytes
    #: The last commit carries no record: everything before it is under a mark already.
    sealed: bool
    waypoints: tuple[Place, ...]
    cut_bytes: int
    cut_records: int | None


def recover(folder: Path, origin: Origin) -> tuple[End, Recovered] | None:
    """Check the segments of ``folder`` and cut an unacknowledged tail; None when there is none.

    Raises ``JournalDamaged``, ``JournalForeign``, ``JournalEpochRefused`` or ``JournalTooNew``,
    with nothing changed.
    """
    firsts = segment_firsts(folder)
    if not firsts:
        return None
    if firsts[0] != 0:
        raise JournalDamaged(file=segment_path(folder, 0), offset=0, why="ce segment manque")
    _check_origins(folder, firsts, origin)
    with Segment(folder, firsts[-1]) as last:
        end = find_end(last)
    unclosed: End | None = None
    for first, following in pairwise(firsts):
        last_pair = following == firsts[-1]
        unclosed = _check_joint(folder, first, following, end if last_pair else None)
    if unclosed is not None:
        close_segment(folder, unclosed)
    for first in firsts[-2:-1]:  # its closing mark may be in memory only
        _cut(segment_path(folder, first), None)
    _cut(last.path, end.offset)
    fsync_folder(folder)
    return end, Recovered(len(firsts), end.index, end.cut_bytes, end.cut_records)


def _check_origins(folder: Path, firsts: list[int], origin: Origin) -> None:
    epoch = 0
    for first in firsts:
        with Segment(folder, first) as segment:
            header = segment.header
        if header.home_id != origin.home_id:
            raise JournalForeign(file=segment.path, found=header.home_id, wanted=origin.home_id)
        if header.epoch > origin.epoch:
            raise JournalEpochRefused(file=segment.path, found=header.epoch, wanted=origin.epoch)
        if header.epoch < epoch:
            raise segment.damaged(0, f"son époque ({header.epoch}) vient après l'époque {epoch}")
        epoch = header.epoch


def _check_joint(folder: Path, first: int, following: int, last: End | None) -> End | None:
    """Check that ``first`` leads to ``following`` without a gap.

    A cut between the birth of the last segment and the closing of the one before leaves the latter
    unclosed: its end is returned, to be closed. Anything else unclosed is damage.
    """
    with Segment(folder, first) as segment, Segment(folder, following) as after:
        closing = segment.closing_mark()
        if closing is not None:
            if (closing.first, closing.chain) != (following, after.header.chain):
                raise after.damaged(0, "ce segment ne suit pas le précédent")
            return None
        if last is None or last.offset != HEADER_BYTES:
            raise segment.damaged(segment.size, "la fin de ce segment manque")
        end = find_end(segment)
        if (end.index, end.chain) != (following, after.header.chain):
            raise segment.damaged(end.offset, "la fin de ce segment manque")
        return end


def find_end(segment: Segment) -> End:
    """Re-read a segment that is not closed; raises ``JournalDamaged`` for a bad middle."""
    header, size = segment.header, segment.size
    offset, index, chain, sealed = HEADER_BYTES, header.first, header.chain, False
    waypoints = [Place(header.first, index, offset)]
    cut_records: int | None = 0
    while offset < size:
        mark: Mark | None = None
        try:
            mark = segment.mark_at(offset)
            _check_follows(segment, mark, index, chain)
            _, chain = segment.commit(mark)
        except Unreadable as why:
            if segment.later_mark(offset) is not None:
                raise segment.damaged(offset, why) from why
            cut_records = mark.count if mark else None
            break
        if offset - waypoints[-1].offset >= WAYPOINT_BYTES:
            waypoints.append(Place(header.first, index, offset))
        offset, index, sealed = mark.end, index + mark.count, mark.count == 0
    return End(header, offset, index, chain, sealed, tuple(waypoints), size - offset, cut_records)


def _check_follows(segment: Segment, mark: Mark, index: int, chain: bytes) -> None:
    if (mark.first, mark.chain) != (index, chain):
        raise segment.damaged(mark.offset, "un envoi ne suit pas le précédent")
    if mark.kind is Kind.CLOSED:
        raise segment.damaged(mark.offset, f"le segment de l'enregistrement {index} manque")


def close_segment(folder: Path, end: End) -> None:
    """Write the closing mark at ``end``; the next segment is on the disk already."""
    mark = closing_mark(end.header, end.offset, end.index, end.chain)
    path = segment_path(folder, end.header.first)
    _cut(path, end.offset)
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, mark, end.offset)
        fsync(descriptor)
    finally:
        os.close(descriptor)


def closing_mark(header: Header, offset: int, index: int, chain: bytes) -> bytes:
    """The bytes that end a segment whose next index is ``index``."""
    return Mark(Kind.CLOSED, header.salt, offset, index, 0, 0, chain).encode()


def _cut(path: Path, offset: int | None) -> None:
    """Drop what follows ``offset`` and make sure that the rest is on the disk, not in memory."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if offset is not None and os.fstat(descriptor).st_size != offset:
            os.ftruncate(descriptor, offset)
        fsync(descriptor)
    finally:
        os.close(descriptor)
