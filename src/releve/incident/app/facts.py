"""What the crisis tells the ledger: numbers and commitments, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve.ledger import Value
from releve.pages.telling import Teller

OPENED = "incident.opened"
CLOSED = "incident.closed"
REOPENED = "incident.reopened"
WRITTEN = "incident.log.written"
GATE_CLOSED = "incident.gate.closed"
GATE_REOPENED = "incident.gate.reopened"
HELD = "incident.reflex.held"
ORIGIN = "incident"
_TELLER = Teller("crise", "releve incident", ORIGIN)


def tell(
    what: str,
    kind: str,
    when: datetime,
    value: Value,
    *,
    unit: str | None = None,
    commitments: Mapping[str, str] | None = None,
    **detail: Value,
) -> None:
    """Put one fact in the outbox."""
    _TELLER.tell(what, kind, when, value, unit=unit, commitments=commitments, detail=detail)
