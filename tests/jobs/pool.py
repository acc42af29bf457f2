"""Workers in processes of their own, forked from one that has already imported Django: a pool
starts in milliseconds, so that a test can afford to kill it twenty times.

The main process answers one line per command: ``start N`` → the new process group's number. At the
end of its input it kills the groups that are left and ends.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from importlib import import_module

import django

LEASE = timedelta(seconds=2.5)


def work(outcomes: str) -> None:
    """One worker, until SIGTERM; how each run ended is one line of the file ``outcomes``."""
    from releve.jobs import Claim, Outcome
    from releve.jobs.app.worker import Worker, stop_on_sigterm
    from releve.kernel.clock import SystemClock
    from tests.jobs.handlers import append

    def report(claim: Claim, outcome: Outcome, error: str) -> None:
        append(outcomes, f"{claim.job} {claim.attempt} {outcome.value} {os.getpid()}")

    worker = Worker(None, SystemClock(), lease=LEASE, poll_seconds=0.02, report=report)
    worker.run(stop_on_sigterm())


def fork_group(size: int, outcomes: str) -> int:
    """Start ``size`` workers in one new process group; returns its number."""
    group = 0
    for _ in range(size):
        child = os.fork()
        if child == 0:
            os.setpgid(0, group)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            status = 1
            try:
                work(outcomes)
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        group = group or child
        os.setpgid(child, group)
    return group


def main(outcomes: str) -> None:
    django.setup()
    for module in ("releve.jobs.app.worker", "tests.jobs.handlers"):
        import_module(module)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed: no zombies
    groups = []
    for line in sys.stdin:
        groups.append(fork_group(int(line.split()[1]), outcomes))
        sys.stdout.write(f"{groups[-1]}\n")
        sys.stdout.flush()
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main(sys.argv[1])
