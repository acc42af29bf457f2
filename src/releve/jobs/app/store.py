"""The jobs table: every statement that changes a job, the same on SQLite and PostgreSQL.

A change by a holder names (worker, attempt) in its WHERE and says whether a row was changed: a
holder that was overtaken changes nothing. Database errors go up to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet

from releve.jobs.app.models import Job
from releve.jobs.states import LIVE, Claim, JobState
from releve.jobs.timing import TOLERANCE, Due, due_in

#: A job that waits a day must not wait because of a long error; its tail names the cause.
_ERROR_CHARACTERS = 20_000
_SETTLED_AT_ONCE = 500

# One statement, so that two workers never take the same row: SQLite has one writer at a time, and
# PostgreSQL skips the rows that another worker has locked. The list of states repeats the condition
# of the index « jobs_live » word for word.
_CLAIM = """
UPDATE jobs_job
   SET interruptions = interruptions + CASE state WHEN 'running' THEN 1 ELSE 0 END,
       state = 'running', worker = %s, attempt = attempt + 1, due_at = %s, due_set_at = %s
 WHERE id = (
       SELECT id FROM jobs_job
        WHERE state IN ('waiting', 'running') AND due_at <= %s {queues}
        ORDER BY priority DESC, id
        LIMIT 1 {locking})
RETURNING id, task, arguments, worker, attempt, failures, interruptions
"""


@dataclass(frozen=True)
class Order:
    """What is asked: the task by its name, its arguments as a JSON list, when, and how urgently
    (a higher priority goes first).
    """

    task: str
    arguments: str
    queue: str
    due: Due
    priority: int = 0
    unique_key: str | None = None


def add(order: Order, now: datetime) -> Job:
    """Write a job in the caller's transaction; with a key already known for this task, return the
    job that has it, in whatever state, unchanged.
    """
    job = Job(
        task=order.task,
        queue=order.queue,
        priority=order.priority,
        arguments=order.arguments,
        unique_key=order.unique_key,
        due_at=order.due.at,
        due_set_at=order.due.set_at,
        enqueued_at=now,
    )
    if order.unique_key is None:
        job.save(force_insert=True)
        return job
    Job.objects.bulk_create([job], ignore_conflicts=True)
    return Job.objects.get(task=order.task, unique_key=order.unique_key)


def claim(
    queues: Sequence[str] | None, worker: str, lease: timedelta, now: datetime
) -> Claim | None:
    """Take the most urgent job that is due, waiting or left by a worker whose lease ended; None
    when there is none. ``queues`` None: any queue.
    """
    due = due_in(lease, now)
    chosen = "" if queues is None else f"AND queue IN ({', '.join(['%s'] * len(queues))})"
    skip_locked = connection.features.has_select_for_update_skip_locked
    statement = _CLAIM.format(
        queues=chosen, locking="FOR UPDATE SKIP LOCKED" if skip_locked else ""
    )
    parameters = [worker, _stored(due.at), _stored(due.set_at), _stored(now), *(queues or ())]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return Claim(*rows[0]) if rows else None


def extend(claim: Claim, lease: timedelta, now: datetime) -> bool:
    """Start the lease again; False when the job is no longer this holder's."""
    due = due_in(lease, now)
    return _held(claim).update(due_at=due.at, due_set_at=due.set_at) == 1


def complete(claim: Claim, now: datetime) -> bool:
    """Record that the job is done, durably; False when it is no longer this holder's."""
    return _held(claim).update(state=JobState.DONE, ended_at=now, error="") == 1


def retry(claim: Claim, error: str, due: Due) -> bool:
    """Keep the error and let the job wait until ``due``; False when it is no longer this
    holder's.
    """
    return (
        _held(claim).update(
            state=JobState.WAITING,
            due_at=due.at,
            due_set_at=due.set_at,
            failures=F("failures") + 1,
            error=_kept(error),
        )
        == 1
    )


def abandon(claim: Claim, error: str, now: datetime) -> bool:
    """Give the job up with its error; False when it is no longer this holder's."""
    return (
        _held(claim).update(
            state=JobState.ABANDONED,
            ended_at=now,
            failures=F("failures") + 1,
            error=_kept(error),
        )
        == 1
    )


def relaunch(job: int, now: datetime) -> bool:
    """A person asks for an abandoned job again: it waits, with all its tries before it. False when
    it is not abandoned.
    """
    return (
        Job.objects.filter(pk=job, state=JobState.ABANDONED).update(
            state=JobState.WAITING,
            due_at=now,
            due_set_at=now,
            failures=0,
            interruptions=0,
            ended_at=None,
        )
        == 1
    )


def settle(now: datetime) -> int:
    """Set again the dates that were set before the clock went back; returns how many."""
    late = Job.objects.filter(state__in=LIVE, due_set_at__gt=now + TOLERANCE)
    rows = list(late.order_by("pk")[:_SETTLED_AT_ONCE])
    if not rows:
        return 0
    changed = 0
    with transaction.atomic():
        for job in rows:
            due = Due(job.due_at, job.due_set_at).settled(now)
            changed += Job.objects.filter(
                pk=job.pk, state=job.state, attempt=job.attempt, due_at=job.due_at
            ).update(due_at=due.at, due_set_at=due.set_at)
    return changed


def prune(before: datetime) -> int:
    """Forget jobs done or abandoned before that date, and their keys; returns how many."""
    ended = (JobState.DONE, JobState.ABANDONED)
    return Job.objects.filter(state__in=ended, ended_at__lt=before).delete()[0]


def _held(claim: Claim) -> QuerySet[Job]:
    return Job.objects.filter(
        pk=claim.job, state=JobState.RUNNING, worker=claim.worker, attempt=claim.attempt
    )


def _stored(moment: datetime | None) -> str | datetime | None:
    """A date as the ORM writes it: text on SQLite, itself on PostgreSQL."""
    stored: str | datetime | None = connection.ops.adapt_datetimefield_value(moment)
    return stored


def _kept(error: str) -> str:
    """PostgreSQL text holds no NUL character."""
    return error.replace("\0", "\\0")[-_ERROR_CHARACTERS:]


def forget_errors() -> int:
    """Empty the words of past errors, which may quote what a job worked on; how many. The next
    failure writes its own.
    """
    return Job.objects.exclude(error="").update(error="")
