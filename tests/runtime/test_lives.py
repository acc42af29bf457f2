"""Which parts live: a file held by whoever does, read by whoever may not write it."""

from __future__ import annotations

import subprocess
import sys

from releve.kernel.home import Home
from releve.runtime.lives import lives, mark_alive

_LIVE = (
    "import sys; from pathlib import Path; from releve.kernel.home import read;"
    "from releve.runtime.lives import mark_alive; mark_alive(read(Path(sys.argv[1])), 'duty');"
    "print('là', flush=True); sys.stdin.read()"
)


def _part(home: Home) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _LIVE, str(home.path)]
    part = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert part.stdout and part.stdout.readline()
    return part


def test_a_part_lives_as_long_as_its_process_and_starts_are_counted(home: Home) -> None:
    assert lives(home) == {}
    for starts in (1, 2):
        with _part(home) as part:
            found = lives(home)["duty"]
            assert (found.alive, found.starts, found.pid) == (True, starts, part.pid)
            part.kill()
        assert lives(home)["duty"].alive is False


def test_a_second_life_of_the_same_part_neither_waits_nor_counts(home: Home) -> None:
    with _part(home) as part:
        mark_alive(home, "duty")
        assert lives(home)["duty"].pid == part.pid
        part.kill()


def test_what_is_no_count_is_none(home: Home) -> None:
    mark_alive(home, "web")
    (home.run / "parts/duty").write_bytes(b"\xff\x00")
    found = lives(home)
    assert (found["duty"].alive, found["duty"].starts) == (False, 0)
    assert found["web"].alive
