"""What is kept is whole, enciphered, and ends with its month's key; what was rewritten is seen."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releve.care.errors import MonthKeyDamaged, RecordAltered, RecordTooNew
from releve.care.intake import (
    MAX_MESSAGE,
    Gone,
    Incoming,
    Intake,
    Kept,
    journal_folder,
    read_kept,
)
from releve.care.keys import MonthKeys, month_of
from releve.journal import (
    Journal,
    JournalBusy,
    JournalForeign,
    Origin,
    RecordTooLarge,
    verify_journal,
)
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

_OCTOBER = datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_NOVEMBER = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)
_MARKER = b"ESSAI-MARQUEUR"


def _incoming(number: int, when: datetime = _NOVEMBER) -> Incoming:
    return Incoming(when, "DPI|CHV", b"MSH|^~\\&|DPI|CHV\rPID|%d|%s" % (number, _MARKER))


_MESSAGES = st.lists(
    st.builds(
        Incoming,
        st.integers(0, 90 * 86_400_000_000).map(
            lambda micros: _OCTOBER - timedelta(days=45) + timedelta(microseconds=micros)
        ),
        st.text(max_size=30),
        st.binary(max_size=400),
    ),
    max_size=10,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_MESSAGES, max_size=4))
def test_every_message_comes_back_as_it_was_received(
    home: Home, lives: list[list[Incoming]]
) -> None:
    shutil.rmtree(home.path / "care", ignore_errors=True)
    kept: list[Incoming] = []
    for life in lives:
        with Intake.open(home, segment_bytes=500) as intake:
            assert intake.keep(life) == range(len(kept), len(kept) + len(life))
            kept += life
            assert len(intake) == len(kept)
    expected = [Kept(n, m.received, m.sender, m.raw) for n, m in enumerate(kept)]
    assert list(read_kept(home)) == expected
    with Intake.open(home) as intake:
        assert list(intake.read(len(kept) // 2)) == expected[len(kept) // 2 :]


def test_nothing_of_a_message_is_in_clear_on_the_disk(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([_incoming(1)])
    for path in home.path.rglob("*"):
        if path.is_file():
            assert _MARKER not in path.read_bytes()
            assert b"DPI|CHV" not in path.read_bytes()


def test_one_writer_only_and_only_in_its_own_home(home: Home) -> None:
    with Intake.open(home), pytest.raises(JournalBusy):
        Intake.open(home)
    other = birth(home.path.parent / "autre", World.DRILL, SystemClock().now())
    shutil.copytree(home.path / "care", other.path / "care")
    with pytest.raises(JournalForeign):
        Intake.open(other)


def test_a_destroyed_month_says_nothing_more_and_the_chain_still_verifies(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([_incoming(0, _OCTOBER), _incoming(1, _NOVEMBER), _incoming(2, _OCTOBER)])
    keys = MonthKeys(home)
    assert keys.months() == ("2026-10", "2026-11")
    key = (home.secrets("care") / "months" / "2026-10").read_bytes()
    assert keys.destroy("2026-10", _NOVEMBER)
    assert not keys.destroy("2026-10", _NOVEMBER)
    assert (keys.months(), keys.destroyed()) == (("2026-11",), ("2026-10",))
    assert [*read_kept(home)] == [
        Gone(0, "2026-10"),
        Kept(1, *_incoming(1, _NOVEMBER)),
        Gone(2, "2026-10"),
    ]
    verdict = verify_journal(journal_folder(home))
    assert (verdict.ok, verdict.records) == (True, 3)
    assert not any(key in path.read_bytes() for path in home.path.rglob("*") if path.is_file())


def test_a_key_drawn_again_for_the_same_month_does_not_open_the_old_records(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([_incoming(0)])
    MonthKeys(home).destroy("2026-11", _NOVEMBER)
    with Intake.open(home) as intake:
        intake.keep([_incoming(1)])
    assert [*read_kept(home)] == [Gone(0, "2026-11"), Kept(1, *_incoming(1))]


def test_a_record_rewritten_with_a_good_chain_is_seen(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([_incoming(0), _incoming(1)])
    with Journal.open(journal_folder(home), Origin(home.id, home.epoch)) as journal:
        payloads = [record.payload for record in journal.read()]
    shutil.rmtree(journal_folder(home))
    altered = payloads[0][:-1] + bytes([payloads[0][-1] ^ 1])
    moved = payloads[1][:8] + b"\xff" + payloads[1][9:]  # its clear header
    with Journal.open(journal_folder(home), Origin(home.id, home.epoch)) as journal:
        journal.append_many([altered, moved, b"\x01court", b"\x07" + payloads[0][1:], payloads[1]])
    assert verify_journal(journal_folder(home)).ok
    for index in (0, 1, 2):
        with pytest.raises(RecordAltered, match=str(index)):
            next(read_kept(home, index))
    with pytest.raises(RecordTooNew):
        next(read_kept(home, 3))
    assert next(read_kept(home, 4)) == Kept(4, *_incoming(1))


def test_no_two_records_share_a_nonce(home: Home) -> None:
    seen: set[bytes] = set()
    for _ in range(3):
        with Intake.open(home) as intake:
            intake.keep([_incoming(n) for n in range(50)])
    with Journal.open(journal_folder(home), Origin(home.id, home.epoch)) as journal:
        seen |= {record.payload[8:20] for record in journal.read()}
    assert len(seen) == 150


def test_a_damaged_key_is_said_and_never_replaced(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([_incoming(0)])
    path = home.secrets("care") / "months" / "2026-11"
    path.write_bytes(b"court")
    with pytest.raises(MonthKeyDamaged, match="5 octets"):
        list(read_kept(home))
    with Intake.open(home) as intake, pytest.raises(MonthKeyDamaged):
        intake.keep([_incoming(1)])
    assert path.read_bytes() == b"court"


def test_keys_are_for_their_owner_only(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([_incoming(0)])
    path = home.secrets("care") / "months" / "2026-11"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_uid == os.getuid()


def test_a_message_as_long_as_allowed_is_kept_and_longer_is_not(home: Home) -> None:
    with Intake.open(home) as intake:
        intake.keep([Incoming(_NOVEMBER, "é" * 5000, b"x" * MAX_MESSAGE)])
        with pytest.raises(RecordTooLarge):
            intake.keep([Incoming(_NOVEMBER, "A", b"x" * (MAX_MESSAGE + 4096))])
        assert len(intake) == 1


def test_the_month_is_that_of_the_reception_in_utc() -> None:
    paris = datetime.fromisoformat("2026-12-01T00:30:00+01:00")
    assert month_of(paris) == "2026-11"
    assert month_of(_OCTOBER + timedelta(microseconds=1)) == "2026-11"
