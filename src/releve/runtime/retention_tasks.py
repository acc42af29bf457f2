"""What the duty part does of retention: purges that two people decided (jobs of the queue
« conservation »), and saying what is past its term.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from releve.jobs.app.tasks import task
from releve.jobs.retries import RetryPolicy
from releve.kernel.clock import Clock, SystemClock
from releve.kernel.home import Home
from releve.pages.house import current_home
from releve.retention.app.models import Purge
from releve.runtime.faults import Faults
from releve.runtime.retention import propose, run_purge, tell_waiting

QUEUE = "conservation"
#: What holds it may last: a projector that is away, a kit that does not set, a crisis.
_POLICY = RetryPolicy(retries=200, first=timedelta(seconds=10), ceiling=timedelta(hours=1))
_FIRST_LOOK_SECONDS, _LOOK_SECONDS = 30.0, 3600.0


@task(queue=QUEUE, policy=_POLICY)
def do_purge(number: int) -> None:
    """Do it, or finish it."""
    row = Purge.objects.get(pk=number)
    if row.state == Purge.DECIDED:
        run_purge(current_home(), row, SystemClock())
    tell_waiting(current_home())


def sweep(home: Home, now: datetime) -> int:
    """What only waits for a person, past its hours: imports not confirmed, plans not fetched."""
    from releve.establishment.imports import pending
    from releve.incident.app import plans

    return pending.purge(home, now) + plans.forget_old(home, now)


def look(home: Home, clock: Clock, stop: threading.Event, faults: Faults) -> None:
    """Every hour, until told to stop: sweep what waited too long, say what else is past its term,
    which only two people destroy.
    """
    wait = _FIRST_LOOK_SECONDS
    while not stop.wait(wait):
        wait = _LOOK_SECONDS
        try:
            sweep(home, clock.now())
            if propose(home, clock.now()):
                tell_waiting(home)
        except Exception as error:  # noqa: BLE001  the loop of a daemon: told, then tried again
            faults.met("conservation", error)
