"""What the field exercise asks of the world. ``web`` supplies the real crisis."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class RealCrisis(Protocol):
    """The real crisis, which stops every exercise. Called from any thread; raises nothing in
    normal life; ``open`` and ``note`` write in the caller's transaction.
    """

    def since(self) -> datetime | None:
        """When the open crisis was opened; None while there is none."""
        ...

    def open(self, words: str, account: int | None, seen: str, now: datetime) -> None:
        """Open it, in the name of ``words`` (and an account, when signed in)."""
        ...

    def note(self, text: str, now: datetime) -> None:
        """Write a line in its main courante; nothing when none is open."""
        ...
