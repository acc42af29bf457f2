"""What follows a failure: another try later, or giving up with the error kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class RetryPolicy:
    """``retries`` more tries after the first, waiting ``first``, then ``factor`` times longer each
    time, never more than ``ceiling``.

    ``interruptions``: how many times the job may end its worker (killed, out of memory, power cut)
    before it is held to be the cause and abandoned.
    """

    retries: int = 5
    first: timedelta = timedelta(seconds=5)
    factor: float = 2.0
    ceiling: timedelta = timedelta(hours=1)
    interruptions: int = 20

    def wait(self, failures: int) -> timedelta:
        """The wait after the ``failures``-th failure (1 = the first)."""
        try:
            seconds = self.first.total_seconds() * self.factor ** (failures - 1)
        except OverflowError:
            return self.ceiling
        return min(self.ceiling, timedelta(seconds=min(seconds, self.ceiling.total_seconds())))


@dataclass(frozen=True)
class Retry:
    """Try again after ``wait``."""

    wait: timedelta


@dataclass(frozen=True)
class Abandon:
    """Give up: a person decides."""


def after_failure(policy: RetryPolicy, failures: int) -> Retry | Abandon:
    """The verdict on a job that has now failed ``failures`` times (≥ 1)."""
    return Abandon() if failures > policy.retries else Retry(policy.wait(failures))
