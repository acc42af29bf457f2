"""What an exercise tells the ledger: numbers, hashes and commitments, in the caller's transaction.

« terrain » is written only by :func:`observed`, which the signature alone calls; the rest says what
the program itself saw (prepared, started, stopped), under « technique ».
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve import __version__
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Salts, Tool, Value
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter

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


def commit(text: str) -> str:
    """The salted commitment of words somebody typed; the salt is durable on return."""
    return Salts(Place(current_home()).salts).commit(text)


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
    real = current_home().world is World.REAL
    reality = Reality.TECHNICAL if real else Reality.SIMULATED
    _put(what, when, value, None, reality, kind, SYSTEM, None, None, commitments, detail)


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
    _put(what, when, value, unit, Reality.FIELD, kind, system, site, sha256, None, detail)


def _put(
    what: str,
    when: datetime,
    value: Value,
    unit: str | None,
    reality: Reality,
    kind: str,
    system: str,
    site: Finess | None,
    sha256: str | None,
    commitments: Mapping[str, str] | None,
    detail: Mapping[str, Value],
) -> None:
    where = home_perimeter()
    put(
        Evidence(
            what=what,
            when=when,
            system=system,
            value=value,
            unit=unit,
            tool=Tool("releve drill field", __version__),
            finess=site or (where.ej if where else None),
            reality=reality,
            kind=kind,
            origin=ORIGIN,
            number=0,
            sha256=sha256,
            commitments=dict(commitments or {}),
            detail=dict(detail),
        )
    )
