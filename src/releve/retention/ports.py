"""What keeping and destroying ask of the world. ``runtime`` supplies the real things.

Every call may be made again after a death, and must then find its work done.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from releve.retention.expiry import Entry


class Hold(Protocol):
    """What forbids to destroy anything now."""

    def held(self) -> str | None:
        """Why, in French words that end a sentence (« une crise est ouverte »); None = nothing."""
        ...


class Copies(Protocol):
    """The register of copies that left the home: kits, binders, sheets."""

    def recall(self, why: str, before: datetime | None = None, what: str | None = None) -> int:
        """Ask their holders for those made before ``before`` (None: all) of that kind (None: all);
        how many are asked for now. Asked twice for the same reason, it is one recall.
        """
        ...


class Feed(Protocol):
    """The patients' messages and what is made of them. Raises a ``ReleveError`` when something
    could not be done: what was done stays, the rest is done at the next call.
    """

    def months(self) -> Sequence[str]:
        """Months whose key is there, the running one left out."""
        ...

    def oldest_needed(self) -> str | None:
        """The oldest month that an open stay needs."""
        ...

    def destroy(self, month: str, now: datetime) -> bool:
        """Destroy a month's key and tell it; False when it was done already."""
        ...

    def rebuild(self) -> int:
        """Make the views again without it; how many messages say nothing any more."""
        ...

    def remake_kits(self, now: datetime) -> int:
        """Make every kit again and remove the earlier ones; how many files were removed."""
        ...

    def kits_before(self, moment: datetime) -> bool:
        """Whether a kit made before ``moment`` is still there."""
        ...


class Proof(Protocol):
    """The ledger's salts."""

    def destroy_salts(self, months: Sequence[str], hold: Hold) -> int:
        """Destroy those of what was told of patients in these months, and while nothing holds the
        earlier ones too; how many there were.
        """
        ...


class Files(Protocol):
    """What lies in the home as files of its own."""

    def entries(self) -> Sequence[Entry]:
        """Those of the stores that age ends, without those that must stay."""
        ...

    def remove(self, path: str) -> bool:
        """Remove one, a folder with all it holds; False when it is not there."""
        ...

    def empty(self) -> int:
        """Empty the stores that each purge empties; how many files."""
        ...
