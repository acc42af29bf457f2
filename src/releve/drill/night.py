"""The agenda of a night: what is due is done on the wall clock, what is seen is kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from releve.drill import network, verdict
from releve.drill.bedside import Bedside
from releve.drill.binder import Bindery
from releve.drill.conclusion import Traces
from releve.drill.hospital import Backup, Hospital
from releve.drill.intrusion import Intrusion, Outcome
from releve.drill.measures import PLAYED_BY, Kind
from releve.drill.ports import Platform
from releve.drill.recovery import Recovery
from releve.drill.scenario import DETECT_MARGIN_S, Event, Scenario
from releve.drill.simulator import attack, fleet
from releve.drill.simulator.intruder import BY_ID, Intruder
from releve.drill.simulator.persons import People
from releve.drill.simulator.plan import Plan
from releve.drill.simulator.proxy import Proxy
from releve.drill.stage import Stage
from releve.drill.strikes import Strikes
from releve.drill.watch import Seen, Watch
from releve.kernel.clock import Clock
from releve.kernel.ids import MachineName
from releve.kernel.units import MIB
from releve.kernel.world import World

_TICK_SECONDS = 0.05
_BASELINE_SECONDS = 45.0
_MID_BACKUP_SECONDS = 15.0
_LOG_SECONDS = 10.0
_CRISIS_SECONDS = 60.0
#: Big enough for a backup to need several packs: the receiver dies between two of them.
_BULK = 40 * MIB


class Night:
    """Everything is up when ``play`` is called; it returns what the simulator saw."""

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        platform: Platform,
        stage: Stage,
        clock: Clock,
        hospital: Hospital,
        people: People,
        proxy: Proxy,
        environments: Mapping[MachineName, Mapping[str, str]],
        bedside: Bedside,
        establishment: Path,
        folder: Path,
        anchor: str,
    ) -> None:
        self.plan, self.people, self.folder, self.anchor = plan, people, folder, anchor
        self._bedside, self._establishment = bedside, establishment
        self._scenario, self._platform, self._stage, self._clock = scenario, platform, stage, clock
        self._hospital, self._proxy, self._environments = hospital, proxy, environments
        self._watch = Watch(platform, stage)
        self._attack: attack.RunningAttack | None = None
        self._stopping = threading.Event()
        self._outcomes: list[Outcome] = []
        self._intrusion: Future[None] | None = None
        self._recovery: Future[None] | None = None
        self._binding: Future[None] | None = None
        self._bindery = Bindery(platform, stage, establishment, folder / "classeur")
        self._recovered = Recovery(
            platform, hospital, stage, clock, scenario.dmia_p0_s, self._stopping
        )
        played = {event.kind for event in scenario.timeline}
        self._reasons: dict[str, str] = {
            measure: "ce scénario ne le joue pas"
            for kind, measures in PLAYED_BY.items()
            if kind not in played
            for measure in measures
        }
        self._logged: verdict.Counted | None = None
        self._acknowledged: int | None = None
        #: For the report, in story hours: when each act began, when machines were cut off.
        self.begun: dict[str, datetime] = {}
        self.isolated: datetime | None = None
        #: When somebody opened the crisis by hand, because no alarm had.
        self._asked: datetime | None = None

    def play(self) -> verdict.Observed:
        """Run the agenda to its end; ends the attack and the watch whatever happens."""
        handlers = {
            "opening": self._open,
            "receiver-killed": self._kill_receiver,
            "listener-killed": self._bedside.kill_listener,
            "attack": self._strike,
            "his-killed": self._kill_his,
            "intruder": self._intrude,
            "crisis": self._answer_crisis,
            "restore": self._restore,
            "loss": self._lose_everything,
            "closing": self._close,
        }
        agenda = list(self.plan.events)
        with ThreadPoolExecutor(3) as self._pool:
            try:
                while agenda:
                    if agenda[0].at_s <= self._stage.elapsed and self._due(agenda[0]):
                        event = agenda.pop(0)
                        told = self._stage.happened(event.who, event.text, _tone(event))
                        self.begun.setdefault(event.kind, told.story)
                        handlers[event.kind]()
                    self._clock.sleep(_TICK_SECONDS)
                return self._observed()
            finally:
                self._stopping.set()
                if self._attack is not None:
                    self._attack.stop()
                self._watch.close()

    # -- the agenda ---------------------------------------------------------------------------

    def _due(self, event: Event) -> bool:
        """Some acts wait for what a person would wait for."""
        if event.kind == "his-killed":
            return self._strikes.first_byte is not None
        if event.kind == "crisis":
            return self._watch.opened is not None or self._detection_is_over()
        if event.kind == "restore":
            return self._alarm() is not None or self._detection_is_over()
        if event.kind in ("loss", "closing"):
            going = (self._intrusion, self._recovery, self._binding)
            return all(work is None or work.done() for work in going)
        return True

    def _open(self) -> None:
        """Machines start, patients' messages flow; the story goes on once each machine has a
        backup and every patient is known.
        """
        self._bedside.start()
        self._hospital.start_machines(self._environments)
        for machine in self.plan.machines:
            begun = self._clock.now() - timedelta(seconds=_BASELINE_SECONDS)
            backup = self._hospital.wait_for_backup(machine.name, begun, _BASELINE_SECONDS)
            if backup is None or not backup.ok:
                why = backup.error if backup else "rien n'est arrivé"
                text = f"{machine.name} : première sauvegarde manquée ({why})"
                self._stage.happened("Hôpital", text, "failure")
        count = len(self.plan.machines)
        self._stage.happened("Hôpital", f"premiers clichés des {count} machines au coffre", "ok")
        self._bedside.wait_loaded()

    def _strike(self) -> None:
        self._attack = attack.start_attack(
            self._hospital.ground,
            self.plan,
            self.folder / "attaquant.jsonl",
            launch=self._platform.launch,
            user=self._platform.attacker,
        )

    def _intrude(self) -> None:
        stolen = self._hospital.last_before(self.plan.patient_zero, self._first_strike())
        if stolen is None:
            why = "le poste volé n'avait aucune sauvegarde avant l'attaque"
            self._reasons |= {"vault.destroy_attempts": why, "vault.destroy_refused": why}
            return
        self._intrusion = self._pool.submit(self._intrude_at_ease, stolen)

    def _intrude_at_ease(self, stolen: Backup) -> None:
        other = self.plan.spared[0]
        environment = self._environments[stolen.machine]
        work = self.folder / "intrus"
        thief = Intruder(
            World.DRILL,
            self._platform.home.path,
            environment,
            other,
            Random(f"{self.plan.seed}/intruder/bytes"),  # noqa: S311 (a story, nothing secret)
            work,
            known=self._posted_by(stolen.machine),
        )
        self._reset()
        intrusion = Intrusion(self._hospital, stolen, other, environment, work, self._clock)
        attempts = [BY_ID[name] for name in self.plan.intruder_order]
        try:
            for outcome in intrusion.play(thief, attempts, self._stopping.is_set, self._reset):
                self._outcomes.append(outcome)
                if not outcome.refused:
                    text = f"{outcome.attempt.words} : {outcome.why}"
                    self._stage.happened("Intrus", text, "failure")
        finally:
            thief.close()
            self._proxy.tell(do="poison", on=False)
        refused = sum(outcome.refused for outcome in self._outcomes)
        text = f"{refused} tentatives sur {len(self._outcomes)} n'ont rien détruit"
        self._stage.happened("Coffre", text, "ok" if refused == len(self._outcomes) else "failure")

    def _reset(self) -> None:
        """A sabotaged network lies about one attempt at a time."""
        self._proxy.tell(do="put-back")
        self._proxy.tell(do="poison", on=False)
        self._proxy.tell(do="poison", on=True)

    def _posted_by(self, machine: MachineName) -> list[tuple[str, str]]:
        """What a thief reads in the machine's own cache: the objects it posted."""
        rows = self._proxy.acknowledged()
        return [(row["kind"], row["name"]) for row in rows if row["machine"] == machine]

    def _kill_receiver(self) -> None:
        """Kill it between two acknowledged objects of one backup."""
        machine = self.plan.spared[0]
        bulk = Random(f"{self.plan.seed}/bulk").randbytes(_BULK)  # noqa: S311 (story bytes)
        fleet.write(self._hospital.ground.path / machine / "Imagerie/export-imagerie.bin", bulk)
        self._proxy.tell(do="window", on=True, machine=machine)
        before, asked = len(self._proxy.acknowledged()), self._clock.now()
        self._hospital.back_up(machine)
        limit = self._clock.monotonic() + _MID_BACKUP_SECONDS
        while self._clock.monotonic() < limit:
            rows = self._proxy.acknowledged()[before:]
            if any(row["machine"] == machine and row["kind"] == "data" for row in rows):
                os.kill(self._platform.pid("receiver"), signal.SIGKILL)
                break
            self._clock.sleep(0.01)
        else:
            self._reasons["vault.acknowledged_lost"] = "aucun objet acquitté avant la mise à mort"
        self._hospital.wait_for_backup(machine, asked, _MID_BACKUP_SECONDS)
        self._proxy.tell(do="window", on=False)

    def _restore(self) -> None:
        """The machines touched are cut off, then their restore is ordered by two people."""
        seen = self._alarm()
        if self._attack is not None:
            self._attack.stop()
        touched = self._strikes.touched(self._servers)
        text = f"{len(touched)} machines touchées sont isolées"
        self.isolated = self._stage.happened("Astreinte", text, "act").story
        before = None if seen else self._hospital.quiet_moment(self._first_strike())
        self._recovery = self._pool.submit(self._recover_at_ease, touched, before)

    def _recover_at_ease(self, touched: list[MachineName], before: datetime | None) -> None:
        """Servers at once; workstations once the intruder has been shut out."""
        struck = self._strikes.by_machine
        first = [machine for machine in touched if machine in self._servers]
        self._recovered.bring_servers_back(self.people, first, struck, before)
        if self._intrusion is not None:
            self._intrusion.result()
        rest = [machine for machine in touched if machine not in self._servers]
        self._recovered.bring_workstations_back(self.people, rest, struck, before)

    def _kill_his(self) -> None:
        """The record system dies; its own list says who should be where."""
        self._bedside.kill_his()
        self._bedside.compare_census()
        self._bedside.read_messages_back()

    def _answer_crisis(self) -> None:
        """A crisis is open: people write what they saw, the last kits are taken."""
        if self._watch.opened is None:  # no alarm came: somebody ends up opening it
            self._asked = self._clock.now()
            self.people.open_crisis("Fichiers illisibles, dossier patient arrêté")
            limit = self._clock.monotonic() + _CRISIS_SECONDS
            while self._watch.opened is None and self._clock.monotonic() < limit:
                self._clock.sleep(_TICK_SECONDS)
        if self._watch.opened is None:
            self._reasons["log.entries_automatic"] = "aucune crise n'a été ouverte"
        else:
            self.people.note("Dossier patient muet depuis 01:00 : pris d'abord pour une panne.")
            text = "main courante : pris d'abord pour une panne"
            self._stage.happened("Astreinte", text, "act")
        self._binding = self._pool.submit(self._bindery.bind)
        self._bedside.take_kits(self._watch.frozen)

    def _lose_everything(self) -> None:
        """What the logbook and the vault's door say is read first: nothing answers afterwards."""
        self._logged = self._compare_log()
        self._read_objects_back()
        self._bedside.lose_everything()

    def _read_objects_back(self) -> None:
        """Once, at the vault's door: what it acknowledged must be there."""
        if self._acknowledged is None and "vault.acknowledged_lost" not in self._reasons:
            total, self._acknowledged = network.acknowledged_lost(self._proxy, self._environments)
            self._stage.happened("Réseau", f"{total} objets acquittés relus un à un", "info")

    def _compare_log(self) -> verdict.Counted | None:
        """Facts since the crisis opened, and those the logbook noted by itself."""
        opened = self._watch.opened
        if opened is None:
            return None
        limit = self._clock.monotonic() + _LOG_SECONDS
        while True:
            told = {fact.index for fact in self._watch.told_since(opened.fact)}
            noted = {line.fact for line in self._platform.logbook() if line.automatic}
            if told <= noted or self._clock.monotonic() > limit:
                return verdict.Counted(len(told & noted), len(told))
            self._clock.sleep(_TICK_SECONDS * 4)

    def _close(self) -> None:
        """Nothing is due any more."""

    # -- what was seen ------------------------------------------------------------------------

    def traces(self) -> Traces:
        """What the report draws and tells beside the measures."""
        return Traces(
            begun=self.begun,
            isolated=self.isolated,
            struck=self._strikes.struck,
            alarm=self._alarm(),
            opened=self._watch.opened,
            his=self._bedside.his,
            recovered=self._recovered,
            establishment=self._establishment,
        )

    def _observed(self) -> verdict.Observed:
        for work in (self._intrusion, self._recovery, self._binding):
            if work is not None:
                work.result()
        self._read_objects_back()
        strikes, seen = self._strikes, self._alarm()
        first, lost = strikes.first_byte, None
        if first is not None and seen is not None:
            lost = sum(when < seen.at for _, when in strikes.struck)
        if first is None:
            self._reasons["detect.seconds"] = "l'attaquant n'a rien chiffré"
        self._reasons |= self._recovered.reasons | self._bedside.reasons | self._bindery.reasons
        faults = self._recovered.order_faults(self._establishment)
        for fault in faults:
            self._stage.happened("Serveurs", fault, "failure")
        return verdict.Observed(
            first_byte=first,
            alarm_seen=seen.at if seen else None,
            files_lost=lost,
            attempts=len(self._outcomes),
            refused=sum(outcome.refused for outcome in self._outcomes),
            restored=self._recovered.compared,
            p0_seconds=self._recovered.p0_seconds,
            acknowledged_lost=self._acknowledged,
            messages=self._bedside.messages,
            messages_lost=self._bedside.messages_lost,
            census=self._bedside.census,
            kits=self._bedside.kits,
            first_file_seconds=self._bedside.first_file_seconds,
            crisis_seconds=self._crisis_seconds(),
            binder=self._bindery.judged,
            logged=self._logged,
            order_respected=not faults,
            reasons=self._reasons,
        )

    def _crisis_seconds(self) -> float | None:
        """From the durable alarm, or from the act of the person who opened it by hand."""
        opened, seen = self._watch.opened, self._alarm()
        began = self._asked or (seen.at if seen else None)
        if opened is None or began is None:
            return None
        return max(0.0, (opened.at - began).total_seconds())

    def _alarm(self) -> Seen | None:
        first = self._strikes.first_byte
        if first is None:
            return None
        names = frozenset(machine.name for machine in self.plan.machines)
        return self._watch.alarm(names, first)

    def _detection_is_over(self) -> bool:
        limit = self._scenario.backups.period_s + DETECT_MARGIN_S
        return self._clock.now() > self._first_strike() + timedelta(seconds=limit)

    @property
    def _servers(self) -> list[MachineName]:
        return [MachineName(server.name) for server in self._hospital.servers]

    def _first_strike(self) -> datetime:
        return self._strikes.first_byte or self._clock.now()

    @property
    def _strikes(self) -> Strikes:
        return Strikes(self._attack.lines() if self._attack else [])


def _tone(event: Event) -> Kind:
    if event.kind in ("attack", "intruder", "receiver-killed"):
        return "attack"
    return "act" if event.kind == "restore" else "info"
