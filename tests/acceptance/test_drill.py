"""Whole drills on real processes: what is honest holds, each sabotage breaks exactly its measure.

Sabotages are joined in one night where they touch different things; each is played alone by
``./run drill --sabotage NAME``. Drills run two at a time: they must not disturb each other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from releve.drill.report.catalogue import CATALOGUE, SABOTAGES
from releve.drill.simulator.postgres import tool
from releve.kernel.errors import MissingTool

SCENARIO = Path(__file__).with_name("nuit-courte.toml")
#: A seed whose twelve attempts hold a deletion of data and a poisoned index.
SEED = 10
BREAKS = {
    "delete-allowed,feed-ack-before-write,restore-flips-a-byte": {
        "vault.destroy_refused",
        "feed.acknowledged_lost",
        "vault.restored_identical",
    },
    "index-poisoned,feed-drops-one,ledger-edited": {
        "vault.destroy_refused",
        "care.census_patients",
        "ledger.verified",
    },
    "detector-silent,kit-misses-a-patient,binder-blank": {
        "detect.seconds",
        "care.kit_patients",
        "binder.missing",
    },
    "ack-before-write,order-reversed": {"vault.acknowledged_lost", "restore.order_respected"},
}


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "RELEVE_TIED"}


def _gate() -> tuple[int, ...]:
    number = os.environ.get("RELEVE_GATE")
    return (int(number),) if number else ()


@dataclass
class Played:
    """A drill that has ended: its exit status, figures, and who was root meanwhile."""

    home: Path
    status: int
    figures: dict[str, Any]
    said: str
    root_processes: set[str]

    @property
    def missed(self) -> list[str]:
        return [row["id"] for row in self.figures["measures"] if row["met"] is False]


def _play(folder: Path, seed: int, sabotage: str | None) -> Played:
    home, out = folder / "home", folder / "figures.json"
    command = [sys.executable, "-m", "releve.cli", "drill", "--scenario", str(SCENARIO)]
    command += ["--seed", str(seed), "--home", str(home), "--json", str(out)]
    command += ["--sabotage", sabotage] if sabotage else []
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(),
        pass_fds=_gate(),
    )
    root: set[str] = set()
    with process, ThreadPoolExecutor(1) as reader:
        said = reader.submit(lambda: process.stdout.read() if process.stdout else "")
        while process.poll() is None:
            root |= _root_children_of(process.pid)
            time.sleep(0.1)
        text = said.result()
    figures = json.loads(out.read_text()) if out.exists() else {}
    return Played(home, process.returncode, figures, text, root)


def _root_children_of(pid: int) -> set[str]:
    """Command lines of processes below ``pid`` whose effective user is root."""
    parents, found = {pid}, set()
    for entry in sorted(
        (p for p in Path("/proc").iterdir() if p.name.isdigit()), key=lambda p: int(p.name)
    ):
        try:
            status = dict(
                line.split(":\t", 1)
                for line in (entry / "status").read_text().splitlines()
                if ":\t" in line
            )
            command = (
                (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except (OSError, ValueError):
            continue
        if int(status["PPid"]) in parents:
            parents.add(int(entry.name))
            if status["Uid"].split()[1] == "0":
                found.add(command)
    return found


@pytest.fixture(scope="module")
def drills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str | None, Future[Played]]]:
    try:
        tool("initdb")
    except MissingTool as error:
        pytest.skip(str(error))
    with ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(_play, tmp_path_factory.mktemp("nuit"), SEED, name)
            for name in (None, *reversed(BREAKS))
        }


@pytest.mark.slow
def test_an_honest_night_holds_and_its_figures_are_whole(
    drills: dict[str | None, Future[Played]],
) -> None:
    played = drills[None].result()
    assert played.status == 0, played.said
    figures = played.figures
    assert figures["ok"] is True
    assert {row["id"] for row in figures["measures"]} == set(CATALOGUE)
    assert figures["not_measured"] == []
    for row in figures["measures"]:
        assert set(row) == {"id", "value", "unit", "target", "met", "evidence"}
        assert row["evidence"] >= 1
        assert row["met"] is (None if row["target"] is None else True), row
    assert figures["ledger"]["size"] > 1
    assert len(figures["ledger"]["root"]) == 64
    report = played.home / "report"
    assert {path.name for path in report.iterdir()} == {
        "rapport.html",
        "rapport.pdf",
        "rapport.json",
    }
    assert json.loads((report / "rapport.json").read_text()) == figures


@pytest.mark.slow
def test_the_export_of_a_night_verifies_by_itself(drills: dict[str | None, Future[Played]]) -> None:
    played = drills[None].result()
    folder = played.home / "preuve"
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "cohérent, NON ANCRÉ" in done.stdout


def test_every_sabotage_is_played() -> None:
    assert {name for joined in BREAKS for name in joined.split(",")} == set(SABOTAGES)


@pytest.mark.slow
@pytest.mark.parametrize("sabotage", list(BREAKS))
def test_sabotages_break_exactly_their_measures(
    drills: dict[str | None, Future[Played]], sabotage: str
) -> None:
    played = drills[sabotage].result()
    assert set(played.missed) == BREAKS[sabotage], played.said
    assert played.figures["not_measured"] == []
    assert played.status == 1
    if "detector-silent" in sabotage:
        row = next(r for r in played.figures["measures"] if r["id"] == "detect.seconds")
        assert row["value"] is None


@pytest.mark.slow
def test_same_seed_same_story_whatever_timing_let_happen(
    drills: dict[str | None, Future[Played]],
) -> None:
    stories = {future.result().figures["story_sha256"] for future in drills.values()}
    assert len(stories) == 1


@pytest.mark.slow
def test_no_process_of_a_night_is_root(drills: dict[str | None, Future[Played]]) -> None:
    if os.geteuid() == 0:
        pytest.skip("lancé en administrateur sans ./run : les processus le sont aussi")
    for future in drills.values():
        assert future.result().root_processes == set()


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_and_no_half_report(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "releve.cli", "drill", "--scenario", str(SCENARIO)]
    process = subprocess.Popen(
        [*command, "--home", str(home)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        pass_fds=_gate(),
        start_new_session=True,
    )
    limit = time.monotonic() + 60
    while not list((home / "simulateur").glob("acquittements.jsonl")) and time.monotonic() < limit:
        time.sleep(0.1)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 130
    assert not (home / "report").exists()
    left = [
        found
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and str(home) in (found := _command(entry))
    ]
    assert left == []


def _command(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def test_a_real_home_is_refused(tmp_path: Path) -> None:
    from releve.kernel.clock import SystemClock
    from releve.kernel.home import birth
    from releve.kernel.world import World

    birth(tmp_path / "home", World.REAL, SystemClock().now())
    command = [sys.executable, "-m", "releve.cli", "drill", "--home", str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    assert done.returncode == 2
    assert "Refusé" in done.stderr
    assert "→" in done.stderr


def test_a_home_is_played_once(drills: dict[str | None, Future[Played]]) -> None:
    home = drills[None].result().home
    command = [sys.executable, "-m", "releve.cli", "drill", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    assert done.returncode == 2
    assert "déjà été joué" in done.stderr
