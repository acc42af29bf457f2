"""Tells the ledger what the feed did: segments that closed, senders whose messages wait unread.

What was told is remembered in ``HOME/care/told.json``; killed between the ledger and that file, the
same facts are said again and the ledger keeps the first (origin, number).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from releve.care import facts
from releve.care.errors import RecordAltered
from releve.care.intake import Gone, Kept, journal_folder
from releve.care.ports import Fact, Facts
from releve.care.projection import Taken
from releve.journal import closed_segments
from releve.kernel.clock import Clock
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.home import Home

_EVERY_SECONDS = 5.0
#: Senders told apart; a hostile feed may invent any number of names.
_MOST_SENDERS = 64
_OTHERS = "autres émetteurs"


class Teller:
    """One per projector, whose witness it is; ``views`` are already there.

    :meth:`tell` may run in a thread of its own: a ledger that does not answer must not stop the
    feed.
    """

    def __init__(self, home: Home, views: Path, ledger: Facts, clock: Clock) -> None:
        self._path = home.path / "care" / "told.json"
        self._views = views
        self._journal = journal_folder(home)
        self._ledger = ledger
        self._clock = clock
        self._segment, self._counts = _load(self._path)
        self._lock = threading.Lock()
        self._look = True
        self._altered: list[Fact] = []
        self._due = 0.0

    def altered(self, error: RecordAltered) -> None:
        """A record does not open any more: told at the next turn."""
        index = int(str(error.data["index"]))
        with self._lock:
            self._altered.append(facts.altered(index, self._clock.now()))

    def taken(self, records: Sequence[Kept | Gone], taken: Taken) -> None:
        """The quarantine is looked at, at the next turn, when something went there."""
        if taken.quarantined:
            self._look = True

    def tell(self) -> int:
        """Say what is new, at most once in a few seconds; returns how many facts.

        Raises what the ledger raises; then nothing is remembered as told.
        """
        if self._clock.monotonic() < self._due:
            return 0
        now = self._clock.now()
        segments = [s for s in closed_segments(self._journal) if s.first >= self._segment]
        with self._lock:
            altered = list(self._altered)
        told = [*altered, *(facts.segment_closed(segment, now) for segment in segments)]
        look, self._look = self._look, False
        try:
            counts = _bounded(_quarantine(self._views) if look else {}, self._counts)
            for sender, count in counts.items():
                told += facts.quarantined(sender, self._counts.get(sender, 0), count, now)
            if told:
                self._ledger.record(told)
        except BaseException:
            self._look |= look
            raise
        if told:
            self._segment = max((s.first + 1 for s in segments), default=self._segment)
            self._counts = counts
            self._save()
            with self._lock:
                del self._altered[: len(altered)]
        self._due = self._clock.monotonic() + _EVERY_SECONDS
        return len(told)

    def _save(self) -> None:
        make_folder(self._path.parent)
        state = {"segment": self._segment, "quarantine": self._counts}
        write_durably(self._path, json.dumps(state, ensure_ascii=False).encode())


def _bounded(found: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """Counts never go down (a rebuild may find fewer); beyond the limit, senders are one."""
    counts = dict(before)
    others = 0
    for sender, count in sorted(found.items()):
        if sender in counts or len(counts) < _MOST_SENDERS:
            counts[sender] = max(count, counts.get(sender, 0))
        else:
            others += count
    if others:
        counts[_OTHERS] = max(others, counts.get(_OTHERS, 0))
    return counts


def _quarantine(views: Path) -> dict[str, int]:
    """How many messages of each sender wait unread."""
    with closing(sqlite3.connect(f"file:{views}?mode=ro", uri=True, timeout=20)) as base:
        return dict(base.execute("SELECT sender, count(*) FROM quarantine GROUP BY sender"))


def _load(path: Path) -> tuple[int, dict[str, int]]:
    """What was told; a file that cannot be read is as none: facts said twice are kept once."""
    try:
        found = json.loads(path.read_bytes())
        return int(found["segment"]), {str(k): int(v) for k, v in found["quarantine"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0, {}
