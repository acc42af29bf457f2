"""Keeping a lease alive while a handler works."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection

from releve.jobs.app import store
from releve.jobs.states import Claim
from releve.kernel.clock import Clock

#: A lease outlives two beats that were missed.
_BEATS_PER_LEASE = 3
_RETRY_SECONDS = 1.0


class Heartbeat:
    """Extends one claim from its own thread, which waits before it touches the database: a job
    shorter than a third of its lease costs no connection.
    """

    def __init__(self, claim: Claim, lease: timedelta, clock: Clock) -> None:
        self._claim = claim
        self._lease = lease
        self._clock = clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{claim.job}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        interval = self._lease.total_seconds() / _BEATS_PER_LEASE
        wait = interval
        try:
            while not self._over.wait(wait):
                try:
                    if not store.extend(self._claim, self._lease, self._clock.now()):
                        return
                    wait = interval
                except DatabaseError:
                    # The database may come back before the lease ends; completion is fenced anyway.
                    connection.close()
                    wait = min(_RETRY_SECONDS, interval)
        finally:
            connection.close()
