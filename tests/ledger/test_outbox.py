"""The outbox: in the caller's transaction, appended once, in order. Each act is a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from releve.kernel.home import Home


def play(act: str, home: Home, *, status: int = 0) -> Any:
    said = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.ledger.outbox_play", act, str(home.path)],
        env={**os.environ, "OUTBOX_DATABASE": str(home.path / "outbox.sqlite3")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == status, said.stderr
    return json.loads(said.stdout) if status == 0 else None


def test_drained_once_in_order_and_only_what_was_committed(home: Home) -> None:
    waiting = play("fill", home)
    assert waiting == [[origin, n] for n in range(1, 6) for origin in ("web", "worker")]
    done = play("drained", home)
    assert done["drained"] == 10
    assert done["kept"] == [[o, n, n - 1] for n in range(1, 6) for o in ("web", "worker")]
    again = play("drained", home)
    assert (again["drained"], again["kept"]) == (0, done["kept"])
    assert "transaction" in play("outside", home)


def test_killed_between_append_and_mark_nothing_is_doubled(home: Home) -> None:
    play("fill", home)
    play("killed", home, status=9)
    done = play("drained", home)
    assert (done["drained"], done["waiting"], len(done["kept"])) == (10, 0, 10)


def test_a_signer_that_is_away_leaves_everything_waiting(home: Home) -> None:
    play("fill", home)
    assert play("away", home) == 10


def test_one_refused_for_ever_is_set_aside_and_the_rest_goes_on(home: Home) -> None:
    play("fill", home)
    play("spoil", home)
    done = play("drained", home)
    assert (done["drained"], done["waiting"], done["refused"]) == (11, 0, 1)
    assert done["kept"][-1] == ["web", 7, 6]
