"""From the order given by two people to servers that answer, then the comparison file by file."""

from __future__ import annotations

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
_POLL_SECONDS = 0.1
#: Past this many times the DMIA nobody waits any more.
_PATIENCE = 2.0


def _hour(moment: datetime | None) -> str:
    return iso(moment) if moment else ""


class Recovery:
    """``p0_seconds`` and ``compared`` are None until seen; ``reasons`` say why they are not."""

    def __init__(
        self, platform: Platform, hospital: Hospital, stage: Stage, clock: Clock, dmia_s: float
    ) -> None:
        self._platform, self._hospital, self._stage = platform, hospital, stage
        self._clock, self._limit_s = clock, dmia_s * _PATIENCE
        self.p0_seconds: float | None = None
        self.compared: Compared | None = None
        self.reasons: dict[str, str] = {}

    def play(
        self,
        people: People,
        machines: Sequence[MachineName],
        struck: Mapping[MachineName, datetime],
        before: datetime | None,
    ) -> None:
        """``machines`` in the order wanted, servers first; ``before``: the hour people found by
        themselves when nothing alarmed.
        """
        last = self._clock.now()
        expected = {m: self._hospital.last_before(m, struck.get(m, last)) for m in machines}
        try:
            people.order(RESTORE, {"machines": " ".join(machines), "before": _hour(before)})
        except ReleveError as error:
            why = f"l'ordre n'a pas pu être donné : {error}"
            names = ("restore.p0_seconds", "vault.restored_files", "vault.restored_identical")
            self.reasons |= dict.fromkeys(names, why)
            return
        order = self._clock.monotonic()
        self._stage.happened("Direction", "l'ordre de restaurer est donné, à deux", "act")
        self._bring_servers_back(order, expected)
        self._compare(order, expected)

    def _bring_servers_back(
        self, order: float, expected: Mapping[MachineName, Backup | None]
    ) -> None:
        waiting = list(self._hospital.servers)
        while waiting and self._clock.monotonic() - order < self._limit_s:
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
        sums = [0, 0, 0]
        for machine, backup in expected.items():
            if backup is None:
                why = f"{machine} n'avait aucune sauvegarde avant l'attaque"
                self.reasons |= dict.fromkeys(
                    ("vault.restored_files", "vault.restored_identical"), why
                )
                return
            while (folder := self._platform.restored(machine)) is None:
                if self._clock.monotonic() - order > self._limit_s:
                    break
                self._clock.sleep(_POLL_SECONDS)
            found = manifest(folder) if folder else {}
            one = compared(backup.manifest, found)
            sums = [sums[0] + one.expected, sums[1] + one.found, sums[2] + one.identical]
        self.compared = Compared(*sums)
        text = f"{sums[2]} fichiers identiques sur {sums[0]}, machine par machine"
        self._stage.happened("Coffre", text, "ok" if sums[2] == sums[0] else "failure")
