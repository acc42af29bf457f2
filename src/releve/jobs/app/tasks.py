"""``@task`` and ``.enqueue``: the shape of Django's own tasks (6.0), over the leased table.

    @task(queue="vault")
    def scan(snapshot: str) -> None: ...

    scan.enqueue(snapshot, unique_key=snapshot)

A handler takes positional arguments that JSON gives back unchanged, returns nothing that is kept,
and may run more than once (see ``releve.jobs``). It runs outside any transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Generic, Self, TypeVarTuple

from releve.jobs.app import store
from releve.jobs.app.models import Job
from releve.jobs.errors import (
    ArgumentsNotJson,
    DateWithoutZone,
    TaskNotFound,
    TaskNotImportable,
)
from releve.jobs.retries import RetryPolicy
from releve.jobs.states import JobState
from releve.jobs.timing import appointment, due_in
from releve.kernel.clock import Clock, SystemClock

Ts = TypeVarTuple("Ts")
_AT_ONCE = timedelta(0)
_SYSTEM_CLOCK = SystemClock()


@dataclass(frozen=True)
class JobResult:
    """What is known of a job at the moment it was read; :meth:`refresh` reads it again."""

    id: int
    task: str
    status: JobState
    attempts: int
    error: str
    ended_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """The result that a row shows."""
        status = JobState(job.state)
        return cls(job.pk, job.task, status, job.attempt, job.error, job.ended_at)

    def refresh(self) -> JobResult:
        """Read the job again; raises ``Job.DoesNotExist`` when it was pruned."""
        return JobResult.of(Job.objects.get(pk=self.id))


@dataclass(frozen=True)
class Task(Generic[*Ts]):
    """A function that a worker can run, and what happens when it fails."""

    function: Callable[[*Ts], object]
    name: str
    queue: str
    policy: RetryPolicy
    priority: int

    def __call__(self, *args: *Ts) -> object:
        """Run it here and now, outside any queue."""
        return self.function(*args)

    def enqueue(
        self,
        *args: *Ts,
        unique_key: str | None = None,
        run_at: datetime | None = None,
        delay: timedelta = _AT_ONCE,
        priority: int | None = None,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> JobResult:
        """Write the job in the caller's transaction, to be run as soon as it is committed.

        ``unique_key``: the job that already has this key (for this task, until it is pruned) is
        returned instead, whatever its state. ``run_at``: an appointment by the wall clock, aware.
        ``delay``: a span, which a clock that jumps back does not lengthen; ``run_at`` wins.
        ``priority``: a higher one goes first, -32768 to 32767.
        Raises :class:`ArgumentsNotJson` or :class:`DateWithoutZone`.
        """
        if run_at is not None and run_at.tzinfo is None:
            raise DateWithoutZone(task=self.name, run_at=run_at)
        now = clock.now()
        order = store.Order(
            task=self.name,
            arguments=_encode(self.name, args),
            queue=self.queue,
            due=due_in(delay, now) if run_at is None else appointment(run_at),
            priority=self.priority if priority is None else priority,
            unique_key=unique_key,
        )
        return JobResult.of(store.add(order, now))


def task(
    *,
    queue: str = "default",
    retries: int | None = None,
    policy: RetryPolicy | None = None,
    priority: int = 0,
) -> Callable[[Callable[[*Ts], object]], Task[*Ts]]:
    """Make a module-level function a :class:`Task`; ``retries`` is short for a policy that differs
    from the usual one by that only. Raises :class:`TaskNotImportable`.
    """
    chosen = policy or (RetryPolicy() if retries is None else RetryPolicy(retries=retries))

    def declare(function: Callable[[*Ts], object]) -> Task[*Ts]:
        name = f"{function.__module__}.{function.__qualname__}"
        if function.__qualname__ != function.__name__ or function.__module__ == "__main__":
            raise TaskNotImportable(function=name)
        return Task(function, name, queue, chosen, priority)

    return declare


def task_named(name: str) -> Task[*tuple[Any, ...]]:
    """The task that a job names, importing its module; raises :class:`TaskNotFound`."""
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise TaskNotFound(task=name, why=error) from error
    if not isinstance(found, Task):
        raise TaskNotFound(task=name, why="ce nom ne désigne pas une tâche")
    return found


def _encode(name: str, args: tuple[object, ...]) -> str:
    try:
        text = json.dumps(args, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ArgumentsNotJson(task=name, why=error) from error
    if json.loads(text) != list(args):
        raise ArgumentsNotJson(task=name, why="une valeur change en passant par JSON")
    return text
