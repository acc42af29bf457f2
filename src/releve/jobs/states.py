"""The states of a job, who holds it, and how a run of it can end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """``WAITING → RUNNING → DONE``, back to ``WAITING`` for a retry, or ``ABANDONED``."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ABANDONED = "abandoned"


#: The states in which a worker may take a job once its date has come.
LIVE = (JobState.WAITING, JobState.RUNNING)


class Outcome(StrEnum):
    """How one run ended, as recorded; ``REFUSED``: another worker holds the job, nothing was
    recorded.
    """

    DONE = "done"
    RETRY = "retry"
    ABANDONED = "abandoned"
    REFUSED = "refused"


@dataclass(frozen=True)
class Claim:
    """One worker's hold on one job. ``attempt`` grows with each hold, so (worker, attempt) never
    comes back: it fences what a past holder would still write.
    """

    job: int
    task: str
    arguments: str
    worker: str
    attempt: int
    failures: int
    #: Earlier holds that ended without a verdict: killed, or frozen past the lease.
    interruptions: int
