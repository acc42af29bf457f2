"""What rooms tell the ledger from their rows: one fact in the outbox, in the caller's transaction.

A room holds one :class:`Teller` and gives its facts their names. Nothing of what people typed goes
in a fact: numbers, codes, hashes, and salted commitments (:func:`commit`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from releve import __version__
from releve.kernel.ids import DRILL_FINESS, Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Salts, Tool, Value
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter


def commit(text: str) -> str:
    """The salted commitment of words somebody typed; the salt is durable on return."""
    return Salts(Place(current_home()).salts).commit(text)


@dataclass(frozen=True)
class Teller:
    """Who tells: the system as people call it, the program, the origin of its numbers."""

    system: str
    program: str
    origin: str

    def tell(
        self,
        what: str,
        kind: str,
        when: datetime,
        value: Value,
        *,
        unit: str | None = None,
        sha256: str | None = None,
        commitments: Mapping[str, str] | None = None,
        detail: Mapping[str, Value] | None = None,
        reality: Reality | None = None,
        system: str | None = None,
        site: Finess | None = None,
    ) -> None:
        """Put one fact in the outbox. ``reality`` and ``system`` are the teller's own, ``site`` the
        legal entity, when not given; a real home signs under no number before its first access has
        declared that entity.
        """
        drill = current_home().world is World.DRILL
        where = home_perimeter()
        entity = where.ej if where else DRILL_FINESS if drill else None
        put(
            Evidence(
                what=what,
                when=when,
                system=system or self.system,
                value=value,
                unit=unit,
                tool=Tool(self.program, __version__),
                finess=site or entity,
                reality=reality or (Reality.SIMULATED if drill else Reality.TECHNICAL),
                kind=kind,
                origin=self.origin,
                number=0,
                sha256=sha256,
                commitments=dict(commitments or {}),
                detail=dict(detail or {}),
            )
        )
