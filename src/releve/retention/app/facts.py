"""What retention tells the ledger: numbers, stores and commitments, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from releve import __version__
from releve.kernel.ids import DRILL_FINESS
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Salts, Tool, Value
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter

DPO = "retention.dpo"
OVERRIDE = "retention.listen.override"
SIGNED = "retention.line.signed"
DECIDED = "retention.purge.decided"
PURGED = "retention.purged"
DUE = "retention.due"
ORIGIN = "retention"


def commit(text: str) -> str:
    """The salted commitment of a name or a reason; the salt is durable on return."""
    return Salts(Place(current_home()).salts).commit(text)


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
    """Put one fact in the outbox; a real home signs under no number before its first access has
    declared its legal entity.
    """
    drill = current_home().world is World.DRILL
    where = home_perimeter()
    fact = Evidence(
        what=what,
        when=when,
        system="conservation",
        value=value,
        unit=unit,
        tool=Tool("releve retention", __version__),
        finess=where.ej if where else DRILL_FINESS if drill else None,
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind=kind,
        origin=ORIGIN,
        number=0,
        commitments=dict(commitments or {}),
        detail=dict(detail or {}),
    )
    put(fact)
