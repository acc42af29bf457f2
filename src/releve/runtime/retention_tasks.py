"""Jobs of the duty part (queue « conservation »): doing a purge that two people decided."""

from __future__ import annotations

from datetime import timedelta

from releve.jobs.app.tasks import task
from releve.jobs.retries import RetryPolicy
from releve.kernel.clock import SystemClock
from releve.pages.house import current_home
from releve.retention.app.models import Purge
from releve.runtime.retention import run_purge

QUEUE = "conservation"
#: What holds it may last: a projector that is away, a kit that does not set, a crisis.
_POLICY = RetryPolicy(retries=200, first=timedelta(seconds=10), ceiling=timedelta(hours=1))


@task(queue=QUEUE, policy=_POLICY)
def do_purge(number: int) -> None:
    """Do it, or finish it."""
    row = Purge.objects.get(pk=number)
    if row.state == Purge.DECIDED:
        run_purge(current_home(), row, SystemClock())
