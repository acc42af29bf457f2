"""Care's facts for the ledger: which, in what words, how often.

What a sender wrote never stands in them: a sender is named when its name is plain, and by a
fingerprint otherwise. A cause that repeats is told at 1, 10, 100… times (threats 29).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from releve.care.ports import Fact
from releve.journal import ClosedSegment

CLOSED = "care.feed.closed"
QUARANTINE = "care.quarantine"
ALTERED = "care.record.altered"
FORGOTTEN = "care.month.forgotten"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._|-]{0,59}")


def segment_closed(segment: ClosedSegment, now: datetime) -> Fact:
    """The chain of the messages at the end of a closed segment."""
    return Fact(
        kind="receipt",
        what=CLOSED,
        when=now,
        system="flux HL7",
        value=segment.count,
        unit="messages",
        origin="care.feed",
        number=segment.first + 1,
        sha256=segment.root.hex(),
    )


def quarantined(sender: str, before: int, after: int, now: datetime) -> Iterator[Fact]:
    """Messages of one sender kept and not read, at each power of ten newly reached."""
    mark = sha256(sender.encode("utf-8", "replace")).hexdigest()[:16]
    for reached in _powers(before, after):
        yield Fact(
            kind="alarm",
            what=QUARANTINE,
            when=now,
            system=sender if _PLAIN.fullmatch(sender) else f"émetteur {mark}",
            value=after,
            unit="messages",
            origin=f"care.quarantine.{mark}",
            number=reached,
        )


def altered(index: int, now: datetime) -> Fact:
    """A record whose chain verifies and whose content somebody rewrote."""
    return Fact(
        kind="alarm",
        what=ALTERED,
        when=now,
        system="flux HL7",
        value=index,
        unit="rang",
        origin="care.altered",
        number=index + 1,
    )


def forgotten(month: str, records: int, now: datetime) -> Fact:
    """A month's key was destroyed, by somebody's decision."""
    return Fact(
        kind="decision",
        what=FORGOTTEN,
        when=now,
        system="flux HL7",
        value=records,
        unit="messages",
        origin=f"care.forgotten.{month}",
        number=max(1, int(now.timestamp())),
        detail={"month": month},
    )


def _powers(before: int, after: int) -> Iterator[int]:
    reached = 1
    while reached <= after:
        if reached > before:
            yield reached
        reached *= 10
