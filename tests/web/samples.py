"""Entries as the vault and the drill write them, on the simulated hospital."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from releve.kernel.clock import SystemClock
from releve.kernel.ids import Finess
from releve.kernel.world import Reality
from releve.ledger.evidence import Evidence, Tool, Value

EJ, SITE = Finess("990000010"), Finess("990000028")


def evidence(
    what: str,
    number: int,
    *,
    system: str = "coffre",
    value: Value = None,
    unit: str | None = None,
    when: datetime | None = None,
    finess: Finess = EJ,
    kind: str = "measure",
) -> Evidence:
    """A simulated fact."""
    return Evidence(
        what=what,
        when=when or SystemClock().now(),
        system=system,
        value=value,
        unit=unit,
        tool=Tool("releve", "essai"),
        finess=finess,
        reality=Reality.SIMULATED,
        kind=kind,
        origin="essai",
        number=number,
    )


def samples() -> Sequence[Evidence]:
    """Two machines backed up, an alarm, a restore, an old verification."""
    now = SystemClock().now()
    return [
        evidence("vault.enrolled", 1, system="PC-LABO-04", kind="decision"),
        evidence("vault.enrolled", 2, system="SRV-FICHIERS", kind="decision"),
        evidence("vault.snapshot", 3, system="PC-LABO-04", value=37, unit="fichiers"),
        evidence("vault.snapshot", 4, system="SRV-FICHIERS", value=212, unit="fichiers"),
        evidence("vault.alarm", 5, system="PC-LABO-04", value=12, unit="fichiers", kind="alarm"),
        evidence("vault.restored_identical", 6, value=4812, unit="fichiers"),
        evidence("ledger.verified", 7, value=True, when=now - timedelta(days=75)),
        evidence("restore.p0_seconds", 8, value=27, unit="s", finess=SITE),
    ]
