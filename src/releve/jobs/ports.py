"""What the worker asks of the world."""

from __future__ import annotations

from typing import Protocol

from releve.jobs.states import Claim, Outcome


class Report(Protocol):
    """Told how each run ended, from the worker's thread, after it was recorded.

    Must not raise: an error here ends the worker. ``error`` is empty unless the handler failed.
    """

    def __call__(self, claim: Claim, outcome: Outcome, error: str) -> None: ...
