"""Killed at each system call between the alarm and the crisis, and two parts at once: one crisis.

Real processes on a real home; SQLite as in the product.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from releve.kernel.home import Home
from releve.ledger import Evidence
from releve.vault import facts as vault
from tests.incident.ledger import append, fact

#: System calls of a turn, and how many deaths there must be: strace counts each call apart.
FAMILIES = {"pwrite64": 6, "write": 1, "fdatasync": 1, "fsync": 2, "link": 1, "unlink": 1}
#: The database's own writes are many: one in so many is tried.
_STRIDE = {"pwrite64": 19}
#: Above the calls of one turn: each child burns what separates it from its own death.
_AT = 500
_CALLS = {"link": "link,linkat", "unlink": "unlink,unlinkat"}


def _night() -> list[Evidence]:
    return [
        fact(vault.REFUSED, 1, cause="effacement", unit="refus"),
        fact(vault.ALARM, 2),
        fact(vault.ALARM, 3, system="PC-2"),
        fact("incident.opened", 4, value="crise 1", unit=None, kind="event"),
        fact(vault.RESTORED, 5, kind="measure"),
    ]


def _play(home: Home, *arguments: str, traced: tuple[str, ...] = (), family: str = "") -> Any:
    command = [sys.executable, "-m", "tests.incident.play", arguments[0], str(home.path)]
    said = subprocess.run(
        [*traced, *command, *arguments[1:]],
        env={**os.environ, "PLAY_FAMILY": family},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr[-2000:]
    return json.loads(said.stdout) if said.stdout else None


EXPECTED = {
    "crises": 1,
    "numbers": [1, 2, 3, 4, 5],
    "sources": [1, 2, 3, 5],
    "facts": [1, 2, 3, 4, 5, 6],
    "cursor": 6,
    "jobs": ["freeze_kits", "publish_kits"],
}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_killed_at_each_call_there_is_one_crisis_and_each_line_once(
    home: Home, family: str
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace manque : apt-get install strace")
    append(home, *_night())
    _play(home, "state")  # the schema, outside what is killed
    inject = f"inject={_CALLS.get(family, family)}:signal=KILL:when={_AT}"
    strace = ("strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", inject)
    stride = str(_STRIDE.get(family, 1))
    found = _play(home, "kill", str(_AT), stride, traced=strace, family=family)
    deaths, lived = found[:-1], found[-1]
    assert lived == {"status": 0, **EXPECTED}
    assert len(deaths) >= FAMILIES[family]
    assert [each for each in deaths if each != {"status": 9, **EXPECTED}] == []


def test_two_parts_at_once_open_one_crisis(home: Home) -> None:
    append(home, *_night(), *(fact(vault.ALARM, n, system=f"PC-{n}") for n in range(6, 306)))
    _play(home, "state")
    command = [sys.executable, "-m", "tests.incident.play", "turn", str(home.path)]
    pair = [subprocess.Popen(command) for _ in range(3)]
    assert [each.wait(60) for each in pair] == [0, 0, 0]
    found = _play(home, "state")
    assert (found["crises"], found["cursor"]) == (1, 306)
    assert found["numbers"] == list(range(1, 306))
    assert found["sources"] == [1, 2, 3, *range(5, 306)]
    assert found["jobs"] == ["freeze_kits", "publish_kits"]
