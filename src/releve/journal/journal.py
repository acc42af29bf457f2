"""One writer per folder, many threads: each append waits for a commit that several share."""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from releve.journal.errors import (
    JournalBusy,
    JournalClosed,
    JournalFull,
    JournalStopped,
    RecordTooLarge,
)
from releve.journal.layout import MAX_RECORD
from releve.journal.reading import Record, records, segment_of
from releve.journal.recovery import Origin, Recovered
from releve.journal.tail import Tail
from releve.kernel.durable import FsyncFailed, creation_mode, make_folder
from releve.kernel.errors import ReleveError
from releve.kernel.units import MIB


class _Batch:
    """What one caller appends, and what became of it."""

    __slots__ = ("done", "error", "first", "payloads")

    def __init__(self, payloads: Sequence[bytes]) -> None:
        self.payloads = payloads
        self.first = 0
        self.done = False
        self.error: ReleveError | None = None


class Journal:
    """A durable sequence of byte strings, numbered from 0. Thread-safe; one process at a time.

    Made by :meth:`open`. ``recovered`` says what opening found and cut.
    """

    def __init__(self, folder: Path, lock: int, tail: Tail) -> None:
        self._folder, self._lock, self._tail = folder, lock, tail
        self._turn = threading.Condition()
        self._waiting: list[_Batch] = []
        self._committing = False
        self._closed = False
        self._stopped: str | None = None
        self._count, self._chain = tail.index, tail.chain
        self.recovered: Recovered = tail.recovered

    @classmethod
    def open(
        cls,
        folder: Path,
        origin: Origin,
        *,
        segment_bytes: int = 64 * MIB,
        reserve_bytes: int = 1 * MIB,
    ) -> Journal:
        """Create or recover the journal of ``folder`` and hold it under flock.

        Raises ``JournalBusy`` (another writer), ``JournalDamaged``, ``JournalForeign`` (another
        home), ``JournalEpochRefused``, ``JournalTooNew``; then nothing has been changed.
        """
        make_folder(folder)
        lock = _hold(folder)
        try:
            tail = Tail(folder, origin, segment_bytes=segment_bytes, reserve=reserve_bytes)
        except BaseException:
            os.close(lock)
            raise
        return cls(folder, lock, tail)

    def append(self, payload: bytes) -> int:
        """Keep one record; returns its index once it is on the disk."""
        return self.append_many((payload,))[0]

    def append_many(self, payloads: Sequence[bytes]) -> range:
        """Keep records together, all or none; returns their indices once they are on the disk.

        Raises ``JournalFull`` or ``RecordTooLarge`` (nothing kept, the journal goes on),
        ``JournalStopped`` or ``JournalClosed``. A failed fsync ends the process.
        """
        for payload in payloads:
            if len(payload) > MAX_RECORD:
                raise RecordTooLarge(size=len(payload), limit=MAX_RECORD)
        batch = _Batch(payloads)
        with self._turn:
            self._check_open()
            if not payloads:
                return range(self._count, self._count)
            self._waiting.append(batch)
            while self._committing and not batch.done:
                self._turn.wait()
            taken: list[_Batch] = []
            if not batch.done:
                taken, self._waiting = self._waiting, []
                self._committing = True
        if taken:
            self._commit(taken)
        if batch.error is not None:
            raise batch.error
        return range(batch.first, batch.first + len(payloads))

    def __len__(self) -> int:
        """How many records are on the disk."""
        return self._count

    def chain(self) -> bytes:
        """SHA-256 chain over all records on the disk; 32 zero bytes when there is none."""
        return self._chain

    def read(self, start: int = 0) -> Iterator[Record]:
        """Records from ``start`` to those on the disk at the time of the call; from any thread."""
        with self._turn:
            stop, place = self._count, self._tail.place(start)
        if start >= stop:
            return iter(())
        return records(self._folder, place or segment_of(self._folder, start), start, stop=stop)

    def close(self) -> None:
        """Finish the commit under way, put everything under a mark, release the folder."""
        with self._turn:
            while self._committing:
                self._turn.wait()
            if self._closed:
                return
            self._closed = True
            self._refuse_waiting()
            self._turn.notify_all()
        try:
            if self._stopped is None:
                with suppress(JournalFull):
                    self._tail.seal()
        except FsyncFailed as failure:
            _end_process(failure)
        finally:
            self._tail.close()
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _commit(self, taken: list[_Batch]) -> None:
        """Write what all these callers wait for; called by one of them, without the lock."""
        error: ReleveError | None = None
        first = 0
        try:
            first = self._tail.commit([payload for b in taken for payload in b.payloads])
        except FsyncFailed as failure:
            _end_process(failure)
        except JournalFull as full:
            error = full
        except OSError as refusal:
            error = JournalStopped(folder=self._folder, why=refusal)
        except BaseException as broken:
            error = JournalStopped(folder=self._folder, why=broken)
            raise
        finally:
            self._publish(taken, first, error)

    def _publish(self, taken: list[_Batch], first: int, error: ReleveError | None) -> None:
        with self._turn:
            if isinstance(error, JournalStopped):
                self._stopped = str(error.data["why"])
                self._refuse_waiting()
            for batch in taken:
                batch.first, first = first, first + len(batch.payloads)
                batch.error = None if error is None else type(error)(**error.data)
                batch.done = True
            self._count, self._chain = self._tail.index, self._tail.chain
            self._committing = False
            self._turn.notify_all()

    def _refuse_waiting(self) -> None:
        for batch in self._waiting:
            try:
                self._check_open()
            except ReleveError as refusal:
                batch.error, batch.done = refusal, True
        self._waiting = []

    def _check_open(self) -> None:
        if self._stopped is not None:
            raise JournalStopped(folder=self._folder, why=self._stopped)
        if self._closed:
            raise JournalClosed(folder=self._folder)


def _hold(folder: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    lock = os.open(folder / "lock", flags, creation_mode(folder, 0o600))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "inconnu"
        os.close(lock)
        raise JournalBusy(folder=folder, pid=pid) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)
    return lock


def _end_process(failure: FsyncFailed) -> NoReturn:
    """``SystemExit`` ends only its own thread, and this one may be any."""
    sys.stderr.write(f"{failure}\n")
    sys.stderr.flush()
    os._exit(2)
