"""Entries as other rooms write them, for the duty part to read."""

from __future__ import annotations

from datetime import datetime

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.kernel.ids import Finess
from releve.kernel.world import Reality
from releve.ledger import Evidence, Tool, Value
from releve.runtime.ledger import open_ledger


def fact(
    what: str,
    number: int,
    *,
    system: str = "PC-LABO-04",
    value: Value = 12,
    unit: str | None = "fichiers",
    kind: str = "alarm",
    when: datetime | None = None,
    **detail: Value,
) -> Evidence:
    """A simulated fact of a drill home."""
    return Evidence(
        what=what,
        when=when or SystemClock().now(),
        system=system,
        value=value,
        unit=unit,
        tool=Tool("releve", "essai"),
        finess=Finess("990000010"),
        reality=Reality.SIMULATED,
        kind=kind,
        origin="essai",
        number=number,
        detail=detail,
    )


def append(home: Home, *facts: Evidence) -> list[int]:
    """Durable and published when this returns; the indexes given."""
    with open_ledger(home) as ledger:
        indexes = ledger.append_many(facts)
        ledger.publish()
    return indexes
