"""The duty part: ``python -m releve.runtime.duty --home DIR``. No listening socket.

Reads the ledger with a durable cursor, applies ``releve.reflexes`` and performs the acts; runs the
jobs they enqueue (queue « incident ») and the purges that two people decided; makes the ward kits
of every day (``runtime.kits``); says what is past its term (``runtime.retention``). The
cursor, the crisis, its lines, the jobs and the facts for the ledger are written in one transaction:
killed anywhere, nothing is done twice nor forgotten. A field exercise that runs while a crisis is
open, whoever opened it, is ended in the same turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from releve.journal.segment import segment_firsts, segment_path
from releve.kernel.clock import Clock, SystemClock
from releve.kernel.home import Home, sole_writer
from releve.ledger import Evidence, LedgerClient, Place, from_json, read_checkpoint
from releve.ledger.client import answers_at
from releve.ledger.errors import SignerUnreachable
from releve.ledger.tiles import WIDTH, TileReader
from releve.reflexes import REFLEXES, Consequence, consequences
from releve.runtime.faults import Faults
from releve.runtime.part import Part, run
from releve.runtime.records import use_records

if TYPE_CHECKING:
    from releve.incident import Source

_POLL_SECONDS = 0.25
_PAUSE_SECONDS = 1.0
_ORDERS_SECONDS = 1.0
_PURGES_SECONDS = 5.0
_TOGETHER = 200
_PATIENCE_SECONDS = 2.0
#: A home that had a ledger before it had a duty part: what is older is history, not news.
_FIRST_LOOK_BACK = timedelta(days=1)
#: What machines told before the opening is recalled in the log, this far back in time and entries.
_RECALL, _RECALL_ENTRIES = timedelta(hours=1), 2_000

Entry = tuple[int, Evidence]


class Log:
    """The durable entries of a home's ledger, as they come. One thread."""

    def __init__(self, home: Home) -> None:
        self._place = Place(home)
        self._tiles = TileReader(self._place.log)
        self._seen: tuple[int, ...] = ()
        self._unsure = False
        self._size = 0

    def size(self) -> int:
        """How many entries are signed for. Costs two ``stat`` when nothing came; else the signer is
        asked to publish, because what it has not signed may still be lost, and asked once more at
        the next call: bytes may have been seen before they were an entry.
        """
        seen = self._marks()
        moved = seen != self._seen
        if moved or self._unsure:
            self._size = self._published()
            self._seen, self._unsure = seen, moved
        return self._size

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """Entries ``start`` to ``stop`` - 1, from the tiles."""
        while start < stop:
            bundle = start // WIDTH
            end = min(stop, (bundle + 1) * WIDTH)
            for data in self._tiles.entries(bundle, end - bundle * WIDTH)[start % WIDTH :]:
                yield start, from_json(data)
                start += 1

    def _marks(self) -> tuple[int, ...]:
        """Changes whenever something is appended or published."""
        marks: list[int] = []
        try:
            newest = segment_path(self._place.journal, max(segment_firsts(self._place.journal)))
        except (FileNotFoundError, ValueError):
            return ()
        for path in (newest, self._place.checkpoint):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            marks += [found.st_ino, found.st_size, found.st_mtime_ns]
        return tuple(marks)

    def _published(self) -> int:
        if answers_at(self._place.socket):
            try:
                with LedgerClient(self._place.socket, patience=_PATIENCE_SECONDS) as signer:
                    return signer.publish()
            except SignerUnreachable:
                pass
        try:
            note = self._place.checkpoint.read_bytes()
        except FileNotFoundError:
            return 0
        return read_checkpoint(note, self._place.public_key()).size


class Duty:
    """Turns entries into acts. One thread; several processes at once take turns."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._log = Log(home)
        self._next: int | None = None
        self._looked = False

    def turn(self) -> int:
        """Apply what came since the last turn, and end an exercise that a real crisis overtook; how
        many entries were read, and exercises ended.
        """
        size = self._log.size()
        if self._next is None:
            self._next = cursor_of(self._home, self._clock.now())
        read = 0
        while self._next < size:
            stop = min(size, self._next + _TOGETHER)
            batch = list(self._log.entries(self._next, stop))
            self._next = take(self._home, batch, stop, self._clock.now())
            read += len(batch)
        if read or not self._looked:
            self._looked = True
            self.recall()
        return read + end_exercise(self._clock.now())

    def recall(self) -> None:
        """Write in a crisis just opened what machines had told in the hour before."""
        from releve.incident.app.desk import current

        incident = current()
        if incident is None or incident.recalled:
            return
        stop = self._next or 0
        since = incident.opened_at - _RECALL
        before = self._log.entries(max(0, stop - _RECALL_ENTRIES), stop)
        recall(self._home, [entry for entry in before if entry[1].when >= since], self._clock.now())


def end_exercise(now: datetime) -> int:
    """1 when a field exercise was running and a real crisis is open: it is ended, and told."""
    from releve.drill.app.desk import heed

    return 0 if heed(now) is None else 1


def cursor_of(home: Home, now: datetime) -> int:
    """Where this home's reading goes on: at the first entry, the first time."""
    from releve.incident.app.models import DutyCursor

    return DutyCursor.objects.get_or_create(epoch=home.epoch, defaults={"since": now})[0].next


def take(home: Home, batch: Sequence[Entry], stop: int, now: datetime) -> int:
    """Apply the reflexes to ``batch`` and move the cursor to ``stop``, in one transaction; entries
    that another process took meanwhile are left out. Returns where the cursor stands.
    """
    from django.db import transaction

    from releve.incident import Source
    from releve.incident.app.models import DutyCursor

    with transaction.atomic():
        cursor = DutyCursor.objects.select_for_update().get(epoch=home.epoch)
        news = cursor.since - _FIRST_LOOK_BACK
        for index, evidence in batch:
            if index >= cursor.next and evidence.when >= news:
                for consequence in consequences(evidence):
                    source = Source(home.epoch, index)
                    PERFORMERS[consequence.act](consequence, evidence, source, now)
        end_exercise(now)  # in the transaction that opened the crisis
        if stop > cursor.next:
            cursor.next = stop
            cursor.save()
        return cursor.next


def recall(home: Home, before: Sequence[Entry], now: datetime) -> None:
    """Write the lines of ``before`` in the open crisis, once, in one transaction."""
    from django.db import transaction

    from releve.incident import Source
    from releve.incident.app.desk import current, note
    from releve.incident.logbook import shortened

    with transaction.atomic():
        incident = current()
        if incident is None or incident.recalled:
            return
        for index, evidence in before:
            for consequence in consequences(evidence):
                if consequence.act == "incident.note":
                    sentence = shortened(consequence.sentence)
                    note(sentence, Source(home.epoch, index), evidence.when, now)
        type(incident).objects.filter(pk=incident.pk).update(recalled=True)


# --- the acts -----------------------------------------------------------------------------------

Performer = Callable[[Consequence, Evidence, "Source", datetime], None]


def _note(consequence: Consequence, evidence: Evidence, source: Source, now: datetime) -> None:
    from releve.incident.app.desk import note
    from releve.incident.logbook import shortened

    note(shortened(consequence.sentence), source, evidence.when, now)


def _open(consequence: Consequence, evidence: Evidence, source: Source, now: datetime) -> None:
    from releve.incident.app.desk import note, open_by_reflex
    from releve.incident.logbook import shortened

    sentence = shortened(consequence.sentence)
    opened = open_by_reflex(consequence.reflex, sentence, evidence.system, source, now)
    if opened is not None:  # its own alarm is its second line: there was no log to note it in
        note(sentence, source, evidence.when, now)


def _publish(consequence: Consequence, evidence: Evidence, source: Source, now: datetime) -> None:
    from releve.runtime.duty_tasks import publish_kits

    publish_kits.enqueue(unique_key=f"{source.epoch}/{source.index}")


def _freeze(consequence: Consequence, evidence: Evidence, source: Source, now: datetime) -> None:
    from releve.runtime.duty_tasks import freeze_kits

    freeze_kits.enqueue(unique_key=f"{source.epoch}/{source.index}")


def _thaw(consequence: Consequence, evidence: Evidence, source: Source, now: datetime) -> None:
    from releve.runtime.duty_tasks import thaw_kits

    thaw_kits.enqueue(unique_key=f"{source.epoch}/{source.index}")


#: One function per word of ``reflexes.ACTS``, and no other.
PERFORMERS: Mapping[str, Performer] = {
    "incident.note": _note,
    "incident.open": _open,
    "care.kits.publish": _publish,
    "care.kits.freeze": _freeze,
    "care.kits.thaw": _thaw,
}


# --- the part -----------------------------------------------------------------------------------


def drain_facts(home: Home) -> None:
    """Append what the crisis told, when a signer answers; else it waits in the outbox."""
    from releve.ledger.app.models import Outbox
    from releve.ledger.app.outbox import drain

    path = Place(home).socket
    if Outbox.objects.filter(appended=None, refused="").exists() and answers_at(path):
        with LedgerClient(path, patience=_PATIENCE_SECONDS) as ledger:
            drain(ledger)


def loop(duty: Duty, home: Home, stop: threading.Event, faults: Faults) -> None:
    """Turn until told to stop."""
    while not stop.is_set():
        try:
            if duty.turn():
                drain_facts(home)
            stop.wait(_POLL_SECONDS)
        except Exception as error:  # noqa: BLE001  the loop of a daemon: told, then tried again
            faults.met("garde", error)
            stop.wait(_PAUSE_SECONDS)


@contextmanager
def _beside(
    name: str, body: Callable[[], None], stop: threading.Event, faults: Faults
) -> Iterator[None]:
    """``body`` in a thread; a failure of it ends the part, and the supervisor brings it back."""

    def guarded() -> None:
        try:
            body()
        except Exception as error:  # noqa: BLE001  the loop of a daemon: told, then started again
            faults.met(name, error)
            stop.set()

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5.0)


def serve(part: Part) -> None:
    """Run until SIGTERM or SIGINT."""
    home, clock = part.home, SystemClock()
    use_records(home)
    from releve.jobs.app.worker import Worker, stop_on_sigterm
    from releve.runtime.duty_tasks import QUEUE
    from releve.runtime.kits import make_rounds
    from releve.runtime.retention_tasks import QUEUE as PURGES
    from releve.runtime.retention_tasks import look

    with sole_writer(home, "duty"):
        stop = stop_on_sigterm()
        faults = Faults(home, "duty")
        orders = Worker([QUEUE], clock, poll_seconds=_ORDERS_SECONDS, report=faults.of_job)
        # A purge may last: the orders of a crisis do not wait behind it.
        purges = Worker([PURGES], clock, poll_seconds=_PURGES_SECONDS, report=faults.of_job)
        with (
            _beside("ordres", lambda: orders.run(stop), stop, faults),
            _beside("kits", lambda: make_rounds(home, clock, stop, faults), stop, faults),
            _beside("purges", lambda: purges.run(stop), stop, faults),
            _beside("conservation", lambda: look(home, clock, stop, faults), stop, faults),
        ):
            part.ready()
            loop(Duty(home, clock), home, stop, faults)


if __name__ == "__main__":
    run("duty", serve)

__all__ = ["PERFORMERS", "REFLEXES", "Duty", "Log", "drain_facts", "recall", "serve", "take"]
