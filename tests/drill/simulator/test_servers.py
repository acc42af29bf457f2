"""The P0 servers serve, break when they are attacked, and live again from what was backed up."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from releve.drill.simulator import attacker, fleet
from releve.drill.simulator.attack import Ground, make_ground
from releve.drill.simulator.directory import DATABASE_FILE
from releve.drill.simulator.errors import SimulatorFailed
from releve.drill.simulator.plan import Plan
from releve.drill.simulator.servers import Server, servers_of
from releve.drill.simulator.workstation import manifest


@pytest.fixture
def ground(tmp_path: Path, plan: Plan) -> Ground:
    made = make_ground(tmp_path / "machines")
    fleet.lay_out(plan, made, tmp_path / "coulisses")
    return made


@pytest.fixture
def servers(plan: Plan, ground: Ground, tmp_path: Path) -> Iterator[dict[str, Server]]:
    """By role, their data created; a test starts those it needs."""
    if not Path("/usr/lib/postgresql").is_dir():
        pytest.skip("SANS POSTGRESQL : apt-get install postgresql")
    if os.geteuid() == 0:  # PostgreSQL then runs as another user, who must walk to its cluster
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
    clusters = tmp_path / "bases"
    clusters.mkdir(mode=0o755)
    found = {str(server.role): server for server in servers_of(plan, clusters)}
    for server in found.values():
        server.create(ground.path / server.name)
    try:
        yield found
    finally:
        for server in found.values():
            server.stop()


def _prepared(server: Server, slot: int) -> list[str]:
    said = []
    for command in server.preparation:
        ready = [word.replace("{slot}", str(slot)) for word in command]
        done = subprocess.run(ready, capture_output=True, text=True, check=True)
        said.append(done.stdout.strip())
    return said


def test_each_breaks_under_attack_and_lives_again(
    servers: dict[str, Server], ground: Ground, plan: Plan, tmp_path: Path
) -> None:
    facts, kept = {}, {}
    for role, server in servers.items():
        assert not server.probe(), role
        server.start(ground.path / server.name)
        assert server.probe(), role
        facts[role] = _prepared(server, 3)
        folder = ground.path / server.name
        kept[role] = manifest(folder)
        shutil.copytree(folder, tmp_path / "rendu" / role)
    _attack(ground, plan)
    servers["database"].stop()
    for role, server in servers.items():
        assert not server.probe(), role
    with pytest.raises(SimulatorFailed):
        servers["database"].start(ground.path / servers["database"].name)
    for role, server in servers.items():
        server.start(tmp_path / "rendu" / role)
        server.expect(kept[role], facts[role])
        assert server.probe(), role


def _attack(ground: Ground, plan: Plan) -> None:
    for strike in plan.strikes:
        path = ground.path / strike.path
        if strike.path.startswith("SRV-"):
            data = path.read_bytes()
            path.write_bytes(attacker.decrypt(data, plan.key, strike.path, strike.pattern))


def test_the_database_counts_admissions_once_and_its_probe_sees_one_changed_value(
    servers: dict[str, Server], ground: Ground
) -> None:
    server = servers["database"]
    server.start(ground.path / server.name)
    facts = _prepared(server, 2)
    assert facts[1].startswith("405/")
    assert _prepared(server, 2) == facts
    assert _prepared(server, 3)[1].startswith("410/")
    assert not server.probe()
    server.expect({}, _prepared(server, 3))
    assert server.probe()
    psql = list(server.preparation[0][:-1])
    subprocess.run([*psql, "UPDATE lab_results SET value = value + 1 WHERE id = 11"], check=True)
    assert not server.probe()


def test_identity_does_not_let_everybody_in(servers: dict[str, Server], ground: Ground) -> None:
    server = servers["identity"]
    server.start(ground.path / server.name)
    assert server.probe()
    with sqlite3.connect(ground.path / server.name / DATABASE_FILE) as base:
        base.execute("UPDATE accounts SET hash = (SELECT hash FROM accounts LIMIT 1)")
        base.execute("UPDATE accounts SET salt = (SELECT salt FROM accounts LIMIT 1)")
        base.execute("UPDATE accounts SET login = 'agent12x' WHERE login = 'agent01'")
    base.close()
    assert not server.probe()


def test_files_probe_compares_bytes(servers: dict[str, Server], ground: Ground) -> None:
    server = servers["files"]
    server.start(ground.path / server.name)
    folder = ground.path / server.name
    server.expect(manifest(folder), [])
    assert server.probe()
    first = sorted(manifest(folder))[0]
    (folder / first).write_bytes(b"autre")
    assert not server.probe()
