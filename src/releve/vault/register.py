"""What was received, when, and what the worker read in it: objects, receipts and verdicts.

The order of an acknowledgement is the whole point: object on the disk, then its receipt on the
disk, then the answer. Two journals hold the truth; the tables in memory are rebuilt from them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releve.journal import ClosedSegment, Journal, Origin, closed_segments
from releve.kernel.clock import Clock
from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.vault.objects import (
    JUDGED,
    Kind,
    Receipt,
    Ref,
    Verdict,
    decode_receipt,
    decode_verdict,
)
from releve.vault.stores.folder import FolderStore, Upload

#: Receipts kept in memory for the worker, which reads them within a second.
_RECENT = 20_000


@dataclass
class Entry:
    """One received object. ``earlier`` = received before this receiver started."""

    size: int
    earlier: bool
    valid: bool | None = None


@dataclass(frozen=True)
class Recovery:
    """What starting found: half-received files removed, receipts written for objects that had
    none, and objects that have a receipt but are no longer on the disk.
    """

    half_received: int
    without_receipt: tuple[Ref, ...]
    without_object: tuple[Ref, ...]


class Register:
    """The receiver's memory. One writer per home (both journals are under flock); thread-safe."""

    def __init__(self, home: Home, clock: Clock) -> None:
        home.check_not_copied()
        vault = home.folder("vault")
        origin = Origin(home.id, home.epoch)
        self.store = FolderStore(vault)
        self._clock = clock
        self._lock = threading.Lock()
        self._table: dict[MachineName, dict[Kind, dict[str, Entry]]] = {}
        self._bytes: dict[MachineName, int] = {}
        self._recent: dict[int, Receipt] = {}
        self._last = home.born
        self._receipts_folder = receipts_folder(vault)
        self._receipts = Journal.open(self._receipts_folder, origin)
        self._verdicts = Journal.open(verdicts_folder(vault), origin)
        self.recovery = self._recover()

    def receive(self, upload: Upload, ref: Ref) -> int | None:
        """Keep a finished upload and write its receipt, both durable on return.

        Returns the receipt's number, or None (nothing changed) when the name was taken meanwhile.
        """
        if not self.store.keep(upload, ref):
            return None
        return self._sign(ref, upload.size, recovered=False)

    def get(self, ref: Ref) -> Entry | None:
        """The entry of ``ref`` when it was received and, for a lock, not removed."""
        with self._lock:
            return self._table.get(ref.machine, {}).get(ref.kind, {}).get(ref.name)

    def valid(self, machine: MachineName, kind: Kind) -> list[tuple[str, int]]:
        """Names and sizes that may be listed back: all packs, and what the worker read as valid."""
        with self._lock:
            entries = self._table.get(machine, {}).get(kind, {})
            everything = kind is Kind.DATA
            return sorted((n, e.size) for n, e in entries.items() if everything or e.valid)

    def count(self, machine: MachineName, kind: Kind) -> int:
        """How many objects of this kind the machine has."""
        with self._lock:
            return len(self._table.get(machine, {}).get(kind, {}))

    def stored(self, machine: MachineName) -> int:
        """Bytes received from a machine."""
        with self._lock:
            return self._bytes.get(machine, 0)

    def remove_lock(self, ref: Ref) -> None:
        """Remove a lock's file and entry; its receipt stays."""
        self.store.remove(ref)
        with self._lock:
            entry = self._table.get(ref.machine, {}).get(ref.kind, {}).pop(ref.name, None)
            if entry:
                self._bytes[ref.machine] -= entry.size

    def receipts(self, start: int, limit: int) -> list[tuple[int, Receipt]]:
        """Receipts numbered ``start`` and up, without a gap, at most ``limit``."""
        found: list[tuple[int, Receipt]] = []
        with self._lock:
            while len(found) < limit and (number := start + len(found)) in self._recent:
                found.append((number, self._recent[number]))
        if found or start >= len(self._receipts):
            return found
        for record in self._receipts.read(start):
            found.append((record.index, decode_receipt(record.payload)))
            if len(found) >= limit:
                break
        return found

    def closed_segments(self, start: int) -> list[ClosedSegment]:
        """Closed segments of the receipts that begin at ``start`` or later."""
        return [part for part in closed_segments(self._receipts_folder) if part.first >= start]

    def judge(self, verdicts: Iterable[Verdict]) -> int:
        """Record verdicts durably; one already given is final. Returns how many were new."""
        with self._lock:
            fresh = [v for v in verdicts if self._judgeable(v)]
        if fresh:
            self._verdicts.append_many([verdict.encode() for verdict in fresh])
        with self._lock:
            for verdict in fresh:
                self._mark(verdict)
        return len(fresh)

    def close(self) -> None:
        """Release both journals."""
        self._receipts.close()
        self._verdicts.close()

    def _judgeable(self, verdict: Verdict) -> bool:
        ref = verdict.ref
        entry = self._table.get(ref.machine, {}).get(ref.kind, {}).get(ref.name)
        return ref.kind in JUDGED and entry is not None and entry.valid is None

    def _mark(self, verdict: Verdict) -> None:
        ref = verdict.ref
        entry = self._table.get(ref.machine, {}).get(ref.kind, {}).get(ref.name)
        if entry is not None and entry.valid is None:
            entry.valid = verdict.valid

    def _sign(self, ref: Ref, size: int, *, recovered: bool) -> int:
        receipt = Receipt(ref, size, self._now(), recovered)
        number = self._receipts.append(receipt.encode())
        with self._lock:
            self._insert(receipt, earlier=recovered)
            self._recent[number] = receipt
            self._recent.pop(number - _RECENT, None)
        return number

    def _now(self) -> datetime:
        """The server's clock, which for receipts never goes back."""
        with self._lock:
            self._last = max(self._last, self._clock.now())
            return self._last

    def _insert(self, receipt: Receipt, *, earlier: bool) -> None:
        ref = receipt.ref
        kinds = self._table.setdefault(ref.machine, {})
        kinds.setdefault(ref.kind, {})[ref.name] = Entry(receipt.size, earlier)
        self._bytes[ref.machine] = self._bytes.get(ref.machine, 0) + receipt.size
        self._last = max(self._last, receipt.received)

    def _recover(self) -> Recovery:
        half = self.store.clear_incoming()
        for record in self._receipts.read():
            self._insert(decode_receipt(record.payload), earlier=True)
        for record in self._verdicts.read():
            self._mark(decode_verdict(record.payload))
        present = dict(self.store.scan())
        unsigned = [ref for ref in present if self.get(ref) is None]
        for ref in unsigned:
            self._sign(ref, present[ref], recovered=True)
        missing = [ref for ref in self._refs() if ref not in present]
        for ref in missing:
            self._forget(ref)
        lost = tuple(ref for ref in missing if ref.kind is not Kind.LOCKS)
        return Recovery(half, tuple(unsigned), lost)

    def _refs(self) -> Iterator[Ref]:
        for machine, kinds in self._table.items():
            for kind, entries in kinds.items():
                yield from (Ref(machine, kind, name) for name in entries)

    def _forget(self, ref: Ref) -> None:
        entry = self._table[ref.machine][ref.kind].pop(ref.name)
        self._bytes[ref.machine] -= entry.size


def receipts_folder(vault: Path) -> Path:
    """Where the receipts' journal lies."""
    return vault / "receipts"


def verdicts_folder(vault: Path) -> Path:
    """Where the verdicts' journal lies."""
    return vault / "verdicts"
