"""From the order given by two people to servers that answer, then the comparison file by file."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from releve.drill.hospital import Backup, Hospital
from releve.drill.order import Revived, faults, read_needs
from releve.drill.ports import Platform, Step
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
        #: What the order said and what was done, in the order it was done.
        self.steps: list[Step] = []
        self.revived: list[Revived] = []
        #: Gate → when it was closed; → by whom.
        self.closed: dict[str, float] = {}
        self.closed_by: dict[str, str] = {}

    def bring_servers_back(
        self,
        people: People,
        machines: Sequence[MachineName],
        struck: Mapping[MachineName, datetime],
        before: datetime | None,
    ) -> None:
        """Follow the product's recovery order, wave by wave: ask for the order of what is still
        lost, close the gates it waits for, restore what it names first, probe until it answers.

        ``struck``: when each was first touched; ``before``: the hour people found by themselves
        when nothing alarmed.
        """
        expected = self._expected(machines, struck, before)
        began = self._clock.monotonic()
        lost = set(machines)
        while lost and self._worth_waiting(began):
            wave = self._next_wave(people, lost)
            asked = self._clock.monotonic()
            if not wave or not self._order(people, wave, before, ("restore.p0_seconds", *_FILES)):
                break
            answered = self._wait_for(wave, expected, began)
            self.revived += [Revived(name, asked, when) for name, when in answered.items()]
            if len(answered) < len(wave):
                break
            lost -= set(wave)
        if lost:
            names = ", ".join(sorted(lost))
            self.reasons.setdefault("restore.p0_seconds", f"ne répondent pas : {names}")
            self.reasons.setdefault("restore.order_respected", f"jamais relevés : {names}")
        else:
            self.p0_seconds = self._clock.monotonic() - began
        self._compare(began, expected)

    def order_faults(self, folder: Path) -> tuple[str, ...]:
        """What was brought back too soon, by the establishment's own folder."""
        return faults(read_needs(folder), self.revived, self.closed)

    def _next_wave(self, people: People, lost: set[MachineName]) -> list[MachineName]:
        """What the plan starts first among what is lost; gates that bar everything are closed."""
        while True:
            try:
                order = self._platform.recovery_order(sorted(lost), self.closed_by)
            except ReleveError as error:
                self.reasons["restore.order_respected"] = f"pas de plan de reprise : {error}"
                return []
            first = min((step.start for step in order.steps), default=0)
            wave = [MachineName(s.node) for s in order.steps if s.start == first]
            gates = [gate for gate in order.gates if gate not in self.closed]
            if wave or not gates:
                self.steps += [step for step in order.steps if step.start == first]
                return wave
            for gate in gates:
                self.closed_by[gate] = people.close_gate(gate)
                self.closed[gate] = self._clock.monotonic()
                text = f"porte « {gate} » : {self.closed_by[gate]} confirme"
                self._stage.happened("Cellule de crise", text, "act")

    def _wait_for(
        self,
        wave: Sequence[MachineName],
        expected: Mapping[MachineName, Sequence[Backup]],
        began: float,
    ) -> dict[MachineName, float]:
        """When each of these servers answered, for those that did."""
        answered: dict[MachineName, float] = {}
        by_name = {MachineName(server.name): server for server in self._hospital.servers}
        while len(answered) < len(wave) and self._worth_waiting(began):
            for name in wave:
                if name not in answered and self._answers(by_name[name], expected[name]):
                    answered[name] = self._clock.monotonic()
                    text = f"{name} répond, contenu vérifié"
                    self._stage.happened("Serveurs", text, "ok")
            self._clock.sleep(_POLL_SECONDS)
        return answered

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
    ) -> dict[MachineName, Sequence[Backup]]:
        """The sound backups of each, newest first: when it was touched, or before that hour."""
        last = self._clock.now()
        if before is not None:
            found = {m: self._hospital.last_before(m, before) for m in machines}
            return {m: [backup] if backup else [] for m, backup in found.items()}
        return {m: self._hospital.sound_before(m, struck.get(m, last)) for m in machines}

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
        many = f"{len(machines)} machines" if len(machines) > 1 else machines[0]
        text = f"l'ordre de restaurer {many} est donné, à deux"
        self._stage.happened("Direction", text, "act")
        return True

    def _worth_waiting(self, order: float) -> bool:
        waited = self._clock.monotonic() - order
        return waited < self._limit_s and not self._stopping.is_set()

    def _answers(self, server: Server, backups: Sequence[Backup]) -> bool:
        folder = self._platform.restored(MachineName(server.name))
        if folder is None or not backups:
            return False
        backup = _nearest(backups, folder)
        server.expect(backup.manifest, backup.facts)
        try:
            server.start(folder)
        except SimulatorFailed as error:
            self._stage.happened("Serveurs", str(error), "failure")
            return False
        return server.probe()

    def _compare(self, order: float, expected: Mapping[MachineName, Sequence[Backup]]) -> None:
        for machine, backups in expected.items():
            if not backups:
                why = f"{machine} n'avait aucune sauvegarde avant l'attaque"
                self.reasons |= dict.fromkeys(_FILES, why)
                continue
            while (folder := self._platform.restored(machine)) is None:
                if not self._worth_waiting(order):
                    break
                self._clock.sleep(_POLL_SECONDS)
            found = manifest(folder) if folder else {}
            one = max((compared(b.manifest, found) for b in backups), key=_exactness)
            self.compared = one if self.compared is None else self.compared + one
            text = f"{machine} : {one.identical} fichiers identiques sur {one.expected}"
            same = one.identical == one.expected
            self._stage.happened("Coffre", text, "ok" if same else "failure")


def _nearest(backups: Sequence[Backup], folder: Path) -> Backup:
    """The backup that a restored folder came from, as far as its files tell."""
    if len(backups) == 1:
        return backups[0]
    found = manifest(folder)
    return max(backups, key=lambda backup: _exactness(compared(backup.manifest, found)))


def _exactness(one: Compared) -> float:
    return one.identical / one.expected if one.expected else 0.0
