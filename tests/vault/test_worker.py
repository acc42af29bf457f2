"""The worker's own decisions: a ledger that fails, refusals by the thousand, verdicts in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releve.kernel.clock import ManualClock, SystemClock
from releve.kernel.errors import ReleveError
from releve.kernel.ids import MachineName
from releve.vault import facts
from releve.vault.depot import ReceiverLine
from releve.vault.inspection import Inspector, conclude
from releve.vault.ports import Fact
from releve.vault.protocol import Cause
from releve.vault.repository import Difference, FileChange
from releve.vault.restic_format import Node
from releve.vault.scan import FileVerdict, ScanReport, scan_changes
from releve.vault.state import MAX_SNAPSHOTS, MachineState, SnapshotLine, read_state, write_state
from releve.vault.worker import Worker
from tests.vault.conftest import OpenHouse
from tests.vault.house import House, Machine

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PC = MachineName("PC-1")


class LedgerDown(ReleveError):
    """Le registre ne répond pas."""


class Notebook:
    """A ledger that keeps each fact once, and refuses when told to."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], Fact] = {}
        self.down = False

    def record(self, facts: Sequence[Fact]) -> None:
        if self.down:
            raise LedgerDown
        for fact in facts:
            self.kept.setdefault((fact.origin, fact.number), fact)

    def told(self, what: str) -> list[Fact]:
        return [fact for fact in self.kept.values() if fact.what == what]


@pytest.fixture
def scene(house: OpenHouse) -> Iterator[tuple[House, Machine, Notebook, Worker]]:
    """A real receiver, and a worker in this process with a ledger that obeys the test."""
    home = house("receiver")
    machine = home.enrol("PC-1")
    (machine.files / "a.txt").write_text("bonjour\n" * 50)
    notebook = Notebook()
    with closing(ReceiverLine(home.home)) as line:
        inspector = Inspector(scan_changes, home.home.path / "vault/scratch")
        yield home, machine, notebook, Worker(home.home, line, notebook, inspector, SystemClock())


def test_a_ledger_that_fails_loses_no_fact_and_counts_nothing_twice(
    scene: tuple[House, Machine, Notebook, Worker],
) -> None:
    _, machine, notebook, worker = scene
    worker.step(0)
    machine.backup()
    notebook.down = True
    for _ in range(3):
        with pytest.raises(LedgerDown):
            worker.step(0)
    notebook.down = False
    assert worker.step(0) > 0
    assert worker.step(0) == 0
    state = machine.state()
    assert len(state.snapshots) == 1
    assert state.objects == 5  # lock, two packs, index, snapshot
    assert [fact.value for fact in notebook.told(facts.SNAPSHOT)] == [1]
    assert len(notebook.told(facts.ENROLLED)) == 1


def test_a_thousand_refusals_are_a_few_facts_and_the_first_is_told_at_once(
    scene: tuple[House, Machine, Notebook, Worker],
) -> None:
    _, machine, notebook, worker = scene
    worker.step(0)
    with machine.client() as client:
        client.delete("config")
        worker.step(0)
        assert [fact.value for fact in notebook.told(facts.REFUSED)] == [1]
        for _ in range(999):
            client.delete("config")
    worker.step(0)
    assert sorted(fact.number for fact in notebook.told(facts.REFUSED)) == [1, 10, 100, 1000]
    assert machine.state().refusals == {Cause.DELETE.value: 1000}


def test_a_receiver_that_starts_again_counts_on(
    scene: tuple[House, Machine, Notebook, Worker],
) -> None:
    home, machine, _, worker = scene
    for expected in (2, 4):
        with machine.client() as client:
            client.delete("config")
            client.delete("config")
        worker.step(0)
        assert machine.state().refusals == {Cause.DELETE.value: expected}
        home.kill("receiver")
        home.start("receiver")


def difference(gone: int, before: int) -> Difference:
    node = Node("x", "file", 1, ("00" * 32,), None, "")
    changes = tuple(FileChange(f"/d/{i}", node, None) for i in range(gone))
    return Difference(changes, before - gone, before, before - gone)


def report(files: Iterable[FileVerdict] = (), *, alarm: bool = False) -> ScanReport:
    empty = scan_changes(())
    return replace(empty, alarm=alarm, alarm_reason="parce que", files=tuple(files))


@pytest.mark.parametrize(
    ("gone", "before", "verdict"),
    [
        (0, 0, "clean"),
        (0, 30, "clean"),
        (9, 30, "clean"),
        (22, 30, "clean"),
        (23, 30, "alarm"),
        (5, 6, "clean"),
        (6, 6, "alarm"),
    ],
)
def test_how_many_files_may_go(gone: int, before: int, verdict: str) -> None:
    assert conclude(difference(gone, before), report(), 0).verdict == verdict


def test_the_detector_decides_and_the_paths_of_suspects_are_kept() -> None:
    files = [FileVerdict("/d/a.docx", "suspect", "zip abîmé"), FileVerdict("/d/b", "ok", "")]
    found = conclude(difference(0, 9), report(files, alarm=True), too_large=2)
    assert (found.verdict, found.suspect, found.paths) == ("alarm", 1, ("/d/a.docx",))
    assert found.counts == {"suspect": 1, "ok": 1, "unchecked": 2}
    few = conclude(difference(0, 9), report(files), 0)
    assert (few.verdict, few.suspect, few.paths) == ("doubtful", 1, ("/d/a.docx",))
    assert conclude(difference(0, 9), report(files[1:]), 0).verdict == "clean"


def test_the_last_clean_snapshot_is_never_forgotten(tmp_path: Path) -> None:
    def line(number: int, verdict: str) -> SnapshotLine:
        name = f"{number:064x}"
        at = NOW + timedelta(seconds=number)
        return SnapshotLine(name, number, at, "00" * 32, ("/d",), verdict, 1)  # type: ignore[arg-type]

    state = MachineState(PC, NOW).with_snapshot(line(0, "clean"))
    for number in range(1, MAX_SNAPSHOTS + 50):
        state = state.with_snapshot(line(number, "alarm"))
    assert len(state.snapshots) == MAX_SNAPSHOTS
    assert state.last_clean == line(0, "clean")
    write_state(tmp_path, state)
    assert read_state(tmp_path, PC) == state


def test_a_clock_set_back_does_not_reorder_receipts(house: OpenHouse) -> None:
    from releve.vault.objects import Kind, Ref
    from releve.vault.register import Register
    from tests.vault.conftest import sha256

    home = house().home
    clock = ManualClock(home.born + timedelta(hours=1))
    with closing(Register(home, clock)) as register:
        for body in (b"avant", b"apres"):
            upload = register.store.upload()
            upload.write([body])
            register.receive(upload, Ref(PC, Kind.DATA, sha256(body)))
            clock.jump(timedelta(days=-60))
        times = [receipt.received for _, receipt in register.receipts(0, 10)]
    assert times == sorted(times)
