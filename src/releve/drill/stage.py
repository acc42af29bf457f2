"""The wall clock of a night and everything that happens on it, in the order it was seen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from releve.drill.measures import Happening, Kind
from releve.kernel.clock import Clock


class Stage:
    """Story hours are the scenario's start plus the seconds really elapsed, nothing multiplied.

    Thread-safe. ``show`` is called for each happening, in order, under the stage's lock.
    """

    def __init__(self, clock: Clock, start: datetime, show: Callable[[Happening], None]) -> None:
        self._clock = clock
        self._start = start
        self._show = show
        self._lock = threading.Lock()
        self._seen: list[Happening] = []
        self.origin = clock.monotonic()

    def begin(self) -> None:
        """The story starts now."""
        self.origin = self._clock.monotonic()

    @property
    def elapsed(self) -> float:
        """Real seconds since the story began."""
        return self._clock.monotonic() - self.origin

    @property
    def length(self) -> timedelta:
        """How long the story has lasted."""
        return timedelta(seconds=self.elapsed)

    def now(self) -> datetime:
        """The real time, UTC."""
        return self._clock.now()

    def happened(
        self, who: str, text: str, kind: Kind = "info", evidence: int | None = None
    ) -> Happening:
        """Something was seen now."""
        with self._lock:
            story = self._start + timedelta(seconds=max(0.0, self.elapsed))
            line = Happening(self.now(), story, who, text, kind, evidence)
            self._seen.append(line)
            self._show(line)
            return line

    @property
    def seen(self) -> tuple[Happening, ...]:
        """All happenings so far."""
        with self._lock:
            return tuple(self._seen)
