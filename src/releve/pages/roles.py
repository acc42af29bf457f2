"""The five roles, their French names, and what sets some of them apart."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person does in the hospital, as far as pages are concerned."""

    DIRECTION = "direction"
    DSI = "dsi"
    CAREGIVER = "soignant"
    CRISIS_CELL = "cellule"
    AUDITOR = "auditeur"

    @property
    def words(self) -> str:
        """The name people read."""
        return _WORDS[self]

    @property
    def privileged(self) -> bool:
        """True for roles that can start dangerous acts: a second factor is compulsory."""
        return self in PRIVILEGED


_WORDS = {
    Role.DIRECTION: "direction",
    Role.DSI: "DSI / RSSI",
    Role.CAREGIVER: "soignant",
    Role.CRISIS_CELL: "cellule de crise",
    Role.AUDITOR: "auditeur",
}
PRIVILEGED = frozenset({Role.DIRECTION, Role.DSI, Role.CRISIS_CELL})
#: Roles that may give the second look at a privileged grant.
APPROVERS = frozenset({Role.DIRECTION, Role.DSI})
#: Roles that read the ledger: it shows what is weak, so not everybody.
PROOF_READERS = frozenset({Role.AUDITOR, Role.DSI, Role.DIRECTION})
EVERYONE = frozenset(Role)
