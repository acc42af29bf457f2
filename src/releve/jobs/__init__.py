"""Durable work: a job that was enqueued is done, though its worker be killed.

A job is one row of a leased table, the same on SQLite and PostgreSQL. It is written in the caller's
transaction: a rollback leaves no job. A worker takes it for a time (its lease) and keeps the lease
alive; when the worker dies the lease ends and another worker takes the job again. The end is
recorded only by the holder of the current (worker, attempt), so it is recorded once.

What is *not* promised: a job may **run** more than once (at-least-once): its worker may die, or
freeze past its lease, after acting and before recording. Write handlers that may run again, and
give ``unique_key`` to what must not be asked twice.

This room holds the decisions (states, retries, leases); ``releve.jobs.app`` holds the table, the
``@task`` decorator and the worker.
"""

from releve.jobs.errors import ArgumentsNotJson, LeaseTooShort, TaskNotFound, TaskNotImportable
from releve.jobs.ports import Report
from releve.jobs.retries import Abandon, Retry, RetryPolicy, after_failure
from releve.jobs.states import LIVE, Claim, JobState, Outcome
from releve.jobs.timing import Due, appointment, due_in

__all__ = [
    "LIVE",
    "Abandon",
    "ArgumentsNotJson",
    "Claim",
    "Due",
    "JobState",
    "LeaseTooShort",
    "Outcome",
    "Report",
    "Retry",
    "RetryPolicy",
    "TaskNotFound",
    "TaskNotImportable",
    "after_failure",
    "appointment",
    "due_in",
]
