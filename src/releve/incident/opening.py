"""Whether an alarm opens a crisis: once, and not over and over after people have said « fausse
alerte » (threats 17: hysteresis, rate cap).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: After « fausse alerte », the same machine does not open again for this long; another one does.
QUIET = timedelta(minutes=30)
#: Reflexes open at most this often; beyond, people are told and open themselves.
MOST, WITHIN = 4, timedelta(hours=24)


@dataclass(frozen=True)
class Opened:
    """A past opening by a reflex: when, on which system's alarm, and when people called it a false
    alarm (None: they did not).
    """

    at: datetime
    system: str
    false_alarm_at: datetime | None = None


class Verdict(StrEnum):
    """``OPEN``, or why not."""

    OPEN = "ouvrir"
    QUIET = "fausse alerte récente sur la même machine"
    CAPPED = "trop d'ouvertures automatiques en un jour"


def may_open(system: str, past: Sequence[Opened], now: datetime) -> Verdict:
    """Decide for an alarm on ``system``, while no crisis is open."""
    if sum(now - opened.at < WITHIN for opened in past) >= MOST:
        return Verdict.CAPPED
    for opened in past:
        lifted = opened.false_alarm_at
        if opened.system == system and lifted is not None and now - lifted < QUIET:
            return Verdict.QUIET
    return Verdict.OPEN
