"""Re-reading everything, and the roots of finished segments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from releve.journal.errors import JournalDamaged, JournalTooNew
from releve.journal.layout import CHAIN_START, HEADER_BYTES, Header, Kind, Unreadable
from releve.journal.segment import Segment, holds_commits, segment_firsts, segment_path


@dataclass(frozen=True, slots=True)
class ClosedSegment:
    """A segment that will not grow: its ``count`` records from ``first``.

    ``root`` is the SHA-256 chain over every record of the journal up to this segment's last.
    """

    first: int
    count: int
    root: bytes


class Damage(NamedTuple):
    """What is wrong, and where (offset in bytes)."""

    file: Path
    offset: int
    why: str


@dataclass(frozen=True)
class Verdict:
    """Outcome of :func:`verify_journal`; ``records`` counts those read intact.

    ``unfinished_bytes``: a tail without a later mark, torn or still being written; not damage.
    """

    segments: int
    records: int
    chain: bytes
    unfinished_bytes: int
    damage: tuple[Damage, ...]

    @property
    def ok(self) -> bool:
        """Nothing damaged, nothing missing."""
        return not self.damage


def closed_segments(folder: Path) -> list[ClosedSegment]:
    """Segments that are complete, in order; reads only their ends. Raises ``JournalDamaged``."""
    closed: list[ClosedSegment] = []
    for first in segment_firsts(folder) if folder.is_dir() else []:
        with Segment(folder, first) as segment:
            mark = segment.closing_mark()
        if mark is None:
            break
        closed.append(ClosedSegment(first, mark.first - first, mark.chain))
    return closed


def verify_journal(folder: Path) -> Verdict:
    """Re-read every record and the whole chain, without lock; damage is listed, never raised.

    Raises ``JournalTooNew`` when a newer program wrote a segment.
    """
    scrub = _Scrub()
    firsts = segment_firsts(folder) if folder.is_dir() else []
    for first in firsts:
        scrub.segment(folder, first, _ending(folder, firsts, first))
    return Verdict(
        len(firsts), scrub.records, scrub.chain, scrub.unfinished_bytes, tuple(scrub.damage)
    )


class _Ending(Enum):
    """What the end of a segment may look like, given what follows it."""

    LAST = "a torn tail, no closing mark"
    JUST_FOLLOWED = "either: the next segment was just born"
    CLOSED = "a closing mark"


def _ending(folder: Path, firsts: list[int], first: int) -> _Ending:
    if first == firsts[-1]:
        return _Ending.LAST
    if first == firsts[-2] and not holds_commits(folder, firsts[-1]):
        return _Ending.JUST_FOLLOWED
    return _Ending.CLOSED


class _Scrub:
    """Goes on after damage, from the next mark or segment, so that all of it is listed."""

    def __init__(self) -> None:
        self.records = 0
        self.chain = CHAIN_START
        self.unfinished_bytes = 0
        self.damage: list[Damage] = []
        self._index = 0
        self._header: Header | None = None

    def segment(self, folder: Path, first: int, ending: _Ending) -> None:
        if first != self._index:
            missing = segment_path(folder, self._index)
            why = f"ce segment manque (le suivant commence à {first})"
            self.damage.append(Damage(missing, 0, why))
        try:
            with Segment(folder, first) as segment:
                self._check_header(segment, joined=first == self._index)
                self._index, self.chain = first, segment.header.chain
                self._commits(segment, ending)
        except JournalTooNew:
            raise
        except JournalDamaged as error:
            self.damage.append(Damage(segment_path(folder, first), 0, str(error.data["why"])))

    def _check_header(self, segment: Segment, *, joined: bool) -> None:
        header, before = segment.header, self._header
        self._header = header
        if joined and header.chain != self.chain:
            self._note(segment, 0, "ce segment ne suit pas le précédent")
        if before is not None and header.home_id != before.home_id:
            self._note(segment, 0, f"ce segment vient du dossier « {header.home_id} »")
        if before is not None and header.epoch < before.epoch:
            self._note(segment, 0, f"son époque ({header.epoch}) recule")

    def _commits(self, segment: Segment, ending: _Ending) -> None:
        offset, closed = HEADER_BYTES, False
        while offset < segment.size and not closed:
            try:
                mark = segment.mark_at(offset)
                if (mark.first, mark.chain) != (self._index, self.chain):
                    self._note(segment, offset, "un envoi ne suit pas le précédent")
                payloads, self.chain = segment.commit(mark)
                self._index = mark.first + mark.count
                self.records += len(payloads)
                offset, closed = mark.end, mark.kind is Kind.CLOSED
            except Unreadable as why:
                found = self._after_damage(segment, offset, why, ending)
                if found is None:
                    return
                offset = found
        if not closed and ending is _Ending.CLOSED:
            self._note(segment, offset, "la fin de ce segment manque")
        if closed and ending is _Ending.LAST:
            self._note(segment, offset, f"le segment de l'enregistrement {self._index} manque")
        if closed and offset < segment.size:
            self._note(segment, offset, "des octets suivent la fin de ce segment")

    def _after_damage(
        self, segment: Segment, offset: int, why: Unreadable, ending: _Ending
    ) -> int | None:
        """Note the damage and return where the next whole commit starts, if there is one."""
        later = segment.later_mark(offset)
        if later is None and ending is not _Ending.CLOSED:
            self.unfinished_bytes = segment.size - offset
            return None
        self._note(segment, offset, str(why))
        if later is None:
            return None
        self._index, self.chain = later.first, later.chain
        return later.offset

    def _note(self, segment: Segment, offset: int, why: str) -> None:
        self.damage.append(Damage(segment.path, offset, why))
