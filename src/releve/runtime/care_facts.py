"""Care's facts on this home's ledger. No Django: the projector's process uses it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from releve import __version__
from releve.care.ports import Fact
from releve.kernel.home import Home
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, NumberTaken, Tool
from releve.runtime.ledger import open_ledger

#: The fictional hospital of drills (kernel/ids.py).
_DRILL_FINESS = Finess("990000010")


class CareFacts:
    """:class:`~releve.care.ports.Facts`: through the signer when it runs, else under its lock."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def record(self, facts: Sequence[Fact]) -> None:
        """Once per (origin, number): what was already told stands."""
        finess = self._finess()
        with open_ledger(self._home) as ledger:
            for fact in facts:
                with suppress(NumberTaken):
                    ledger.append(self._evidence(fact, finess))

    def _finess(self) -> Finess | None:
        """A drill signs under a test number, a real home under its legal entity's, once known."""
        if self._home.world is World.DRILL:
            return _DRILL_FINESS
        from releve.establishment import stored

        establishment = stored(self._home)
        return establishment.legal_entities[0].finess if establishment else None

    def _evidence(self, fact: Fact, finess: Finess | None) -> Evidence:
        drill = self._home.world is World.DRILL
        return Evidence(
            what=fact.what,
            when=fact.when,
            system=fact.system,
            value=fact.value,
            unit=fact.unit,
            tool=Tool("releve care", __version__),
            finess=finess,
            reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
            kind=fact.kind,
            origin=fact.origin,
            number=fact.number,
            sha256=fact.sha256,
            detail=dict(fact.detail),
        )
