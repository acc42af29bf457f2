"""No update over a crisis, nor over records nobody can read; what a person is told at the end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.runtime.installed import CrisisOpen, RecordsUnread, may_update, tell_next
from releve.runtime.settings import remember_addresses, web_port

_PREFIX = Path("/opt/releve")


@pytest.fixture
def real(tmp_path: Path) -> Home:
    return birth(tmp_path / "home", World.REAL, SystemClock().now())


def _records(path: Path, *states: str) -> None:
    """As the web part leaves them: a write-ahead log, closed."""
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("CREATE TABLE incident_incident (opened_at TEXT, state TEXT)")
        rows = [(f"2026-11-2{number} 08:00", state) for number, state in enumerate(states)]
        base.executemany("INSERT INTO incident_incident VALUES (?, ?)", rows)
        base.commit()


def test_calm_or_never_used_it_may(real: Home) -> None:
    may_update(real.path, _PREFIX)
    records = real.path / "records.sqlite3"
    records.touch()
    may_update(real.path, _PREFIX)
    _records(records, "closed", "closed")
    may_update(real.path, _PREFIX)


@pytest.mark.parametrize("apart", [True, False])
def test_an_open_crisis_is_seen_wherever_the_records_are(real: Home, apart: bool) -> None:
    """Also when moving them to their folder was cut before the link was made."""
    folder = real.path / "records" if apart else real.path
    folder.mkdir(exist_ok=True)
    _records(folder / "records.sqlite3", "closed", "open")
    with pytest.raises(CrisisOpen, match="2026-11-21"):
        may_update(real.path, _PREFIX)


def test_records_that_cannot_be_read_are_never_taken_for_calm(
    real: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = real.path / "records.sqlite3"
    records.symlink_to("records/records.sqlite3")
    with pytest.raises(RecordsUnread, match="peut-être ouverte"):
        may_update(real.path, _PREFIX)
    records.unlink()
    records.write_bytes(b"rien d'une base" * 400)
    with pytest.raises(RecordsUnread):
        may_update(real.path, _PREFIX)
    records.unlink()
    monkeypatch.setenv("RELEVE_DATABASE", "host=ailleurs dbname=releve")
    with pytest.raises(RecordsUnread, match="PostgreSQL"):
        may_update(real.path, _PREFIX)


def test_records_held_by_another_are_not_taken_for_calm(real: Home) -> None:
    records = real.path / "records.sqlite3"
    with closing(sqlite3.connect(records, isolation_level=None)) as holder:
        holder.execute("CREATE TABLE incident_incident (opened_at TEXT, state TEXT)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RecordsUnread, match="locked"):
            may_update(real.path, _PREFIX)


def test_the_first_access_is_told_where_it_works(
    real: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """By an address of our own, over https; no proxy, behind which every form would be refused."""
    port = web_port(real)
    tell_next(real.path, _PREFIX)
    said = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/premier-acces/" in said and "ssh -L" in said
    assert "/opt/releve/bin/releve-address --address" in said and "mandataire" not in said
    remember_addresses(real, ["192.168.1.10:8443"])
    tell_next(real.path, _PREFIX)
    assert "  2. https://192.168.1.10:8443/premier-acces/\n" in capsys.readouterr().out
