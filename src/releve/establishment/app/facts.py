"""What interviews tell the ledger: codes, durations, commitments, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve import __version__
from releve.kernel.ids import DRILL_FINESS
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Salts, Tool, Value
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter

SIGNED = "establishment.interview.signed"
ACCEPTED = "establishment.contradiction.accepted"
KEPT = "establishment.contradiction.kept"
ORIGIN = "establishment.interviews"


def commit(text: str) -> str:
    """The salted commitment of what people answered; the salt is durable on return."""
    return Salts(Place(current_home()).salts).commit(text)


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
    drill = current_home().world is World.DRILL
    where = home_perimeter()
    fact = Evidence(
        what=what,
        when=when,
        system="établissement",
        value=value,
        unit=unit,
        tool=Tool("releve establishment", __version__),
        finess=where.ej if where else DRILL_FINESS if drill else None,
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind=kind,
        origin=ORIGIN,
        number=0,
        sha256=sha256,
        commitments=dict(commitments or {}),
        detail=detail,
    )
    put(fact)
