"""The loop that takes jobs and runs them, alone in its process or inside another's loop."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import FrameType

from django.db import connection

from releve.jobs.app import store
from releve.jobs.app.heartbeat import Heartbeat
from releve.jobs.app.tasks import Task, task_named
from releve.jobs.errors import Interrupted, LeaseTooShort
from releve.jobs.ports import Report
from releve.jobs.retries import Retry, RetryPolicy, after_failure
from releve.jobs.states import Claim, Outcome
from releve.jobs.timing import due_in
from releve.kernel.clock import Clock

LEASE = timedelta(seconds=60)
_POLL_SECONDS = 0.5
#: How often dates are checked against a clock that went back.
_SETTLE_SECONDS = 1.0
#: A beat comes a third of the lease after the last, and may wait for the database's writers.
_LEASE_PER_TIMEOUT = 1.5
_SQLITE_TIMEOUT = 5.0
_log = logging.getLogger("releve.jobs")


def log_outcome(claim: Claim, outcome: Outcome, error: str) -> None:
    """The default :class:`~releve.jobs.ports.Report`: one line per run that did not end well."""
    last = error.strip().rpartition("\n")[2]
    if outcome is Outcome.REFUSED:
        _log.warning("travail %d (%s) : repris par un autre, verdict refusé", claim.job, claim.task)
    elif outcome is not Outcome.DONE:
        _log.warning("travail %d (%s) : %s, %s", claim.job, claim.task, outcome.value, last)


class Worker:
    """Runs the jobs of some queues, one at a time. Use one from one thread.

    ``queues`` None: every queue. ``lease``: how long a worker may stay silent before its job is
    given to another. ``between`` is called at each turn of :meth:`run`, before a job is taken.
    Raises :class:`LeaseTooShort` when the database may block for longer than a lease allows.
    """

    def __init__(
        self,
        queues: Sequence[str] | None,
        clock: Clock,
        *,
        lease: timedelta = LEASE,
        poll_seconds: float = _POLL_SECONDS,
        between: Callable[[], object] | None = None,
        report: Report = log_outcome,
    ) -> None:
        _check(lease)
        self.name = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._queues = queues
        self._clock = clock
        self._lease = lease
        self._poll_seconds = poll_seconds
        self._between = between
        self._report = report
        self._settle_at = clock.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Take jobs until ``stop`` is set; the job being run is finished first.

        An error of the database goes up: the supervisor starts the process again, and the lease of
        the job being run gives it to whoever comes first.
        """
        while not stop.is_set():
            if self._between is not None:
                self._between()
            if not self.run_once():
                stop.wait(self._poll_seconds)

    def run_once(self) -> bool:
        """Take one job that is due and run it to its verdict; False when there is none."""
        if self._clock.monotonic() >= self._settle_at:
            store.settle(self._clock.now())
            self._settle_at = self._clock.monotonic() + _SETTLE_SECONDS
        claim = store.claim(self._queues, self.name, self._lease, self._clock.now())
        if claim is None:
            return False
        outcome, error = self._perform(claim)
        self._report(claim, outcome, error)
        return True

    def _perform(self, claim: Claim) -> tuple[Outcome, str]:
        policy = RetryPolicy()
        try:
            task = task_named(claim.task)
            policy = task.policy
            if claim.interruptions > policy.interruptions:
                return self._give_up(claim, str(Interrupted(times=claim.interruptions)))
            self._call(task, claim)
        except Exception:  # noqa: BLE001 the daemon's loop: whatever a handler raises is its verdict
            # A handler may have left its connection broken; Django opens another when needed.
            connection.close_if_unusable_or_obsolete()
            return self._failed(claim, policy, traceback.format_exc())
        recorded = store.complete(claim, self._clock.now())
        return (Outcome.DONE if recorded else Outcome.REFUSED), ""

    def _call(self, task: Task[*tuple[object, ...]], claim: Claim) -> None:
        with Heartbeat(claim, self._lease, self._clock):
            task.function(*json.loads(claim.arguments))

    def _failed(self, claim: Claim, policy: RetryPolicy, error: str) -> tuple[Outcome, str]:
        verdict = after_failure(policy, claim.failures + 1)
        if not isinstance(verdict, Retry):
            return self._give_up(claim, error)
        recorded = store.retry(claim, error, due_in(verdict.wait, self._clock.now()))
        return (Outcome.RETRY if recorded else Outcome.REFUSED), error

    def _give_up(self, claim: Claim, error: str) -> tuple[Outcome, str]:
        recorded = store.abandon(claim, error, self._clock.now())
        return (Outcome.ABANDONED if recorded else Outcome.REFUSED), error


def stop_on_sigterm() -> threading.Event:
    """An event set by SIGTERM or SIGINT, for :meth:`Worker.run`. Call it from the main thread.

    A handler runs inside whatever the main thread was doing, perhaps holding the event's own lock:
    it only writes to a pipe, and a thread sets the event.
    """
    stop = threading.Event()
    reader, writer = os.pipe()

    def asked(number: int, frame: FrameType | None) -> None:
        os.write(writer, b"x")

    def wait() -> None:
        os.read(reader, 1)
        stop.set()

    threading.Thread(target=wait, name="sigterm", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    return stop


def _check(lease: timedelta) -> None:
    if connection.vendor != "sqlite":
        return
    timeout = float(connection.settings_dict["OPTIONS"].get("timeout", _SQLITE_TIMEOUT))
    if lease.total_seconds() < _LEASE_PER_TIMEOUT * timeout:
        least = _LEASE_PER_TIMEOUT * timeout
        raise LeaseTooShort(lease=lease.total_seconds(), timeout=timeout, least=least)
