"""What has come to its term. No clock, no disk: the time and what exists are arguments.

A month of reception ends at its last instant (UTC); it is due when the duration has passed since.
An open stay holds the months that it needs, for a while: see ``[open_stay]`` in ``retention.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class HeldMonth:
    """A month past its term that an open stay needs, until ``until``."""

    month: str
    until: datetime


@dataclass(frozen=True)
class Due:
    """Months to forget now, in order; months past their term that are held; when the next comes to
    its term (None: no month is kept).
    """

    months: tuple[str, ...]
    held: tuple[HeldMonth, ...]
    next: datetime | None


@dataclass(frozen=True)
class Entry:
    """A file or folder of a store that is destroyed by age: its path in the home, its date."""

    store: str
    path: str
    when: datetime


def month_end(month: str) -> datetime:
    """The first instant after « 2026-11 », UTC."""
    return after(datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC), 1)


def after(moment: datetime, months: int) -> datetime:
    """``months`` calendar months later; the 31st becomes the last day of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if year > 9998:
        return datetime.max.replace(tzinfo=UTC)
    day = moment.day
    while True:
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            day -= 1


def due_months(
    months: Iterable[str], keep: int | None, needed: str | None, grace: int, now: datetime
) -> Due:
    """``keep`` in months, None = never; ``needed`` is the oldest month an open stay needs;
    ``grace``: months beyond its term that it may hold one.
    """
    gone, held, coming = list[str](), list[HeldMonth](), list[datetime]()
    for month in sorted(months):
        if keep is None:
            continue
        term = after(month_end(month), keep)
        longest = after(term, grace)
        if now < term:
            coming.append(term)
        elif needed is not None and month >= needed and now < longest:
            held.append(HeldMonth(month, longest))
        else:
            gone.append(month)
    return Due(tuple(gone), tuple(held), min(coming, default=None))


def due_entries(entries: Iterable[Entry], keep: int | None, now: datetime) -> tuple[Entry, ...]:
    """Those older than ``keep`` months, oldest first; none when no end was decided."""
    if keep is None:
        return ()
    old = (entry for entry in entries if after(entry.when, keep) <= now)
    return tuple(sorted(old, key=lambda entry: (entry.when, entry.path)))


def spared_generations(
    loaded: Sequence[tuple[int, datetime]], current: int | None, crisis_since: datetime | None
) -> frozenset[int]:
    """Generations of the establishment that age does not end: the current one, and those that were
    current at some time of the open crisis.
    """
    kept = {current} if current is not None else set[int]()
    if crisis_since is not None:
        before = [number for number, when in loaded if when <= crisis_since]
        kept |= {number for number, when in loaded if when >= crisis_since}
        kept |= {max(before)} if before else set()
    return frozenset(kept)
