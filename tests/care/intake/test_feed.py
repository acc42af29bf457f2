"""From the socket to the views: real processes that start, die and come back in any order."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from releve.care.errors import MonthIsCurrent, MonthUnknown, RecordAltered, ViewsAhead
from releve.care.intake import Gone, Incoming, Intake, Kept, journal_folder
from releve.care.keys import MonthKeys
from releve.care.ports import Fact
from releve.care.progress import projected
from releve.care.projecting import Feeder, Projecting
from releve.care.projection import Projector, Taken, dump
from releve.care.rebuilding import Tally, compare, durable_count, feed, rebuild
from releve.care.replay import read_messages
from releve.care.teller import Teller
from releve.care.views import views_path
from releve.journal import Journal, Origin, verify_journal
from releve.kernel.clock import ManualClock, SystemClock
from releve.kernel.home import Home
from releve.runtime import care_verbs
from releve.runtime.ledger import read_entries
from tests.care import messages
from tests.care.intake.living import address_of, listening, part
from tests.care.traffic import Lap, Line, ward_day

_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_DAY = [message for message, _ in zip(Lap(ward_day(5)).messages(1), range(50), strict=False)]
_NO_NUMBER = b"MSH|^~\\&|LABO|CHV|R|V|20261123||ADT^A01^ADT_A01|Q%d|P|2.5\rPID|1\r"


def _incoming(raws: Sequence[bytes], when: datetime = _NOW) -> list[Incoming]:
    return [Incoming(when, "DPI|VALBRUME", raw) for raw in raws]


def _until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    give_up = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def _patients(home: Home) -> int:
    with closing(sqlite3.connect(views_path(home))) as base:
        return int(base.execute("SELECT count(*) FROM patient").fetchone()[0])


@contextmanager
def _serving(home: Home) -> Iterator[Line]:
    with part("listener", home) as (listener, endpoints), part("projector", home):
        address = endpoints["listener"]
        (home.run / "parts.json").write_text(json.dumps({"listener": {"pid": listener.pid}}))
        (home.run / "endpoints.json").write_text(json.dumps({"listener": address}))
        with closing(Line(address_of(address))) as line:
            yield line


def test_the_projector_follows_whichever_starts_first_and_survives_both(home: Home) -> None:
    with part("projector", home) as (projector, _), part("listener", home) as (listener, ends):
        with closing(Line(address_of(ends["listener"]))) as line:
            line.ask(*_DAY[:20])
            _until(lambda: projected(home) == 20)
            projector.kill()
            projector.wait()
            line.ask(*_DAY[20:30])
        with part("projector", home):
            _until(lambda: projected(home) == 30)
            listener.kill()
            listener.wait()
            with (
                part("listener", home) as (_, again),
                closing(Line(address_of(again["listener"]))) as line,
            ):
                line.ask(*_DAY[30:])
                _until(lambda: projected(home) == 50)
    assert compare(home)[1] is None
    assert _patients(home) == 5


def test_nothing_is_projected_before_it_is_said_to_be_on_the_disk(home: Home) -> None:
    with (
        Intake.open(home) as intake,
        closing(Projector(views_path(home))) as projector,
        closing(Projecting(home, Feeder(home, projector, Tally()), 0)) as projecting,
    ):
        intake.keep(_incoming(_DAY[:5]))  # written, and no listener to say so
        assert projecting.step(0.05) == 0
        with listening(home, intake):
            _until(lambda: projecting.step(0.05) == 5)
        assert projecting.cursor == projected(home) == 5


def test_views_that_know_more_than_the_journal_are_refused(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep(_incoming(_DAY[:5]))
    feed(home, views_path(home), 5)
    with closing(Projector(views_path(home))) as projector:
        feeder = Feeder(home, projector, Tally())
        with pytest.raises(ViewsAhead, match="5"):
            feeder.feed(3)


def test_rebuilt_views_are_the_same_and_a_difference_is_seen(home: Home) -> None:
    with Intake.open(home, segment_bytes=5000) as intake:
        intake.keep(_incoming(_DAY))
    feed(home, views_path(home), 7)
    feed(home, views_path(home), 50)
    assert compare(home) == (rebuild(home, 50), None)
    with closing(sqlite3.connect(views_path(home))) as base:
        base.execute("UPDATE patient SET ipp = '1' WHERE id = (SELECT min(id) FROM patient)")
        base.commit()
    assert compare(home)[1] == "patient"
    rebuild(home, 50)
    assert compare(home)[1] is None
    assert [path.name for path in (home.path / "care").glob("views.*.sqlite3*")] == []


@pytest.mark.parametrize("left", [b"", b"not a database, at all" * 100], ids=["none", "junk"])
def test_views_damaged_or_absent_are_made_again(home: Home, left: bytes) -> None:
    with Intake.open(home) as intake:
        intake.keep(_incoming(_DAY))
    if left:
        views_path(home).write_bytes(left)
    rebuild(home, durable_count(home))
    assert _patients(home) == 5
    assert compare(home)[1] is None


def test_forgetting_a_month_leaves_the_others_and_nothing_of_it(home: Home) -> None:
    marked = messages.a28(messages.Someone("7001", "ESSAI-MARQUEUR"))
    with Intake.open(home) as intake:
        intake.keep(_incoming([marked], datetime(2026, 9, 2, tzinfo=UTC)))
        intake.keep(_incoming(_DAY))
    feed(home, views_path(home), 51)
    assert _patients(home) == 6
    clock = ManualClock(_NOW)
    done = care_verbs.forget(home, "2026-09", clock, this_month=False)
    assert (done.records, done.gone) == (51, {"2026-09": 1})
    assert _patients(home) == 5
    assert compare(home)[1] is None
    assert verify_journal(journal_folder(home)).ok
    for path in home.path.rglob("*"):
        assert not path.is_file() or b"MARQUEUR" not in path.read_bytes(), path
    told = [evidence for _, evidence in read_entries(home)]
    assert [(e.what, e.kind, e.value) for e in told if e.kind == "decision"] == [
        ("care.month.forgotten", "decision", "2026-09")
    ]
    with pytest.raises(MonthUnknown, match="rien"):
        care_verbs.forget(home, "2026-08", clock, this_month=False)
    with pytest.raises(MonthIsCurrent):
        care_verbs.forget(home, "2026-11", clock, this_month=False)
    assert MonthKeys(home).months() == ("2026-11",)


def test_beside_a_living_service_replay_rebuild_and_forget(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep(_incoming(_DAY[:5], datetime(2026, 9, 2, tzinfo=UTC)))
    feed(home, views_path(home), 5)
    data = b"".join([*_DAY[5:], _NO_NUMBER % 1, _DAY[10]])
    with _serving(home) as line:
        with closing(sqlite3.connect(views_path(home))) as page:  # open all along
            done = care_verbs.replay(home, "jour.hl7", data, SystemClock())
            assert (done.messages, done.taken, done.duplicates) == (47, 47, 1)
            assert [(n, offset) for n, offset, _ in done.quarantined] == [
                (46, sum(map(len, _DAY[5:])))
            ]
            assert (done.waiting, done.refused, done.unprojected) == (0, (), 0)
            assert care_verbs.rebuild(home).records == 52
            assert page.execute("SELECT count(*) FROM patient").fetchone() == (5,)
            gone = care_verbs.forget(home, "2026-09", SystemClock(), this_month=False)
            assert gone.gone == {"2026-09": 5}
            assert page.execute("SELECT count FROM gone").fetchall() == [(5,)]
        line.ask(_DAY[0])
        _until(lambda: projected(home) == 53)
    assert compare(home)[1] is None


def test_replay_without_a_service_says_what_became_of_each(home: Home) -> None:
    foreign = b"MSH|^~\\&|A|B|C|D|20261123||BAR^P01|7|P|2.5\rPID|1||8||X\r"
    data = b"\n".join([_DAY[0], _NO_NUMBER % 2, foreign, _DAY[0], b""])
    done = care_verbs.replay(home, "jour.hl7", data, SystemClock())
    assert (done.messages, done.taken) == (len(read_messages("f", data)), done.messages)
    assert (done.duplicates, done.unprojected) == (1, 1)
    assert done.quarantined[0][:2] == (2, len(_DAY[0]) + 1)
    assert "PID-3" in done.quarantined[0][2]
    assert projected(home) == done.taken


class _Ledger:
    def __init__(self) -> None:
        self.told: list[Fact] = []
        self.broken = False

    def record(self, facts: Sequence[Fact]) -> None:
        if self.broken:
            raise OSError("injoignable")
        self.told += facts


def test_facts_are_told_once_at_powers_of_ten_and_again_after_a_refusal(home: Home) -> None:
    with Intake.open(home, segment_bytes=1000) as intake:
        for n in range(12):
            intake.keep(_incoming([_NO_NUMBER % n]))
    ledger, clock = _Ledger(), ManualClock(_NOW)
    with closing(Projector(views_path(home))) as projector:
        teller = Teller(home, views_path(home), ledger, clock)
        with closing(Feeder(home, projector, teller)) as feeder:
            feeder.feed(12)
    ledger.broken = True
    with pytest.raises(OSError, match="injoignable"):
        teller.tell()
    ledger.broken = False
    told = teller.tell()
    alarms = [fact for fact in ledger.told if fact.kind == "alarm"]
    receipts = [fact for fact in ledger.told if fact.kind == "receipt"]
    assert [(f.what, f.number, f.value) for f in alarms] == [
        ("care.quarantine", 1, 12),
        ("care.quarantine", 10, 12),
    ]
    assert receipts
    assert told == len(alarms) + len(receipts)
    assert all(fact.what == "care.feed.closed" and fact.sha256 for fact in receipts)
    assert teller.tell() == 0
    clock.sleep(60)
    assert teller.tell() == 0
    assert Teller(home, views_path(home), ledger, clock).tell() == 0


def test_a_rewritten_record_is_passed_over_and_said(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep(_incoming(_DAY[:3]))
    origin = Origin(home.id, home.epoch)
    with Journal.open(journal_folder(home), origin) as journal:
        payloads = [record.payload for record in journal.read()]
    shutil.rmtree(journal_folder(home))
    payloads[1] = payloads[1][:-1] + bytes([payloads[1][-1] ^ 1])
    with Journal.open(journal_folder(home), origin) as journal:
        journal.append_many(payloads)
    ledger = _Ledger()
    with closing(Projector(views_path(home))) as projector:
        teller = Teller(home, views_path(home), ledger, ManualClock(_NOW))
        with closing(Feeder(home, projector, teller)) as feeder:
            assert feeder.feed(3) == 3
    teller.tell()
    assert [(f.what, f.value) for f in ledger.told] == [("care.record.altered", 1)]
    assert rebuild(home, 3).altered == 1


class _Witness:
    """Fails once, in the middle of a batch, as a full disk does."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.fail = True

    def altered(self, error: RecordAltered) -> None:
        raise error

    def taken(self, records: Sequence[Kept | Gone], taken: Taken) -> None:
        if self.fail:
            self.fail = False
            raise OSError("plein")
        self.seen += [record.index for record in records]


def test_a_turn_that_fails_is_taken_up_where_the_views_are(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep(_incoming(_DAY))
    witness = _Witness()
    with (
        closing(Projector(views_path(home))) as projector,
        closing(Feeder(home, projector, witness)) as feeder,
    ):
        with pytest.raises(OSError, match="plein"):
            feeder.feed(50)
        assert feeder.feed(50) == projector.cursor == 50
    feed(home, home.path / "care/other.sqlite3", 50)
    assert [*dump(views_path(home))] == [*dump(home.path / "care/other.sqlite3")]


def test_listen_serves_a_home_alone_until_told_to_stop(home: Home) -> None:
    script = (
        "import sys; from pathlib import Path; from releve.kernel.home import read;"
        "from releve.runtime.care_verbs import listen;"
        "sys.exit(listen(read(Path(sys.argv[1])), 0, lambda t: print(t, flush=True)))"
    )
    command = [sys.executable, "-c", script, str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"mllp://127.0.0.1:" in process.stdout.readline()
        threads = [threading.Thread(target=_replayed, args=(home, n)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        process.terminate()
        assert process.wait(20) == 0
    assert care_verbs.listener_address(home) is None
    assert projected(home) == 50


def _replayed(home: Home, half: int) -> None:
    data = b"".join(_DAY[half * 25 : half * 25 + 25])
    assert care_verbs.replay(home, "f", data, SystemClock()).waiting == 0
