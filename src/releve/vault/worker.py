"""The vault worker: reads what was received, says what is valid, tells clean from attacked.

It holds the repositories' passwords and no listening socket: it connects out to the receiver. Each
:meth:`Worker.step` takes the receipts that are new, in order; what it concludes is durable
(verdicts at the receiver, facts at the ledger, states in the home) before its cursor moves on, so
that a worker killed anywhere takes the same receipts again and says the same things.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from releve.kernel.clock import Clock
from releve.kernel.durable import write_durably
from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.vault import facts
from releve.vault.credentials import RepositorySecret, repository_machines, repository_secret
from releve.vault.errors import Absent, Unreadable
from releve.vault.inspection import Finding, Inspector, first_snapshot, other_paths
from releve.vault.objects import JUDGED, Kind, Receipt, Ref, Verdict
from releve.vault.ports import Depot, Fact, Facts, News
from releve.vault.protocol import Cause
from releve.vault.repository import Repository
from releve.vault.restic_format import MasterKey, Snapshot, open_key_file, read_document
from releve.vault.state import Alarm, MachineState, SnapshotLine, read_state, write_state

#: Repositories kept open; the others are opened again when their machine backs up.
_OPEN_REPOSITORIES = 32
_SEGMENT_EVERY_SECONDS = 60.0
_MAX_REASON = 300


class Worker:
    """One per home. Not thread-safe; every failure leaves the cursor where it was."""

    def __init__(
        self, home: Home, depot: Depot, ledger: Facts, inspector: Inspector, clock: Clock
    ) -> None:
        self._home = home
        self._depot = depot
        self._ledger = ledger
        self._inspector = inspector
        self._clock = clock
        self._states: dict[MachineName, MachineState] = {}
        self._open: OrderedDict[MachineName, _Opened] = OrderedDict()
        self._cursor_path = home.folder("vault") / "worker.json"
        self._cursor = _Cursor.load(self._cursor_path)
        self._segments_due = 0.0

    def step(self, wait: float) -> int:
        """Take what is new, waiting up to ``wait`` seconds for it; returns how many receipts.

        Raises what the ports raise; then memory is forgotten, and the next step starts from what
        is on the disk.
        """
        try:
            return self._step(wait)
        except BaseException:
            self._states.clear()
            self._open.clear()
            self._cursor = _Cursor.load(self._cursor_path)
            raise

    def _step(self, wait: float) -> int:
        self._notice_enrolments()
        news = self._depot.news(self._cursor.next, wait)
        touched = self._take_receipts(news) | self._take_refusals(news)
        for machine in touched:
            write_state(self._home.path, self._states[machine])
        if news.receipts:
            self._cursor.next = news.receipts[-1][0] + 1
        if news.receipts or touched:
            self._save_cursor()
        self._tell_segments()
        return len(news.receipts)

    # -- machines ----------------------------------------------------------------------------

    def _notice_enrolments(self) -> None:
        for machine in repository_machines(self._home):
            if machine in self._states:
                continue
            state = read_state(self._home.path, machine)
            if state is None:
                now = self._clock.now()
                self._ledger.record([facts.enrolled(machine, now)])
                state = MachineState(machine, now)
                write_state(self._home.path, state)
            self._states[machine] = state

    def _opened(self, machine: MachineName) -> _Opened:
        opened = self._open.get(machine)
        if opened is None:
            opened = self._open_repository(machine)
            while len(self._open) >= _OPEN_REPOSITORIES:
                self._open.popitem(last=False)
            self._open[machine] = opened
        self._open.move_to_end(machine)
        return opened

    def _open_repository(self, machine: MachineName) -> _Opened:
        secret = repository_secret(self._home, machine)
        objects = self._depot.objects(machine)
        master = open_key_file(objects.read(Kind.KEYS, secret.key_name), secret.password)
        repository = Repository(objects, master)
        for name in self._depot.valid(machine, Kind.INDEX):
            repository.trust_index(repository.read_index(name))
        return _Opened(secret, master, repository)

    # -- receipts ----------------------------------------------------------------------------

    def _take_receipts(self, news: News) -> set[MachineName]:
        touched: set[MachineName] = set()
        for number, receipt in news.receipts:
            machine = receipt.ref.machine
            state = self._states.get(machine)
            if state is None or number < state.next:
                continue  # a repository never given to us, or a receipt taken before a crash
            touched.add(machine)
            self._take(number, receipt)
        return touched

    def _take(self, number: int, receipt: Receipt) -> None:
        ref = receipt.ref
        state = self._states[ref.machine]
        self._states[ref.machine] = replace(
            state,
            next=number + 1,
            objects=state.objects + 1,
            bytes=state.bytes + receipt.size,
            last_received=receipt.received,
        )
        if ref.kind is Kind.DATA:
            return
        try:
            if ref.kind is Kind.INDEX:
                self._take_index(ref)
            elif ref.kind is Kind.SNAPSHOTS:
                self._take_snapshot(number, receipt)
            else:
                self._take_key_or_lock(ref)
        except Unreadable as error:
            self._take_garbage(ref, error)

    def _take_index(self, ref: Ref) -> None:
        repository = self._opened(ref.machine).repository
        repository.prove_index(repository.read_index(ref.name))
        self._depot.judge([Verdict(ref, True, "lu en entier")])

    def _take_key_or_lock(self, ref: Ref) -> None:
        opened = self._opened(ref.machine)
        if ref.kind is Kind.LOCKS:
            try:
                sealed = self._depot.objects(ref.machine).read(ref.kind, ref.name)
            except Absent:
                return  # its machine removed it, as it should
            read_document(opened.master, sealed, "le verrou")
        elif ref.name != opened.secret.key_name:
            raise Unreadable(what="la clé", why="elle n'est pas celle de l'inscription")

    def _take_snapshot(self, number: int, receipt: Receipt) -> None:
        ref = receipt.ref
        repository = self._opened(ref.machine).repository
        snapshot = repository.read_snapshot(ref.name)
        repository.prove_tree(snapshot.tree)
        self._depot.judge([Verdict(ref, True, "lue, complète")])
        state = self._states[ref.machine]
        if any(line.id == ref.name for line in state.snapshots):
            return  # concluded before this worker was stopped
        try:
            finding = self._inspect(state, repository, snapshot)
        except Unreadable as error:
            finding = Finding("invalid", 0, 0, 0, str(error), {}, ())
        now = self._clock.now()
        self._ledger.record([facts.snapshot_read(ref.machine, number, ref.name, finding, now)])
        self._states[ref.machine] = _concluded(state, number, receipt, snapshot, finding, now)

    def _inspect(self, state: MachineState, repository: Repository, snapshot: Snapshot) -> Finding:
        clean = state.last_clean
        if state.paths and snapshot.paths != state.paths:
            return other_paths(repository.count(snapshot.tree))
        if clean is None:
            return first_snapshot(repository.count(snapshot.tree))
        return self._inspector.compare(repository, clean.tree, snapshot)

    def _take_garbage(self, ref: Ref, error: Unreadable) -> None:
        if ref.kind in JUDGED:
            self._depot.judge([Verdict(ref, False, str(error)[:_MAX_REASON])])
        state = self._states[ref.machine]
        before = state.garbage.get(ref.kind.value, 0)
        now = self._clock.now()
        self._record(facts.garbage(ref.machine, ref.kind, before, before + 1, now))
        counts = {**state.garbage, ref.kind.value: before + 1}
        self._states[ref.machine] = replace(state, garbage=counts)

    # -- refusals and segments ---------------------------------------------------------------

    def _take_refusals(self, news: News) -> set[MachineName]:
        """The receiver counts since it started; states count since enrolment."""
        if news.life != self._cursor.life:
            self._cursor.life, self._cursor.seen = news.life, {}
        touched: set[MachineName] = set()
        for (machine, cause), count in news.refusals.items():
            key = f"{machine}/{cause.name}"
            new = count - self._cursor.seen.get(key, 0)
            if new > 0:
                self._cursor.seen[key] = count
                touched |= self._refused(machine, cause, new)
        return touched

    def _refused(self, machine: MachineName, cause: Cause, new: int) -> set[MachineName]:
        state = self._states.get(machine)
        before = state.refusals.get(cause.value, 0) if state else 0
        now = self._clock.now()
        self._record(facts.refused(machine, cause, before, before + new, now))
        if state is None:
            return set()
        refusals = {**state.refusals, cause.value: before + new}
        self._states[machine] = replace(state, refusals=refusals)
        return {machine}

    def _tell_segments(self) -> None:
        if self._clock.monotonic() < self._segments_due:
            return
        self._segments_due = self._clock.monotonic() + _SEGMENT_EVERY_SECONDS
        closed = self._depot.segments(self._cursor.segments)
        if closed:
            now = self._clock.now()
            self._record(facts.segment_closed(segment, now) for segment in closed)
            self._cursor.segments = closed[-1].first + closed[-1].count
            self._save_cursor()

    def _record(self, found: Iterable[Fact]) -> None:
        listed = list(found)
        if listed:
            self._ledger.record(listed)

    def _save_cursor(self) -> None:
        write_durably(self._cursor_path, self._cursor.encode())


class _Opened:
    """A repository with what opened it."""

    def __init__(self, secret: RepositorySecret, master: MasterKey, repository: Repository) -> None:
        self.secret = secret
        self.master = master
        self.repository = repository


class _Cursor:
    """How far the worker is: next receipt, next segment, refusals already counted."""

    def __init__(self, next_: int, segments: int, life: str, seen: dict[str, int]) -> None:
        self.next = next_
        self.segments = segments
        self.life = life
        self.seen = seen

    @classmethod
    def load(cls, path: Path) -> _Cursor:
        fields = json.loads(path.read_bytes()) if path.exists() else {}
        return cls(
            int(fields.get("next", 0)),
            int(fields.get("segments", 0)),
            str(fields.get("life", "")),
            dict(fields.get("seen", {})),
        )

    def encode(self) -> bytes:
        fields = {
            "next": self.next,
            "segments": self.segments,
            "life": self.life,
            "seen": self.seen,
        }
        return json.dumps(fields, indent=1).encode()


def _concluded(
    state: MachineState,
    number: int,
    receipt: Receipt,
    snapshot: Snapshot,
    finding: Finding,
    now: datetime,
) -> MachineState:
    line = SnapshotLine(
        receipt.ref.name,
        number,
        receipt.received,
        snapshot.tree,
        snapshot.paths,
        finding.verdict,
        finding.files,
        finding.changed,
        finding.suspect,
        finding.reason,
    )
    alarm = state.alarm
    if finding.verdict == "alarm":
        alarm = Alarm(now, line.id, finding.suspect, finding.reason, finding.counts, finding.paths)
    paths = state.paths or snapshot.paths
    return replace(state.with_snapshot(line), paths=paths, alarm=alarm)
