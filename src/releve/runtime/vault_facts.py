"""The vault's facts on this home's ledger."""

from __future__ import annotations

from collections.abc import Sequence

from releve import __version__
from releve.kernel.home import Home
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Salts, Tool
from releve.runtime.ledger import open_ledger
from releve.vault.facts import RULE_VERSION
from releve.vault.ports import Fact

#: The fictional hospital of drills (kernel/ids.py).
_DRILL_FINESS = Finess("990000010")


def facts_of(home: Home) -> LedgerFacts:
    """Where this home's facts go."""
    return LedgerFacts(home, _DRILL_FINESS)


class LedgerFacts:
    """:class:`~releve.vault.ports.Facts` on this home's ledger."""

    def __init__(self, home: Home, finess: Finess) -> None:
        home.check_finess(finess)
        self._home = home
        self._finess = finess
        self._salts = Salts(Place(home).salts)

    def record(self, facts: Sequence[Fact]) -> None:
        """Through the signer when it runs, else under its lock; once per (origin, number)."""
        with open_ledger(self._home) as ledger:
            ledger.append_many([self._evidence(fact) for fact in facts])

    def _evidence(self, fact: Fact) -> Evidence:
        drill = self._home.world is World.DRILL
        return Evidence(
            what=fact.what,
            when=fact.when,
            system=fact.system,
            value=fact.value,
            unit=fact.unit,
            tool=Tool("releve vault", __version__),
            finess=self._finess,
            reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
            kind=fact.kind,
            origin=fact.origin,
            number=fact.number,
            sha256=fact.sha256,
            rule=fact.rule,
            rule_version=RULE_VERSION if fact.rule else None,
            commitments=self._salts.commit_all(fact.private),
            detail=dict(fact.detail),
        )
