"""The tasks of the tests. Those played in other processes write a line to a file opened in append
mode: one write, whole or absent, even when the process is killed next.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from releve.jobs import RetryPolicy
from releve.jobs.app.models import Job
from releve.jobs.app.tasks import task
from releve.kernel.clock import SystemClock, iso

#: What the handlers of this process were given.
seen: list[object] = []


@task()
def note(value: object) -> None:
    seen.append(value)


@task(queue="other", priority=5)
def note_elsewhere(value: object) -> None:
    seen.append(value)


@task(policy=RetryPolicy(retries=2, first=timedelta(seconds=5), interruptions=1))
def fail(value: object) -> None:
    seen.append(value)
    raise ValueError(f"refus de {value}\0")


@task(retries=0)
def break_the_connection(value: object) -> None:
    list(Job.objects.raw("SELECT nothing FROM nowhere"))


NOT_A_TASK = "anything"


def append(path: str, line: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)


@task()
def start_and_last(path: str, number: int, milliseconds: int) -> None:
    append(path, f"{number} {iso(SystemClock().now())}")
    time.sleep(milliseconds / 1000)


@task()
def wait_to_be_released(folder: str) -> None:
    append(f"{folder}/started", str(os.getpid()))
    while not Path(folder, f"go-{os.getpid()}").exists():
        time.sleep(0.01)


@task()
def leave_a_trace(path: str, name: str) -> None:
    append(path, f"{name} {iso(SystemClock().now())}")
