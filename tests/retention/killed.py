"""A purge whose process is killed at one durable step, then a later one, until it is done.

``python -m tests.retention.killed HOME`` prints what was left and told, as JSON. Each life is a
fork: the cost of starting Django is paid once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from releve.kernel.clock import ManualClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.runtime.records import use_records
from tests.retention.lived import MARKER, NOW, agree, decide, long_ago, today
from tests.retention.marker import found

#: Durable steps between two deaths.
_STRIDE = 3
_MOST = 200
_TOLD = ("care.month.forgotten", "retention.purge.decided", "retention.purged")


def main(path: Path) -> None:
    home = birth(path, World.DRILL, NOW)
    use_records(home)
    from django.db import connections

    connections.close_all()
    if os.fork() == 0:  # Typst's threads must not be in the parent of the lives
        _decided(home)
        os._exit(0)
    assert os.wait()[1] == 0
    deaths = 0
    while _killed(home, deaths * _STRIDE, NOW + timedelta(minutes=deaths)):
        deaths += 1
        assert deaths < _MOST
    from releve.runtime.ledger import read_entries

    told = Counter(evidence.what for _, evidence in read_entries(home) if evidence.what in _TOLD)
    said = {"deaths": deaths, "found": found(home, MARKER), "told": dict(told)}
    sys.stdout.write(json.dumps(said))


def _decided(home: Home) -> None:
    long_ago(home)
    today(home)
    agree(home)
    decide(home)


def _killed(home: Home, step: int, now: Any) -> bool:
    """Whether the life that starts now died, at its durable step number ``step``."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    left = [step]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return call

    for name in ("fsync", "replace", "unlink"):
        setattr(os, name, dying(getattr(os, name)))
    from releve.retention.errors import NoPurge
    from releve.runtime.retention import resume, tell_waiting

    try:
        resume(home, ManualClock(now))
    except NoPurge:  # it had died after its last row, before the ledger was told
        tell_waiting(home)
    except BaseException as error:  # noqa: BLE001  a life that ends otherwise is a failure
        sys.stderr.write(f"{type(error).__name__} : {error}\n")
        os._exit(70)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
