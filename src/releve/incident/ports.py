"""What the crisis asks of the world. ``runtime`` supplies the real things."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from releve.incident.binder.material import Census


class Kits(Protocol):
    """The ward kits. Called by one worker at a time; each call may run again after a kill, and
    must then find its work done. Raises a ``ReleveError`` when it could not be done: the job is
    tried again.
    """

    def publish(self, now: datetime) -> None:
        """Make fresh kits of every ward; where the new one is refused the last good one stays."""
        ...

    def freeze(self, now: datetime, why: str) -> None:
        """Keep what is published now as it is, until :meth:`thaw`."""
        ...

    def thaw(self, now: datetime) -> None:
        """Publish again as on every day."""
        ...


class Patients(Protocol):
    """Who lies where, as this home's own replica knows it. Any thread; raises a ``ReleveError``
    when the replica is there and cannot be read.
    """

    def census(self, now: datetime) -> Census | None:
        """By service of the establishment, in bed order; None when nothing was ever received."""
        ...
