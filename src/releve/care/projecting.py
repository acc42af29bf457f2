"""The projector's turn: read what is surely on the disk, give it to the views, say how far."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from releve.care.durable_line import DurableCount
from releve.care.errors import RecordAltered, ViewsAhead
from releve.care.intake import Gone, Kept, journal_folder, unseal
from releve.care.keys import MonthKeys
from releve.care.progress import tell
from releve.care.projection import Projector, Taken
from releve.journal import Follower, Record
from releve.kernel.home import Home

#: Records under one transaction of the views, at most: when many wait, patients come several times
#: in a batch and their rows are written once.
BATCH = 2000
#: How long a small batch waits for company: a commit of the views is dearer than its records.
_GATHER_SECONDS = 0.015
_ENOUGH = 125
#: What stands for the month of a record that does not decipher although its key is there.
ALTERED = "illisible"


class Witness(Protocol):
    """Who is told, batch by batch, of what became of records."""

    def altered(self, error: RecordAltered) -> None:
        """Somebody rewrote that record; it is passed over like those of a destroyed month."""
        ...

    def taken(self, records: Sequence[Kept | Gone], taken: Taken) -> None:
        """These are in the views, durably."""
        ...


class Feeder:
    """Brings views up to a count. One rewritten record does not stop the feed."""

    def __init__(self, home: Home, projector: Projector, witness: Witness) -> None:
        self._folder = journal_folder(home)
        self._projector = projector
        self._keys = MonthKeys(home)
        self._follower = Follower(self._folder, projector.cursor)
        self._witness = witness

    def feed(self, count: int, batches: int = 1 << 62) -> int:
        """Project up to record ``count`` (excluded), which must be on the disk; returns the cursor.

        Stops after ``batches`` transactions. Raises ``ViewsAhead``, ``JournalDamaged`` and what
        the projector raises; the same records are then taken again next time.
        """
        if self._follower.next > count:
            raise ViewsAhead(cursor=self._follower.next, count=count)
        try:
            while self._follower.next < count and batches:
                taken = self._follower.take(count, BATCH)
                records = [self._read(record) for record in taken]
                self._witness.taken(records, self._projector.take(records))
                batches -= 1
        except BaseException:
            self._follower.close()
            self._follower = Follower(self._folder, self._projector.cursor)
            raise
        return self._follower.next

    def close(self) -> None:
        """Release the journal."""
        self._follower.close()

    def _read(self, record: Record) -> Kept | Gone:
        try:
            return unseal(self._keys, record.index, record.payload)
        except RecordAltered as error:
            self._witness.altered(error)
            return Gone(record.index, ALTERED)


class Projecting:
    """Follows a live listener, whichever of the two starts first."""

    def __init__(self, home: Home, feeder: Feeder, cursor: int) -> None:
        self._home = home
        self._feeder = feeder
        self._line = DurableCount(home)
        self._cursor = cursor
        self._count = cursor
        tell(home, cursor)

    @property
    def cursor(self) -> int:
        """How many records the views hold."""
        return self._cursor

    def step(self, seconds: float) -> int:
        """Project what is new, waiting up to ``seconds`` for it; returns how many records."""
        before = self._cursor
        if self._cursor == self._count:
            self._hear(seconds)
        if 0 < self._count - self._cursor < _ENOUGH:
            time.sleep(_GATHER_SECONDS)
            self._hear(0.0)
        if self._count != self._cursor:
            self._cursor = self._feeder.feed(self._count, batches=1)
            tell(self._home, self._cursor)
        return self._cursor - before

    def close(self) -> None:
        """Hang up and release the journal."""
        self._line.close()
        self._feeder.close()

    def _hear(self, seconds: float) -> None:
        count = self._line.wait(self._count, seconds)
        if count is not None:
            self._count = count
