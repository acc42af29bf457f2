"""The simulated hospital at work: its machines, its P0 servers, and what each backup held."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releve.drill.scenario import Scenario
from releve.drill.simulator import fleet, workstation
from releve.drill.simulator.attack import Ground, make_ground
from releve.drill.simulator.plan import Plan
from releve.drill.simulator.processes import Child
from releve.drill.simulator.servers import servers_of
from releve.kernel.clock import Clock, from_iso
from releve.kernel.ids import MachineName


@dataclass(frozen=True)
class Backup:
    """One backup as its own machine saw it. ``manifest``: path → SHA-256 just before restic ran."""

    machine: MachineName
    started: datetime
    ended: datetime
    ok: bool
    snapshot: str | None
    error: str | None
    facts: tuple[str, ...]
    manifest: Mapping[str, str]


class Hospital:
    """Made in an empty folder. Machines report in reader threads; servers are started here."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        scenario: Scenario,
        clock: Clock,
    ) -> None:
        self.plan = plan
        self._scenario = scenario
        self._clock = clock
        self._aside = folder / "coulisses"
        self.ground: Ground = make_ground(folder / "machines")
        fleet.lay_out(plan, self.ground, self._aside)
        self.servers = servers_of(plan, self._aside / "bases")
        self._children: dict[MachineName, Child] = {}
        self._readers: list[threading.Thread] = []
        self._backups: dict[MachineName, list[Backup]] = defaultdict(list)
        self._changed = threading.Condition()

    def start_servers(self) -> None:
        """Create and start the P0 servers on their own folders."""
        for server in self.servers:
            folder = self.ground.path / server.name
            server.create(folder)
            server.start(folder)

    def start_machines(self, environments: Mapping[MachineName, Mapping[str, str]]) -> None:
        """Start one process per machine; the first backups follow the scenario's timetable."""
        preparation = {server.name: server.preparation for server in self.servers}
        origin = self._clock.monotonic()
        for rank, machine in enumerate(self.plan.machines):
            order = fleet.order(
                machine,
                rank,
                len(self.plan.machines),
                self.ground,
                self._aside,
                backups=self._scenario.backups,
                origin=origin,
                environment=environments[machine.name],
                preparation=preparation.get(machine.name, ()),
            )
            child = workstation.start(order)
            self._children[machine.name] = child
            reader = threading.Thread(target=self._read, args=(machine.name, child), daemon=True)
            reader.start()
            self._readers.append(reader)

    def back_up(self, machine: MachineName) -> None:
        """Ask a machine for a backup at once; see :meth:`wait_for_backup`."""
        self._children[machine].send({"do": "backup"})

    def backups(self, machine: MachineName) -> list[Backup]:
        """What it reported so far, oldest first."""
        with self._changed:
            return list(self._backups[machine])

    def wait_for_backup(
        self, machine: MachineName, started_after: datetime, timeout_s: float
    ) -> Backup | None:
        """The first backup started after that time, once it ended; None when there is none."""
        limit = self._clock.monotonic() + timeout_s
        with self._changed:
            while True:
                for backup in self._backups[machine]:
                    if backup.started > started_after:
                        return backup
                left = limit - self._clock.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return None

    def last_before(self, machine: MachineName, moment: datetime) -> Backup | None:
        """The last good backup that had ended before ``moment``."""
        good = [b for b in self.backups(machine) if b.ok and b.ended < moment]
        return good[-1] if good else None

    def sound_before(self, machine: MachineName, struck: datetime) -> tuple[Backup, ...]:
        """What may be brought back, newest first: the last good backup that had ended before the
        machine was struck, and one under way then, whose list of hashes was taken before.
        """
        good = [b for b in self.backups(machine) if b.ok and b.started < struck]
        ended = [b for b in good if b.ended < struck][-1:]
        return (*(b for b in good if b.ended >= struck), *ended)

    def quiet_moment(self, moment: datetime) -> datetime:
        """The last moment up to ``moment`` at which no machine was backing up: what was received
        before it is what had ended before it.
        """
        with self._changed:
            known = [backup for each in self._backups.values() for backup in each]
        while spans := [b for b in known if b.started < moment <= b.ended]:
            moment = min(backup.started for backup in spans)
        return moment

    def stop(self) -> None:
        """End every machine and server; nothing of the hospital is left running."""
        for child in self._children.values():
            child.send({"do": "stop"})
        for child in self._children.values():
            child.stop()
        for server in self.servers:
            server.stop()

    def _read(self, machine: MachineName, child: Child) -> None:
        while (said := child.read()) is not None:
            if said["event"] == "backup":
                with self._changed:
                    self._backups[machine].append(_backup(machine, said))
                    self._changed.notify_all()


def _backup(machine: MachineName, said: Mapping[str, object]) -> Backup:
    manifest, facts = said["manifest"], said["facts"]
    return Backup(
        machine=machine,
        started=from_iso(str(said["started"])),
        ended=from_iso(str(said["ended"])),
        ok=bool(said["ok"]),
        snapshot=None if said["snapshot"] is None else str(said["snapshot"]),
        error=None if said["error"] is None else str(said["error"]),
        facts=tuple(str(fact) for fact in facts) if isinstance(facts, list) else (),
        manifest=dict(manifest) if isinstance(manifest, dict) else {},
    )
