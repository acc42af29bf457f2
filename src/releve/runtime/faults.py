"""What goes wrong inside the loop of a part: on its log, and in the ledger where people look.

A loop that met an error goes on; nobody reads logs at night. The first of its kind is told, then
the 10th, the 100th… with the error's name only: its words may hold a patient's.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from releve.jobs import Claim, Outcome
from releve.kernel.clock import Clock, SystemClock
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import powers_of_ten
from releve.ledger import Place
from releve.ledger.client import answers_at
from releve.runtime.tool_facts import ToolFacts

FAULT = "part.fault"


@dataclass(frozen=True)
class Fault:
    """One fact; ``value`` is how many such errors this process has met."""

    kind: str
    what: str
    when: datetime
    system: str
    value: int
    unit: str
    origin: str
    number: int
    sha256: str | None = None
    detail: Mapping[str, int | str | bool | None] = field(default_factory=dict)


class Faults:
    """The port a part's loops report to. Thread-safe; never raises, never waits for a signer."""

    def __init__(self, home: Home, part: str, clock: Clock | None = None) -> None:
        self._home, self._part, self._clock = home, part, clock or SystemClock()
        self._facts: ToolFacts[Fault] = ToolFacts(home, "releve serve")
        self._met: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._lock = threading.Lock()

    def met(self, where: str, error: BaseException) -> None:
        """Say it on the part's log, and tell the ledger when the signer answers."""
        sys.stderr.write(f"{where} : {type(error).__name__} : {error}\n")
        if isinstance(error, ReleveError) and error.remedy:
            sys.stderr.write(f"→ {error.remedy}\n")
        self.tell(where, type(error).__name__)

    def tell(self, where: str, name: str) -> None:
        """Count one more ``name``; what the ledger could not be told is told with the next one."""
        with self._lock:
            cause = f"{where}/{name}"
            self._met[cause] += 1
            reached = list(powers_of_ten(self._told[cause], self._met[cause]))
            if not reached or not answers_at(Place(self._home).socket):
                return
            try:
                self._facts.record([self._fact(where, name, self._met[cause])])
            except (ReleveError, OSError) as error:
                sys.stderr.write(f"registre : {type(error).__name__} : {error}\n")
            else:
                self._told[cause] = self._met[cause]

    def of_job(self, claim: Claim, outcome: Outcome, error: str) -> None:
        """For :class:`~releve.jobs.app.worker.Worker`: a job given up is told under its task."""
        if outcome is Outcome.ABANDONED:
            sys.stderr.write(f"travail {claim.job} ({claim.task}) abandonné : {_last(error)}\n")
            self.tell(claim.task, "JobAbandoned")
        elif outcome is Outcome.RETRY:
            sys.stderr.write(f"travail {claim.job} ({claim.task}) à reprendre : {_last(error)}\n")

    def _fact(self, where: str, name: str, count: int) -> Fault:
        now = self._clock.now()
        return Fault(
            kind="event",
            what=FAULT,
            when=now,
            system=self._part,
            value=count,
            unit="erreurs",
            origin=f"{FAULT}.{self._part}",
            number=round(now.timestamp() * 1_000_000),
            detail={"where": where, "error": name},
        )


def _last(error: str) -> str:
    return error.strip().rpartition("\n")[2]


class FaultsOfLog(logging.Handler):
    """Errors that a part's own log holds, told too: for loops that may not know this room."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(logging.ERROR)
        self._faults = faults
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="faults")

    def emit(self, record: logging.LogRecord) -> None:
        """Told from a thread of its own: the one that logs may be an event loop's."""
        error = record.exc_info[0] if record.exc_info else None
        name = error.__name__ if error else record.levelname
        self._hand.submit(self._faults.tell, record.name, name)

    def close(self) -> None:
        """What is being told is waited for."""
        self._hand.shutdown()
        super().close()
