"""What retention tells the ledger: numbers, stores and commitments, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve.ledger import Value
from releve.pages.telling import Teller

DPO = "retention.dpo"
OVERRIDE = "retention.listen.override"
SIGNED = "retention.line.signed"
DECIDED = "retention.purge.decided"
PURGED = "retention.purged"
DUE = "retention.due"
ORIGIN = "retention"
_TELLER = Teller("conservation", "releve retention", ORIGIN)


def tell(
    what: str,
    when: datetime,
    value: Value,
    *,
    unit: str | None = None,
    kind: str = "decision",
    commitments: Mapping[str, str] | None = None,
    detail: Mapping[str, Value] | None = None,
) -> None:
    """Put one fact in the outbox."""
    _TELLER.tell(what, kind, when, value, unit=unit, commitments=commitments, detail=detail)
