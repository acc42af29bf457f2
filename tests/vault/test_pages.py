"""« Machines »: the words of a state, and the restore that two people order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from releve.kernel.ids import MachineName
from releve.vault.app.views import describe
from releve.vault.state import Alarm, MachineState, SnapshotLine

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
BORN = MachineState(MachineName("PC-LABO-04"), NOW - timedelta(days=9))
CLEAN = SnapshotLine("a" * 64, 1, NOW - timedelta(hours=3), "b" * 64, ("/",), "clean", 12)


def test_a_machine_never_backed_up_says_so() -> None:
    row = describe(BORN, NOW)
    assert (row.mark, row.word, row.moment) == ("–", "jamais sauvegardée", None)


def test_a_fresh_clean_backup_is_up_to_date_and_an_old_one_is_not() -> None:
    fresh = BORN.with_snapshot(CLEAN)
    assert describe(fresh, NOW).word == "à jour"
    assert describe(fresh, NOW + timedelta(days=2)).word == "à vérifier"


def test_a_doubtful_backup_is_never_green_nor_last_clean() -> None:
    doubtful = replace(CLEAN, id="c" * 64, number=2, verdict="doubtful", suspect=1)
    state = BORN.with_snapshot(CLEAN).with_snapshot(doubtful)
    assert describe(state, NOW).mark == "◐"
    assert state.last_clean == CLEAN
    assert state.last_clean_before(NOW - timedelta(hours=4)) is None


def test_an_alarm_comes_first_whatever_came_after() -> None:
    alarm = Alarm(NOW, "d" * 64, 12, "12 fichiers", {"suspect": 12}, ())
    state = replace(BORN.with_snapshot(CLEAN), alarm=alarm)
    assert describe(state, NOW).mark == "○"
