"""What an exercise tells the ledger: numbers, hashes and commitments, in the caller's transaction.

« terrain » is written only by :func:`observed`, which the signature alone calls; the rest says what
the program itself saw (prepared, started, stopped), under « technique ».
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve.kernel.ids import Finess
from releve.kernel.world import Reality
from releve.ledger import Value
from releve.pages.telling import Teller

PREPARED = "drill.field.prepared"
DROPPED = "drill.field.dropped"
STARTED = "drill.field.started"
PAUSED = "drill.field.paused"
RESUMED = "drill.field.resumed"
ENDED = "drill.field.ended"
INTERRUPTED = "drill.field.interrupted"
ACTION_OPENED = "drill.field.action.opened"
ACTION_CLOSED = "drill.field.action.closed"
SIGNED = "drill.field.signed"
MINUTES = "drill.field.minutes"
MEDIAN = "drill.field.median_minutes"
PRESENT = "drill.field.present"
COVERAGE = "drill.field.coverage_percent"
ORIGIN = "exercice"
SYSTEM = "exercice"
_TELLER = Teller(SYSTEM, "releve drill field", ORIGIN)


def tell(
    what: str,
    when: datetime,
    value: Value,
    *,
    kind: str = "event",
    commitments: Mapping[str, str] | None = None,
    **detail: Value,
) -> None:
    """What the program did or saw; no name, no typed text."""
    _TELLER.tell(what, kind, when, value, commitments=commitments, detail=detail)


def observed(
    what: str,
    when: datetime,
    value: Value,
    unit: str | None,
    sha256: str,
    *,
    kind: str = "measure",
    system: str = SYSTEM,
    site: Finess | None = None,
    **detail: Value,
) -> None:
    """What people observed, once the animator signed: « terrain », under the report's hash."""
    _TELLER.tell(
        what, kind, when, value,
        unit=unit, sha256=sha256, detail=detail, reality=Reality.FIELD, system=system, site=site,
    )  # fmt: skip
