"""One act on a home in a process of its own:
``python -m tests.incident.play ACT HOME [NUMBER STRIDE]``.

``turn``: apply what the ledger holds, once. ``state``: print the crises, their lines and the jobs
as JSON. ``kill``: (under strace, which kills a thread at its NUMBER-th call of a family) fork a
child for each call that a turn makes, die there, then finish with another child and look.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, read
from releve.runtime.records import use_records

_DATABASE = "records.sqlite3"


def turn(home: Home) -> None:
    """What the part does at each turn, until nothing is left to read."""
    from releve.runtime.duty import Duty

    duty = Duty(home, SystemClock())
    while duty.turn():
        pass


def state(home: Home) -> dict[str, object]:
    """Counts that must be the same whatever was killed."""
    from releve.incident.app.models import DutyCursor, Incident, LogEntry
    from releve.jobs.app.models import Job
    from releve.ledger.app.models import Outbox

    lines = list(LogEntry.objects.order_by("number").values_list("number", "ledger_index"))
    return {
        "crises": Incident.objects.count(),
        "numbers": [number for number, _ in lines],
        "sources": sorted(index for _, index in lines if index is not None),
        "facts": sorted(Outbox.objects.values_list("number", flat=True)),
        "cursor": DutyCursor.objects.values_list("next", flat=True).first(),
        "jobs": sorted(job.task.rpartition(".")[2] for job in Job.objects.all()),
    }


def kill(home: Home, number: int, stride: int) -> list[dict[str, object]]:
    """The state found after a death at each ``stride``-th call; the last is that of a turn that
    lived.
    """
    from django.db import connections

    connections.close_all()
    pristine = (home.path / _DATABASE).read_bytes()
    found = []
    for call in range(1, number, stride):
        _restore(home, pristine)
        status = _in_child(lambda: turn(home), burn=number - call)
        found.append({"status": status, **_state_after(home)})
        if status == 0:
            break
    return found


def _restore(home: Home, pristine: bytes) -> None:
    for suffix in ("", "-wal", "-shm"):
        (home.path / f"{_DATABASE}{suffix}").unlink(missing_ok=True)
    (home.path / _DATABASE).write_bytes(pristine)


def _state_after(home: Home) -> dict[str, object]:
    reader, writer = os.pipe()

    def finish() -> None:
        turn(home)
        os.write(writer, json.dumps(state(home)).encode())

    status = _in_child(finish, burn=0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        data = said.read()
    return dict(json.loads(data)) if status == 0 and data else {"second": status}


def _in_child(body: Callable[[], None], *, burn: int) -> int:
    """Run in a fork whose counter of calls already stands at ``burn``; its wait status."""
    pid = os.fork()
    if pid == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for _ in range(burn):
            _burn(nowhere)
        body()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def _burn(descriptor: int) -> None:
    """One call of the family, without effect."""
    acts: dict[str, Callable[[], object]] = {
        "write": lambda: os.write(descriptor, b"x"),
        "pwrite64": lambda: os.pwrite(descriptor, b"x", 0),
        "fsync": lambda: os.fsync(descriptor),
        "fdatasync": lambda: os.fdatasync(descriptor),
        "link": lambda: os.link("/nowhere/a", "/nowhere/b"),
        "unlink": lambda: os.unlink("/nowhere/a"),
    }
    with suppress(OSError):
        acts[os.environ["PLAY_FAMILY"]]()


def main() -> None:
    act, home = sys.argv[1], read(Path(sys.argv[2]))
    use_records(home)
    if act == "turn":
        turn(home)
    elif act == "kill":
        sys.stdout.write(json.dumps(kill(home, int(sys.argv[3]), int(sys.argv[4]))) + "\n")
    else:
        sys.stdout.write(json.dumps(state(home)) + "\n")


if __name__ == "__main__":
    main()
