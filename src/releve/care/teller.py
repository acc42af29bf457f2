"""Tells the ledger what the feed did: segments that closed, senders whose messages wait unread,
sources that fall silent and speak again.

What was told is remembered in ``HOME/care/told.json``; killed between the ledger and that file, the
same facts are said again and the ledger keeps the first (origin, number).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from releve.care import facts
from releve.care.errors import RecordAltered
from releve.care.intake import Gone, Kept, journal_folder
from releve.care.ports import Fact, Facts
from releve.care.projection import Taken
from releve.care.silences import Silences, news
from releve.care.views import Views
from releve.journal import closed_segments
from releve.kernel.clock import Clock
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.errors import BadInput
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
        self._segment, self._counts, self._silences = _load(self._path)
        self._since = clock.monotonic()
        self._complained = ""
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
            with self._lock:
                self._look = True

    def tell(self) -> int:
        """Say what is new, at most once in a few seconds; returns how many facts.

        Raises what the ledger raises; then nothing is remembered as told. Raises ``BadInput`` once
        when the hospital's ``freshness.toml`` cannot be read, the rest being told.
        """
        if self._clock.monotonic() < self._due:
            return 0
        now = self._clock.now()
        segments = [s for s in closed_segments(self._journal) if s.first >= self._segment]
        with self._lock:
            altered = list(self._altered)
            look, self._look = self._look, False
        told = [*altered, *(facts.segment_closed(segment, now) for segment in segments)]
        silences, heard, unreadable = self._listen(now)
        told += heard
        try:
            counts = _bounded(_quarantine(self._views) if look else {}, self._counts)
            for sender, count in counts.items():
                told += facts.quarantined(sender, self._counts.get(sender, 0), count, now)
            if told:
                self._ledger.record(told)
        except BaseException:
            with self._lock:
                self._look |= look
            raise
        if told or silences != self._silences:
            self._segment = max((s.first + 1 for s in segments), default=self._segment)
            self._counts, self._silences = counts, silences
            self._save()
            with self._lock:
                del self._altered[: len(altered)]
        self._due = self._clock.monotonic() + _EVERY_SECONDS
        if unreadable is not None and str(unreadable) != self._complained:
            self._complained = str(unreadable)
            raise unreadable
        return len(told)

    def _listen(self, now: datetime) -> tuple[Silences, list[Fact], BadInput | None]:
        """Who fell silent or came back; nothing new while the periods cannot be read."""
        listening = timedelta(seconds=self._clock.monotonic() - self._since)
        try:
            with closing(Views(self._views)) as views:
                return *news(views.feed(now).sources, self._silences, listening, now), None
        except BadInput as error:
            return self._silences, [], error

    def _save(self) -> None:
        make_folder(self._path.parent)
        state = {
            "segment": self._segment,
            "quarantine": self._counts,
            "silent": dict(self._silences.open),
            "others": self._silences.others,
        }
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
        return dict(
            base.execute(
                "SELECT sender, count(*) FROM quarantine WHERE settled IS NULL GROUP BY sender"
            )
        )


def _load(path: Path) -> tuple[int, dict[str, int], Silences]:
    """What was told; a file that cannot be read is as none: facts said twice are kept once."""
    try:
        found = json.loads(path.read_bytes())
        silences = Silences(_numbers(found.get("silent", {})), int(found.get("others", 0)))
        return int(found["segment"]), _numbers(found["quarantine"]), silences
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0, {}, Silences()


def _numbers(found: Mapping[str, object]) -> dict[str, int]:
    return {str(name): int(str(number)) for name, number in found.items()}
