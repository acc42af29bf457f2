"""The root parent: who is root during a whole night, and that a signal sent to it ends the verb.

Run as root by ``.ci/run``; skipped aloud elsewhere (``./run test`` itself runs without root).
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="SANS ROOT : rien à lâcher"),
]
ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "tests/acceptance/nuit-courte.toml"


def _tree(pid: int) -> dict[int, tuple[int, str]]:
    """Every living process below ``pid``, itself included: pid → (effective uid, command)."""
    parents: dict[int, int] = {}
    seen: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            lines = (entry / "status").read_text().splitlines()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeDecodeError):
            continue
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        parents[int(entry.name)] = int(status["PPid"])
        seen[int(entry.name)] = (int(status["Uid"].split()[1]), command)
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return {each: seen[each] for each in below if each in seen}


def test_only_the_gate_and_its_launchers_are_root_and_the_attacker_is_another(
    tmp_path: Path,
) -> None:
    out = tmp_path / "figures.json"
    command = [str(ROOT / "run"), "drill", "--scenario", str(SCENARIO), "--seed", "10"]
    command += ["--home", str(tmp_path / "home"), "--json", str(out)]
    attacker = pwd.getpwnam("releve-attaque").pw_uid
    service = pwd.getpwnam("releve").pw_uid
    owners: dict[str, set[int]] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            for uid, said in _tree(process.pid).values():
                owners.setdefault(said, set()).add(uid)
            time.sleep(0.02)
    assert process.returncode == 0
    assert json.loads(out.read_text())["ok"] is True
    allowed = (f"{ROOT}/.venv/bin/python -m releve drill", "releve.runtime.launchers", "run drill")
    for said, uids in owners.items():
        assert uids <= {0, service, attacker}, said
        if 0 in uids and said.strip():
            assert any(name in said for name in allowed) or _setting_up(said), said
    assert any(attacker in uids for uids in owners.values())
    assert {service} == {uid for said, uids in owners.items() if "restic" in said for uid in uids}


def _setting_up(said: str) -> bool:
    """What ``./run`` itself does before the verb: a shell and its small programs."""
    return said.startswith(("/bin/sh", "/usr/bin/python3 -c", "cat ", "cksum", "id ", "setpriv"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_parent_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    command = [str(ROOT / "run"), "serve", "--home", str(tmp_path / "home")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        endpoints = tmp_path / "home/run/endpoints.json"
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            if endpoints.exists() and "web" in endpoints.read_text():
                break
            time.sleep(0.1)
        below = set(_tree(process.pid)) - {process.pid}
        assert len(below) >= 5
        process.send_signal(number)
        process.wait(40)
    left = [pid for pid in below if Path(f"/proc/{pid}").exists()]
    assert left == []
