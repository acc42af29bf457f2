"""The jobs table under load, on SQLite: three threads that each enqueue and run jobs.

``ID`` = a job enqueued, acknowledged once its transaction is committed; ``done-ID`` = its
completion, acknowledged once recorded. A job started again after its completion was recorded
counts as one time more.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from releve.kernel.clock import SystemClock, from_iso
from tests.jobs.settings import INSTALLED_APPS, SQLITE_TIMEOUT, database
from tests.rig.contract import ack, mutant, run

_THREADS = 3
_LEASE = timedelta(seconds=2 * SQLITE_TIMEOUT)
_DATABASE = "records.sqlite3"
_TRACE = "starts"


def work(folder: Path, seed: int) -> None:
    """Make the table when it is not there, then enqueue and run until killed."""
    _open(folder)
    workers = [
        threading.Thread(target=_enqueue_and_run, args=(folder, seed, number), daemon=True)
        for number in range(_THREADS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _open(folder: Path) -> None:
    options: dict[str, Any] = database(str(folder / _DATABASE))
    if mutant():
        pragmas = options["OPTIONS"]["init_command"]
        options["OPTIONS"]["init_command"] = pragmas.replace("synchronous=FULL", "synchronous=OFF")
    settings.configure(INSTALLED_APPS=INSTALLED_APPS, DATABASES={"default": options}, USE_TZ=True)
    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    # An earlier life may have ended between the table and Django's note that it made it.
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes(), fake_initial=True)


def _enqueue_and_run(folder: Path, seed: int, number: int) -> None:
    from django.db import transaction

    from releve.jobs import Claim, Outcome
    from releve.jobs.app.worker import Worker
    from tests.jobs.handlers import leave_a_trace

    def report(claim: Claim, outcome: Outcome, error: str) -> None:
        if outcome is Outcome.DONE:
            ack(f"done-{json.loads(claim.arguments)[1]}")

    worker = Worker(None, SystemClock(), lease=_LEASE, report=report)
    chance = random.Random(f"{seed}/{number}")
    count = 0
    while True:
        names = [f"{seed}-{number}-{count + i}" for i in range(chance.choice((1, 1, 2, 5)))]
        count += len(names)
        with transaction.atomic():
            for name in names:
                key = name if chance.random() < 0.5 else None
                for _ in range(1 if key is None else 2):  # asked twice, it is one job
                    leave_a_trace.enqueue(str(folder / _TRACE), name, unique_key=key)
        for name in names:
            ack(name)
        for _ in names:
            worker.run_once()


def check(folder: Path) -> Counter[str]:
    """Read the table with SQLite alone, as recovered from its write-ahead log."""
    found: Counter[str] = Counter()
    ended: dict[str, datetime] = {}
    for arguments, state, ended_at in _rows(folder / _DATABASE):
        name = json.loads(arguments)[1]
        found[name] += 1
        if state == "done":
            found[f"done-{name}"] += 1
            ended[name] = datetime.fromisoformat(ended_at).replace(tzinfo=UTC)
    for name, started in _starts(folder / _TRACE):
        if name in ended and started > ended[name]:
            found[f"done-{name}"] += 1
    return found


def _rows(path: Path) -> list[tuple[str, str, str]]:
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='jobs_job'").fetchall():
            return []
        return connection.execute("SELECT arguments, state, ended_at FROM jobs_job").fetchall()
    finally:
        connection.close()


def _starts(path: Path) -> list[tuple[str, datetime]]:
    """The trace is not flushed: a power cut may leave a line torn, which says nothing."""
    starts = []
    for line in path.read_bytes().split(b"\n") if path.exists() else []:
        name, _, moment = line.decode("ascii", "replace").partition(" ")
        try:
            starts.append((name, from_iso(moment)))
        except ValueError:
            continue
    return starts


if __name__ == "__main__":
    run(work, check)
