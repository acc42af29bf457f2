"""A machine lives, is edited and backs itself up with the unmodified restic."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from releve.drill.scenario import Backups
from releve.drill.simulator import fleet, workstation
from releve.drill.simulator.attack import Ground, make_ground
from releve.drill.simulator.plan import Plan
from releve.drill.simulator.processes import Child
from releve.drill.simulator.workstation import Order, manifest

_FAR = Backups(period_s=5000, first_s=5000, spread_s=0)


@pytest.fixture
def ground(tmp_path: Path, plan: Plan) -> Ground:
    made = make_ground(tmp_path / "machines")
    fleet.lay_out(plan, made, tmp_path / "coulisses")
    return made


@pytest.fixture(scope="module")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Initialised once: it costs three seconds of key derivation."""
    if shutil.which("restic") is None:
        pytest.skip("SANS RESTIC : apt-get install restic")
    path = tmp_path_factory.mktemp("restic") / "depot"
    lines = {"RESTIC_REPOSITORY": str(path), "RESTIC_PASSWORD": "essai"}
    subprocess.run(["restic", "init", "-q"], env={**os.environ, **lines}, check=True)
    return path


@pytest.fixture
def environment(empty_repository: Path, tmp_path: Path) -> dict[str, str]:
    shutil.copytree(empty_repository, tmp_path / "depot")
    return {"RESTIC_REPOSITORY": str(tmp_path / "depot"), "RESTIC_PASSWORD": "essai"}


def _order(ground: Ground, plan: Plan, environment: dict[str, str]) -> Order:
    machine = plan.machines[0]
    aside = ground.path.with_name("coulisses")
    return fleet.order(
        machine, 0, 1, ground, aside, backups=_FAR, origin=0.0 + time.monotonic(),
        environment=environment,
    )  # fmt: skip


def _until(child: Child, event: str) -> Iterator[dict[str, object]]:
    while (said := child.read()) is not None:
        yield said
        if said["event"] == event:
            return
    raise AssertionError(f"ended before {event}")


def test_it_backs_up_what_it_holds(
    ground: Ground, plan: Plan, environment: dict[str, str], tmp_path: Path
) -> None:
    machine = plan.machines[0]
    with workstation.start(_order(ground, plan, environment)) as child:
        child.send({"do": "backup"})
        *_, first = _until(child, "backup")
        child.send({"do": "backup"})
        told = list(_until(child, "backup"))
        child.send({"do": "stop"})
        list(_until(child, "stopped"))
        assert child.stop() == 0
    second = told[-1]
    assert first["ok"] and second["ok"], (first, second)
    assert [said["event"] for said in told].count("edit") == 3
    later = {d.path: d.data for d in machine.documents}
    later |= {edit.path: edit.data for edit in machine.edits if edit.slot == 1}
    _same_as_restored(first, {d.path: d.data for d in machine.documents}, environment, tmp_path)
    _same_as_restored(second, later, environment, tmp_path)


def _same_as_restored(
    said: dict[str, object], expected: dict[str, bytes], environment: dict[str, str], place: Path
) -> None:
    into = place / f"rendu-{said['slot']}"
    command = ["restic", "restore", "-q", str(said["snapshot"]), "--target", str(into)]
    subprocess.run(command, env={**os.environ, **environment}, check=True)
    assert manifest(into) == said["manifest"]
    assert {path: (into / path).read_bytes() for path in expected} == expected


def test_an_encrypted_file_is_not_saved_over(
    ground: Ground, plan: Plan, environment: dict[str, str]
) -> None:
    machine = plan.machines[0]
    victim = next(edit for edit in machine.edits if edit.slot == 1 and edit.before)
    path = ground.path / machine.name / victim.path
    with workstation.start(_order(ground, plan, environment)) as child:
        child.send({"do": "backup"})
        list(_until(child, "backup"))
        path.write_bytes(b"\x07" * 5000)
        child.send({"do": "backup"})
        told = list(_until(child, "backup"))
    skipped = [said["path"] for said in told if said["event"] == "edit-skipped"]
    assert skipped == [victim.path]
    assert path.read_bytes() == b"\x07" * 5000


def test_a_hung_backup_is_ended_and_the_next_one_goes_on(
    ground: Ground, plan: Plan, environment: dict[str, str], tmp_path: Path
) -> None:
    slow, flag = tmp_path / "restic-qui-pend", tmp_path / "deja"
    slow.write_text(f'#!/bin/sh\n[ -e {flag} ] && exec restic "$@"\n: > {flag}\nexec sleep 600\n')
    slow.chmod(0o755)
    order = replace(_order(ground, plan, environment), restic=str(slow), limit_s=0.5)
    with workstation.start(order) as child:
        child.send({"do": "backup"})
        *_, hung = _until(child, "backup")
    assert not hung["ok"]
    assert "0.5 s" in str(hung["error"])
    order = replace(order, limit_s=60)
    with workstation.start(order) as child:
        child.send({"do": "backup"})
        *_, after = _until(child, "backup")
    assert after["ok"], after


@pytest.mark.parametrize("how", ["stop", "end of input", "SIGTERM"])
def test_it_stops_in_mid_backup_and_leaves_no_restic(
    ground: Ground, plan: Plan, environment: dict[str, str], tmp_path: Path, how: str
) -> None:
    slow, pid = tmp_path / "restic-qui-pend", tmp_path / "pid"
    slow.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 600\n")
    slow.chmod(0o755)
    with workstation.start(replace(_order(ground, plan, environment), restic=str(slow))) as child:
        child.send({"do": "backup"})
        while not pid.exists() or not pid.read_text():
            time.sleep(0.01)
        if how == "SIGTERM":
            child.process.terminate()
        elif how == "stop":
            child.send({"do": "stop"})
    running = Path("/proc") / pid.read_text().strip() / "stat"
    while running.exists() and " Z " not in running.read_text():
        time.sleep(0.01)  # the kernel ends it; pytest's own limit is the judge


def test_preparation_runs_before_the_hashes_and_says_its_facts(
    ground: Ground, plan: Plan, environment: dict[str, str]
) -> None:
    made = ground.path / plan.machines[0].name / "prepare.txt"
    commands = [
        ["sh", "-c", f"echo slot {{slot}} | tee {made}"],
        ["sh", "-c", "echo non >&2; false"],
    ]
    order = replace(_order(ground, plan, environment), preparation=commands)
    with workstation.start(order) as child:
        child.send({"do": "backup"})
        *_, said = _until(child, "backup")
    assert said["facts"] == ["slot 0", "non"]
    assert isinstance(said["manifest"], dict) and "prepare.txt" in said["manifest"]


def test_the_timetable_is_kept_without_being_asked(
    ground: Ground, plan: Plan, environment: dict[str, str]
) -> None:
    order = replace(_order(ground, plan, environment), first_s=0.0, period_s=0.1, backups=2)
    with workstation.start(order) as child:
        list(_until(child, "backup"))
        *_, said = _until(child, "backup")
    assert (said["slot"], said["ok"]) == (1, True)
