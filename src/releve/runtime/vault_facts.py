"""The vault's facts on this home's ledger."""

from __future__ import annotations

from dataclasses import replace

from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.ledger import Evidence, Place, Salts
from releve.runtime.tool_facts import ToolFacts, declared_finess
from releve.vault.facts import RULE_VERSION, restored
from releve.vault.ports import Fact
from releve.vault.restored import read_restored
from releve.vault.state import read_states


def facts_of(home: Home) -> LedgerFacts:
    """Where this home's facts go."""
    return LedgerFacts(home)


class LedgerFacts(ToolFacts[Fact]):
    """:class:`~releve.vault.ports.Facts` on this home's ledger."""

    def __init__(self, home: Home) -> None:
        super().__init__(home, "releve vault")
        self._finess = declared_finess(home)
        self._salts = Salts(Place(home).salts)
        self._restores_told: dict[MachineName, int] = {}

    def tell_restores(self) -> None:
        """Every finished restore, whichever process made it, is a fact: told once by its number."""
        for state in read_states(self._home.path):
            done = read_restored(self._home, state.machine)
            if done is not None and self._restores_told.get(state.machine) != done.number:
                self.record([restored(done)])
                self._restores_told[state.machine] = done.number

    def _evidence(self, fact: Fact) -> Evidence:
        return replace(
            super()._evidence(fact),
            rule=fact.rule,
            rule_version=RULE_VERSION if fact.rule else None,
            commitments=self._salts.commit_all(fact.private),
        )
