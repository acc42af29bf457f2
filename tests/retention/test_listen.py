"""Who may receive real messages on the network: not before a DPO was entered."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from releve.care.mllp import frame
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.ledger.evidence import encode
from releve.retention.errors import BadAddress, DpoMissing
from releve.runtime.ledger import read_entries
from releve.runtime.retention import enter_officer, may_listen, officer, overrides, warning
from tests.care.messages import Someone, a28
from tests.retention.lived import DPO, NOW

REASON = "Le flux de secours doit partir cette nuit, le DPO est injoignable"
NETWORK = ("0.0.0.0", "::", "192.0.2.7", "10.2.0.5")  # noqa: S104  refused here
HERE = ("127.0.0.1", "127.0.0.2", "::1")


@pytest.mark.django_db
@pytest.mark.parametrize("address", NETWORK)
def test_the_network_is_refused_until_the_dpo_is_entered(records: Home, address: str) -> None:
    with pytest.raises(DpoMissing, match="DPO") as refused:
        may_listen(records, address, None, NOW)
    assert (refused.value.exit_code, "--override" in refused.value.remedy) == (2, True)
    for reason in ("", "urgent", "x" * 501):
        with pytest.raises(BadInput, match="raison"):
            may_listen(records, address, reason, NOW)
    assert overrides(records) == []
    enter_officer(records, DPO, date(2026, 11, 2), NOW)
    assert may_listen(records, address, None, NOW) is None
    assert may_listen(records, address, REASON, NOW) is None
    assert overrides(records) == []


@pytest.mark.django_db
def test_this_machine_is_only_warned(records: Home, tmp_path: Path, settings: Settings) -> None:
    real = birth(tmp_path / "reel", World.REAL, NOW)
    settings.HOME = real.path
    for address in HERE:
        assert may_listen(records, address, None, NOW) is None
        assert "DPO non renseigné" in (may_listen(real, address, None, NOW) or "")
    assert "DPO non renseigné" in (warning(real) or "")
    with pytest.raises(BadAddress, match="n'est pas une adresse"):
        may_listen(records, "hopital.example", None, NOW)


@pytest.mark.django_db
def test_an_override_is_in_the_ledger_and_stays_until_regularised(records: Home) -> None:
    assert "ATTENTION" in (may_listen(records, NETWORK[0], REASON, NOW) or "")
    assert [row.reason for row in overrides(records)] == [REASON]
    later = NOW + timedelta(days=3)
    with pytest.raises(BadInput, match="n'est pas passé"):
        enter_officer(records, DPO, date(2027, 1, 1), later)
    with pytest.raises(BadInput, match="nom"):
        enter_officer(records, " \x1b ", date(2026, 11, 2), later)
    row = enter_officer(records, f"  {DPO} ", date(2026, 12, 1), later)
    assert (row.name, overrides(records)) == (DPO, [])
    told = [e for _, e in read_entries(records) if e.what.startswith("retention.")]
    assert [e.what for e in told] == ["retention.listen.override", "retention.dpo"]
    assert [e.kind for e in told] == ["decision", "decision"]
    assert told[1].detail["regularised"] == 1
    text = b"".join(encode(e) for e in told).decode()
    assert "injoignable" not in text and "Tissier" not in text


def _listen(home: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "releve.cli", "care", "listen", "--home", str(home), *more],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def test_the_verb_refuses_then_listens_where_it_was_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    refused = _listen(home, "--address", "0.0.0.0")  # noqa: S104
    _, said = refused.communicate(timeout=60)
    assert refused.returncode == 2 and "DPO n'est pas renseigné" in said and "→" in said
    assert not (home / "care").exists()
    lives = _listen(home, "--address", "0.0.0.0", "--override", REASON)  # noqa: S104
    assert lives.stderr is not None
    first, second = lives.stderr.readline(), lives.stderr.readline()
    found = re.search(r"mllp://0\.0\.0\.0:(\d+)/", second)
    assert "ATTENTION" in first and found, first + second
    try:
        assert _answer(int(found[1])) == "AA"
    finally:
        lives.send_signal(signal.SIGTERM)
        lives.communicate(timeout=30)


def _answer(port: int) -> str:
    import socket

    with socket.create_connection(("127.0.0.1", port), 20) as line:
        line.sendall(frame(a28(Someone("900001", "ESSAI-RESEAU"))))
        return line.recv(4096).decode().split("MSA|")[1][:2]


@pytest.mark.django_db
def test_a_dpo_once_entered_is_in_office(records: Home) -> None:
    assert officer(records) is None
    enter_officer(records, DPO, date(2026, 11, 2), SystemClock().now())
    enter_officer(records, "M. Aldo Verney", date(2026, 11, 20), SystemClock().now())
    found = officer(records)
    assert found is not None and found.name == "M. Aldo Verney"
