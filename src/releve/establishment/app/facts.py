"""What interviews tell the ledger: codes, durations, commitments, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve.ledger import Value
from releve.pages.telling import Teller

SIGNED = "establishment.interview.signed"
ACCEPTED = "establishment.contradiction.accepted"
KEPT = "establishment.contradiction.kept"
ORIGIN = "establishment.interviews"
_TELLER = Teller("établissement", "releve establishment", ORIGIN)


def tell(
    what: str,
    when: datetime,
    value: Value,
    *,
    kind: str = "decision",
    unit: str | None = None,
    sha256: str | None = None,
    commitments: Mapping[str, str] | None = None,
    **detail: Value,
) -> None:
    """Put one fact in the outbox: never a name, never a typed word."""
    _TELLER.tell(
        what,
        kind,
        when,
        value,
        unit=unit,
        sha256=sha256,
        commitments=commitments,
        detail=detail,
    )
