"""The record system speaks to the real listener, killed in the middle: nothing acknowledged is
lost, and the real projection finds the same census.
"""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from releve.care.intake import Kept, read_kept
from releve.care.projection import Projector
from releve.care.views import Views
from releve.drill.simulator.his import His, Order, Ward
from releve.drill.simulator.his.habits import HABITS
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home

WARDS = tuple(
    Ward(code, code, "990000028", tuple(f"{n // 2}-{'PF'[n % 2]}" for n in range(202, 218)))
    for code in ("CHIR-B", "MED-A", "URG")
)
ORDER = Order(11, "2026-11-22T01:00:00+01:00", WARDS, 30, messages_per_s=120)
PATIENCE_S = 30


class Listening:
    """The listener part on a socket that outlives it, as under the supervisor."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.socket.getsockname()[1]
        self.start()

    def start(self) -> None:
        descriptor = self.socket.fileno()
        command = [sys.executable, "-m", "releve.runtime.listener", "--home", str(self._home)]
        self._process = subprocess.Popen(
            [*command, "--fd", str(descriptor)], stdout=subprocess.PIPE, pass_fds=[descriptor]
        )
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["ready"] == "listener"

    def kill(self, number: int = signal.SIGKILL) -> None:
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def listening(home: Home) -> Iterator[Listening]:
    started = Listening(home.path)
    yield started
    started.kill(signal.SIGTERM)
    started.socket.close()


@pytest.mark.slow
@pytest.mark.parametrize("habits", list(HABITS))
def test_killed_mid_feed_the_listener_loses_nothing_it_acknowledged(
    habits: str, listening: Listening, home: Home
) -> None:
    his = His(home.path, replace(ORDER, habits=habits))
    try:
        his.start("127.0.0.1", listening.port)
        for wanted in (70, 260):
            assert his.wait_acknowledged(wanted, PATIENCE_S)
            listening.kill()
            listening.start()
        assert his.wait_acknowledged(520, PATIENCE_S)
        assert his.kill() == 0
    finally:
        his.stop()
    kept = [record for record in read_kept(home) if isinstance(record, Kept)]
    readable = {hashlib.sha256(record.raw).hexdigest() for record in kept}
    rows = his.acknowledged()
    assert len(rows) >= 520
    assert his.refused == []
    assert [row for row in rows if row.sha256 not in readable] == []
    assert _projected(home, kept) == {
        (one.ward, one.room, one.bed, one.ipp)
        for residents in his.census().values()
        for one in residents
    }


def _projected(home: Home, kept: list[Kept]) -> set[tuple[str, str, str, str]]:
    path = home.path / "care" / "views.sqlite3"
    projector = Projector(path)
    taken = projector.take(kept)
    projector.close()
    assert taken.quarantined == []
    views, now = Views(path), SystemClock().now()
    return {
        (ward.code, sheet.stay.room, sheet.stay.bed, sheet.traits.ipp)
        for ward in WARDS
        for sheet in views.ward(ward.code, now).patients
        if sheet.stay is not None
    }
