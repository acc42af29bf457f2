"""Reads the product's ledger as it grows, and notes when the simulator saw each alarm there."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from releve.drill.ports import Fact, Platform
from releve.drill.stage import Stage
from releve.kernel.ids import MachineName
from releve.kernel.units import thousands

ALARM, OPENED, FROZEN = "vault.alarm", "incident.opened", "care.kit.frozen"
#: What the logbook of a crisis must note by itself: alarms, kits, restores, refusals.
LOGGED = frozenset(
    {ALARM, "care.kit.published", "care.kit.refused", "vault.restored", "vault.refused"}
)
_EVERY_SECONDS = 0.1
_TOLD = {
    "vault.garbage": "objets illisibles déposés, gardés à part et comptés",
    "vault.refused": "demandes refusées au coffre",
    "accord.demandé": "un acte à deux est demandé",
    "accord.donné": "l'acte est accordé par une autre personne",
    OPENED: "crise ouverte, la main courante est commencée",
    FROZEN: "les kits de service sont gelés à cette heure",
}


@dataclass(frozen=True)
class Seen:
    """``at``: the simulator's clock when it read the fact, already durable, in the ledger."""

    at: datetime
    fact: Fact


class Watch:
    """A thread that reads new entries ten times a second; ``close`` ends it."""

    def __init__(self, platform: Platform, stage: Stage) -> None:
        self._platform, self._stage = platform, stage
        self._next = 0
        self._alarms: list[Seen] = []
        self._logged: list[Fact] = []
        #: The crisis, when the product opened one.
        self.opened: Seen | None = None
        #: The last kits before the freeze are published.
        self.frozen = threading.Event()
        self._told: set[tuple[str, str]] = set()
        self._error: Exception | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def alarm(self, machines: frozenset[MachineName], since: datetime) -> Seen | None:
        """The first alarm seen on one of these machines after ``since``."""
        for alarm in list(self._alarms):
            if alarm.fact.system in machines and alarm.at >= since:
                return alarm
        return None

    def told_since(self, opened: Fact) -> list[Fact]:
        """Facts that belong in the logbook of a crisis, from its opening on."""
        return [fact for fact in list(self._logged) if fact.index > opened.index]

    def close(self) -> None:
        """Stop reading; idempotent. Raises, once, what ended the reading before."""
        self._closing.set()
        self._thread.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _read(self) -> None:
        while not self._closing.wait(_EVERY_SECONDS):
            try:
                for fact in self._platform.facts(self._next):
                    self._next = fact.index + 1
                    self._take(fact)
            except Exception as error:  # noqa: BLE001  raised again by close, in the drill's thread
                self._error = error
                return

    def _take(self, fact: Fact) -> None:
        if fact.what == ALARM:
            self._alarms.append(Seen(self._stage.now(), fact))
        if fact.what in LOGGED:
            self._logged.append(fact)
        if fact.what == OPENED and self.opened is None:
            self.opened = Seen(self._stage.now(), fact)
        if fact.what == FROZEN:
            self.frozen.set()
        if (fact.what, fact.system) in self._told:
            return
        self._told.add((fact.what, fact.system))
        if fact.what == ALARM:
            count = thousands(fact.value) if isinstance(fact.value, int) else "des"
            text = f"{count} fichiers illisibles sur {fact.system}"
            self._stage.happened("Relève", text, "alarm", fact.index)
        elif fact.what in _TOLD:
            text = f"{_TOLD[fact.what]} ({fact.system})"
            self._stage.happened("Relève", text, "info", fact.index)
