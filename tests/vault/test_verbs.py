"""``./run vault enrol | list | restore`` as a person types them."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from tests.vault.conftest import OpenHouse
from tests.vault.house import House, Machine, drill_home, tree


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A verb; the world of a home that is there does not change."""
    command = [sys.executable, "-m", "releve.cli", "vault", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_enrolment_prints_two_shell_lines_once(tmp_path: Path, central: Path) -> None:
    home = drill_home(tmp_path / "home", central)
    done = run(home.path, "enrol", "PC-LABO-04")
    assert done.returncode == 0, done.stderr
    lines = dict(shlex.split(line)[0].split("=", 1) for line in done.stdout.splitlines())
    assert set(lines) == {"RESTIC_REPOSITORY", "RESTIC_PASSWORD"}
    assert lines["RESTIC_REPOSITORY"].startswith("rest:http://PC-LABO-04:")
    assert lines["RESTIC_REPOSITORY"].endswith("/PC-LABO-04/")
    again = run(home.path, "enrol", "PC-LABO-04")
    assert (again.returncode, again.stdout) == (2, "")
    assert "déjà inscrite" in again.stderr
    bad = run(home.path, "enrol", "../PC")
    assert bad.returncode == 2
    # no secret of the machine is readable by who receives: only a fingerprint
    secret = lines["RESTIC_REPOSITORY"].split(":")[3].split("@")[0]
    receivers = "".join(p.read_text() for p in home.secrets("receiver").iterdir())
    assert secret not in receivers
    assert lines["RESTIC_PASSWORD"] not in receivers
    other = run(home.path, "enrol", "PC-2")
    port = lines["RESTIC_REPOSITORY"].rsplit(":", 1)[1].split("/")[0]
    assert f":{port}/PC-2/" in other.stdout


def test_list_and_restore(house: OpenHouse) -> None:
    home: House = house("signer", "receiver", "worker")
    machine: Machine = home.enrol("PC-1")
    (machine.files / "a\x1b[31m.txt").write_text("nom hostile")
    machine.judged(machine.backup())
    place = home.home.path
    listed = run(place, "list", "--json", "-")
    assert json.loads(listed.stdout)["machines"][0]["last_clean"]["verdict"] == "clean"
    one = run(place, "list", "PC-1", "--json", "-")
    (line,) = json.loads(one.stdout)["snapshots"]
    into = place / "restores/x"
    done = run(place, "restore", "PC-1", "--into", str(into), "--json", "-")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["files"], figures["identical"], figures["flaws"]) == (1, 1, [])
    assert tree(into / str(machine.files)[1:]) == tree(machine.files)
    assert figures["snapshot"]["id"] == line["id"]
    again = run(place, "restore", "PC-1", "--into", str(into))
    assert again.returncode == 2
    assert "n'écrase jamais" in again.stderr
    unknown = run(place, "restore", "PC-9", "--into", str(place / "y"))
    assert (unknown.returncode, "enrol PC-9" in unknown.stderr) == (2, True)
    assert "\x1b" not in done.stdout + done.stderr + one.stderr
