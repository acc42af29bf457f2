"""From when a worker may take a job, whatever the wall clock does.

Processes on several machines, restarted at will, share only the wall clock; a monotonic counter
means nothing to the next process after a reboot. So dates are of the wall clock, and each date that
stands for a *span* (now, in 30 s, one lease) also keeps when it was set:

- clock set **back**: a date set later than now was set before the jump. It is set again, to now
  plus its span: at worst one span is waited twice, never the day the clock lost;
- clock set **forward**: leases look ended. A job may be taken from a living worker and run again
  (at-least-once); completion is fenced by (worker, attempt), so it is recorded once.

An appointment (« at 8:00 ») is a date of the wall clock and follows it, forward and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: Clocks of two machines kept by NTP differ by less; a smaller step back only delays by as much.
TOLERANCE = timedelta(seconds=1)


@dataclass(frozen=True)
class Due:
    """``at``: from when a worker may take the job (waiting: its start; running: its lease's end).

    ``set_at``: when ``at`` was computed as a span from then; None for an appointment.
    """

    at: datetime
    set_at: datetime | None

    def come(self, now: datetime) -> bool:
        """True when the job may be taken."""
        return self.at <= now

    def settled(self, now: datetime) -> Due:
        """The same date once a jump back of the clock is taken into account."""
        if self.set_at is None or self.set_at <= now + TOLERANCE:
            return self
        return due_in(self.at - self.set_at, now)


def due_in(span: timedelta, now: datetime) -> Due:
    """After ``span`` from now: an immediate start (zero), a back-off, or a lease."""
    return Due(now + span, now)


def appointment(at: datetime) -> Due:
    """At a date of the wall clock."""
    return Due(at, None)
