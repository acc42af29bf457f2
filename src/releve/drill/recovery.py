"""From the order given by two people to servers that answer, then the comparison file by file."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from releve.drill.hospital import Backup, Hospital
from releve.drill.ports import Platform
from releve.drill.simulator.errors import SimulatorFailed
from releve.drill.simulator.persons import People
from releve.drill.simulator.servers import Server
from releve.drill.simulator.workstation import manifest
from releve.drill.stage import Stage
from releve.drill.verdict import Compared, compared
from releve.kernel.clock import Clock, iso
from releve.kernel.errors import ReleveError
from releve.kernel.ids import MachineName

#: The product's act, as its page names it.
RESTORE = "vault.restore"
_FILES = ("vault.restored_files", "vault.restored_identical")
_POLL_SECONDS = 0.1
#: Past this many times the DMIA nobody waits any more.
_PATIENCE = 2.0


def _hour(moment: datetime | None) -> str:
    return iso(moment) if moment else ""


class Recovery:
    """``p0_seconds`` and ``compared`` are None until seen; ``reasons`` say why they are not."""

    def __init__(
        self,
        platform: Platform,
        hospital: Hospital,
        stage: Stage,
        clock: Clock,
        dmia_s: float,
        stopping: threading.Event,
    ) -> None:
        self._platform, self._hospital, self._stage = platform, hospital, stage
        self._clock, self._limit_s, self._stopping = clock, dmia_s * _PATIENCE, stopping
        self.p0_seconds: float | None = None
        self.compared: Compared | None = None
        self.reasons: dict[str, str] = {}

    def bring_servers_back(
        self,
        people: People,
        machines: Sequence[MachineName],
        struck: Mapping[MachineName, datetime],
        before: datetime | None,
    ) -> None:
        """Order their restore, start each as soon as it is there, probe until all answer.

        ``struck``: when each was first touched; ``before``: the hour people found by themselves
        when nothing alarmed.
        """
        expected = self._expected(machines, struck, before)
        if not self._order(people, machines, before, ("restore.p0_seconds", *_FILES)):
            return
        order = self._clock.monotonic()
        waiting = list(self._hospital.servers)
        while waiting and self._worth_waiting(order):
            for server in list(waiting):
                if self._answers(server, expected.get(MachineName(server.name))):
                    waiting.remove(server)
                    text = f"{server.name} répond, contenu vérifié"
                    self._stage.happened("Serveurs", text, "ok")
            self._clock.sleep(_POLL_SECONDS)
        if waiting:
            names = ", ".join(server.name for server in waiting)
            self.reasons["restore.p0_seconds"] = f"ne répondent pas : {names}"
        else:
            self.p0_seconds = self._clock.monotonic() - order
        self._compare(order, expected)

    def bring_workstations_back(
        self,
        people: People,
        machines: Sequence[MachineName],
        struck: Mapping[MachineName, datetime],
        before: datetime | None,
    ) -> None:
        """Order their restore and compare what comes, file by file."""
        if not machines or not self._order(people, machines, before, _FILES):
            return
        self._compare(self._clock.monotonic(), self._expected(machines, struck, before))

    def _expected(
        self,
        machines: Sequence[MachineName],
        struck: Mapping[MachineName, datetime],
        before: datetime | None,
    ) -> dict[MachineName, Backup | None]:
        """The last backup of each that had ended when it was touched, or before that hour."""
        last = self._clock.now()
        if before is not None:
            return {m: self._hospital.last_before(m, before) for m in machines}
        return {m: self._hospital.last_before(m, struck.get(m, last)) for m in machines}

    def _order(
        self,
        people: People,
        machines: Sequence[MachineName],
        before: datetime | None,
        measures: Sequence[str],
    ) -> bool:
        try:
            people.order(RESTORE, {"machines": " ".join(machines), "before": _hour(before)})
        except ReleveError as error:
            why = f"l'ordre n'a pas pu être donné : {error}"
            self.reasons |= dict.fromkeys(measures, why)
            return False
        text = f"l'ordre de restaurer {len(machines)} machines est donné, à deux"
        self._stage.happened("Direction", text, "act")
        return True

    def _worth_waiting(self, order: float) -> bool:
        waited = self._clock.monotonic() - order
        return waited < self._limit_s and not self._stopping.is_set()

    def _answers(self, server: Server, backup: Backup | None) -> bool:
        folder = self._platform.restored(MachineName(server.name))
        if folder is None or backup is None:
            return False
        server.expect(backup.manifest, backup.facts)
        try:
            server.start(folder)
        except SimulatorFailed as error:
            self._stage.happened("Serveurs", str(error), "failure")
            return False
        return server.probe()

    def _compare(self, order: float, expected: Mapping[MachineName, Backup | None]) -> None:
        for machine, backup in expected.items():
            if backup is None:
                why = f"{machine} n'avait aucune sauvegarde avant l'attaque"
                self.reasons |= dict.fromkeys(_FILES, why)
                continue
            while (folder := self._platform.restored(machine)) is None:
                if not self._worth_waiting(order):
                    break
                self._clock.sleep(_POLL_SECONDS)
            one = compared(backup.manifest, manifest(folder) if folder else {})
            self.compared = one if self.compared is None else self.compared + one
            text = f"{machine} : {one.identical} fichiers identiques sur {one.expected}"
            same = one.identical == one.expected
            self._stage.happened("Coffre", text, "ok" if same else "failure")
