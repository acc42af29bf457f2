"""Care's facts for the ledger: which, in what words, how often.

What a sender wrote never stands in them: a sender is named when its name is plain, and by a
fingerprint otherwise. A cause that repeats is told at 1, 10, 100… times (threats 29).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from releve.care.ports import Fact
from releve.care.views_shapes import Source
from releve.care.words import KINDS
from releve.journal import ClosedSegment
from releve.kernel.units import powers_of_ten

CLOSED = "care.feed.closed"
QUARANTINE = "care.quarantine"
ALTERED = "care.record.altered"
FORGOTTEN = "care.month.forgotten"
SILENT = "care.feed.silent"
BACK = "care.feed.back"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._|-]{0,59}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    mark = _mark(sender)
    for reached in powers_of_ten(before, after):
        yield Fact(
            kind="alarm",
            what=QUARANTINE,
            when=now,
            system=_named(sender),
            value=after,
            unit="messages",
            origin=f"care.quarantine.{mark}",
            number=reached,
        )


def silent(source: Source, now: datetime) -> Fact:
    """A source passed twice its period; ``value``: seconds since it was last heard."""
    return Fact(
        kind="alarm",
        what=SILENT,
        when=now,
        system=_named(source.sender),
        value=int((now - source.heard).total_seconds()),
        unit="s",
        origin=f"care.silent.{mark_of(source)}",
        number=heard_at(source),
        detail={"of": KINDS[source.kind]},
    )


def back(source: Source, since: int, now: datetime) -> Fact:
    """A source told silent speaks again; ``since`` (µs) numbers the silence that ends, ``value``:
    its seconds.
    """
    return Fact(
        kind="event",
        what=BACK,
        when=now,
        system=_named(source.sender),
        value=(heard_at(source) - since) // 1_000_000,
        unit="s",
        origin=f"care.back.{mark_of(source)}",
        number=since,
        detail={"of": KINDS[source.kind]},
    )


def others_silent(before: int, after: int, now: datetime) -> Iterator[Fact]:
    """Silent sources beyond those followed one by one, at each power of ten newly reached."""
    for reached in powers_of_ten(before, after):
        yield Fact(
            kind="alarm",
            what=SILENT,
            when=now,
            system="autres sources",
            value=after,
            unit="sources",
            origin="care.silent.others",
            number=reached,
        )


def mark_of(source: Source) -> str:
    """What tells a source from the others, whatever its sender is called."""
    return _mark(f"{source.sender}\n{source.kind}")


def heard_at(source: Source) -> int:
    """When a source was last heard, in µs since 1970 UTC: no two silences of it share it."""
    return (source.heard - _EPOCH) // timedelta(microseconds=1)


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


def forgotten(month: str, destroyed: datetime) -> Fact:
    """A month's key was destroyed at that time, by somebody's decision. How many messages it held
    is known only once the views are made again: the fact does not wait for it.
    """
    return Fact(
        kind="decision",
        what=FORGOTTEN,
        when=destroyed,
        system="flux HL7",
        value=month,
        unit=None,
        origin=f"care.forgotten.{month}",
        number=max(1, int(destroyed.timestamp())),
        detail={"month": month},
    )


def _mark(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _named(sender: str) -> str:
    return sender if _PLAIN.fullmatch(sender) else f"émetteur {_mark(sender)}"
