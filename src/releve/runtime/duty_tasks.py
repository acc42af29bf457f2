"""Jobs of the duty part (queue « incident »): what reflexes ask to be done with kits."""

from __future__ import annotations

from datetime import timedelta

from releve.incident.app.desk import current
from releve.jobs.app.tasks import task
from releve.jobs.retries import RetryPolicy
from releve.kernel.clock import SystemClock
from releve.pages.house import current_home
from releve.runtime.kits import kits_of

QUEUE = "incident"
#: A freeze that failed for an instant must not wait long; the last good kits stand meanwhile.
_POLICY = RetryPolicy(retries=20, first=timedelta(seconds=2), ceiling=timedelta(minutes=5))


@task(queue=QUEUE, policy=_POLICY)
def publish_kits() -> None:
    """Fresh kits of every ward, however long the feed has been silent; none once frozen."""
    kits_of(current_home()).publish(SystemClock().now())


@task(queue=QUEUE, policy=_POLICY)
def freeze_kits() -> None:
    """Keep what is published; nothing to keep once the crisis is over."""
    incident = current()
    if incident is not None:
        kits_of(current_home()).freeze(SystemClock().now(), f"crise {incident.pk}")


@task(queue=QUEUE, policy=_POLICY)
def thaw_kits() -> None:
    """Publish again as on every day, unless another crisis was opened meanwhile."""
    if current() is None:
        kits_of(current_home()).thaw(SystemClock().now())
