"""The vault's facts on this home's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from releve import __version__
from releve.kernel.home import Home
from releve.kernel.ids import Finess, MachineName
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, NumberTaken, Place, Salts, Tool
from releve.runtime.ledger import open_ledger
from releve.runtime.records import use_records
from releve.vault.facts import RULE_VERSION, restored
from releve.vault.ports import Fact
from releve.vault.restored import read_restored
from releve.vault.state import read_states

#: The fictional hospital of drills (kernel/ids.py).
_DRILL_FINESS = Finess("990000010")


def facts_of(home: Home) -> LedgerFacts:
    """Where this home's facts go. A drill signs under a test number; a real home under its legal
    entity's once the first access has declared it, under none before.
    """
    return LedgerFacts(home)


def _finess(home: Home) -> Finess | None:
    if home.world is World.DRILL:
        return _DRILL_FINESS
    use_records(home)
    from releve.pages.house import home_perimeter

    where = home_perimeter()
    return where.ej if where else None


class LedgerFacts:
    """:class:`~releve.vault.ports.Facts` on this home's ledger."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._finess = _finess(home)
        self._salts = Salts(Place(home).salts)
        self._restores_told: dict[MachineName, int] = {}

    def record(self, facts: Sequence[Fact]) -> None:
        """Through the signer when it runs, else under its lock; once per (origin, number).

        A worker stopped after the ledger and before its cursor says the same fact again, at another
        hour and under another salt: the first one stands.
        """
        if self._finess is None:
            self._finess = _finess(self._home)
        with open_ledger(self._home) as ledger:
            for fact in facts:
                with suppress(NumberTaken):
                    ledger.append(self._evidence(fact))

    def tell_restores(self) -> None:
        """Every finished restore, whichever process made it, is a fact: told once by its number."""
        for state in read_states(self._home.path):
            done = read_restored(self._home, state.machine)
            if done is not None and self._restores_told.get(state.machine) != done.number:
                self.record([restored(done)])
                self._restores_told[state.machine] = done.number

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
