"""The duty part as a process, beside the real signer: alarm, crisis, fresh kits, freeze, thaw."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from releve.care import Kept
from releve.care.kit import frozen, read_shelf
from releve.care.kit.build import up_to_date
from releve.care.progress import tell
from releve.care.projection import Projector
from releve.care.views import views_path
from releve.kernel.clock import SystemClock
from releve.kernel.durable import make_folder
from releve.kernel.home import Home
from releve.vault import facts as vault
from tests.care.messages import Bed, Someone, a01, a28
from tests.incident.ledger import append, fact

_PATIENCE = 300


@contextmanager
def _part(name: str, home: Home, log: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"releve.runtime.{name}", "--home", str(home.path)]
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline() or "null")
            assert ready and ready["ready"] == name, log.read_text()
            yield process
            assert process.poll() is None, log.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


def _ward(home: Home) -> None:
    """Two patients received a moment ago."""
    make_folder(views_path(home).parent)
    now = SystemClock().now()
    messages = []
    for number, name in enumerate(("DUPONT", "NGUYEN"), 1):
        who = Someone(f"80000{number}", name)
        bed = Bed("CHIR-B", f"{number}", "P", f"V{number}")
        messages += [a28(who), a01(who, bed, f"M{number}")]
    kept = [Kept(n, now, "DPI|VALBRUME", raw) for n, raw in enumerate(messages)]
    projector = Projector(views_path(home))
    projector.take(kept)
    projector.close()
    tell(home, len(kept))


def _wait(process: subprocess.Popen[str], done: Callable[[], bool]) -> None:
    for _ in range(_PATIENCE):
        if done():
            return
        assert process.poll() is None
        SystemClock().sleep(0.1)
    raise AssertionError("rien n'est venu")


def _verb(home: Home, *words: str) -> str:
    said = subprocess.run(
        [sys.executable, "-m", "releve.cli", "incident", *words, "--home", str(home.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def _show(home: Home) -> dict[str, object]:
    return dict(json.loads(_verb(home, "show", "--json", "-")))


def test_an_alarm_opens_the_crisis_and_kits_are_made_fresh_then_kept(
    home: Home, tmp_path: Path
) -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")
    _ward(home)
    with (
        _part("signer", home, tmp_path / "signer.log"),
        _part("duty", home, tmp_path / "duty.log") as duty,
    ):
        _wait(duty, lambda: read_shelf(home, "CHIR-B").current is not None)
        before = read_shelf(home, "CHIR-B").next
        append(home, fact(vault.ALARM, 1))
        _wait(duty, lambda: frozen(home) is not None)
        assert read_shelf(home, "CHIR-B").next > before
        _wait(duty, lambda: "Kits gelés" in json.dumps(_show(home), ensure_ascii=False))
        crisis = _show(home)
        lines = crisis["lines"]
        assert isinstance(lines, list)
        texts = [line["text"] for line in lines]
        assert sum("Kit du service CHIR-B fait" in text for text in texts) == 2
        assert crisis["reflex"] == "rançongiciel probable"
        assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
        _verb(home, "close", "--false-alarm")
        _wait(duty, lambda: frozen(home) is None)
