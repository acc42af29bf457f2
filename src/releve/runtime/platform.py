"""The product as the drill's engine starts and sees it: real processes on one drill home."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from releve import __version__
from releve.care.intake import Kept, read_kept
from releve.care.kit import open_kit, window_of
from releve.care.kit.errors import KitsNotBuilt
from releve.care.kit.script import built_script
from releve.care.kit.shelf import kits_folder
from releve.care.views import Views, views_path
from releve.drill.ports import Binder, Fact, FactValue, LogLine, Order, Placed, Step
from releve.drill.simulator.attack import Launch
from releve.establishment import load
from releve.kernel.clock import Clock
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.ids import Finess, MachineName
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Place, Tool, export
from releve.runtime import gate
from releve.runtime.ledger import open_ledger, read_entries, read_published
from releve.runtime.settings import receiver_port
from releve.vault.enrolment import enrol
from releve.vault.restic import Restic
from releve.vault.restored import last_restored

_CODE = re.compile(r"code\s+([A-Z0-9]+(?:-[A-Z0-9]+)+)")
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_VERB_SECONDS = 60.0
#: A binder with every patient, on a machine that an exercise keeps busy.
_BINDER_SECONDS = 240.0


class ServiceDidNotStart(ReleveError):
    """Le service n'a pas démarré : {why}."""

    next_step = "Lisez les journaux de ce dossier : {log}."


class VerbFailed(ReleveError):
    """Le verbe « {verb} » n'a pas rendu de chiffres : {why}."""

    next_step = "Lancez-le vous-même sur ce dossier pour lire ce qu'il dit."


class NoKit(ReleveError):
    """Aucun kit n'a été fait pour le service {ward}."""

    next_step = "Faites-en un : ./run care kit --ward {ward}"


class HomePlatform:
    """Implements ``releve.drill.ports.Platform`` on a drill home."""

    def __init__(self, home: Home, finess: Finess, clock: Clock) -> None:
        home.check_world(World.DRILL)
        home.check_finess(finess)
        self.home = home
        self._finess = finess
        self._clock = clock
        self._service: subprocess.Popen[str] | None = None
        self._said: list[str] = []
        self._serving = threading.Event()
        self._numbers = 0
        self._recording = threading.Lock()
        self._environment = {**os.environ, "RELEVE_TIED": "1"}
        self._environment.pop("RELEVE_GATE", None)

    @property
    def launch(self) -> Launch | None:
        """The root parent's launcher, when the program was started by root."""
        return gate.launch if "RELEVE_GATE" in os.environ else None

    @property
    def attacker(self) -> tuple[int, int] | None:
        """The attacker's own user, in the group that the machines' folder is open to."""
        name = os.environ.get("RELEVE_ATTACKER")
        return (pwd.getpwnam(name).pw_uid, os.getgid()) if name else None

    def start(self, patches: Path | None) -> None:
        """Start ``serve`` and wait until every part says it serves."""
        if patches is not None:
            self._environment["PYTHONPATH"] = str(patches)
        command = [sys.executable, "-m", "releve.cli", "serve", "--home", str(self.home.path)]
        self._service = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._service,), daemon=True).start()
        if not self._serving.wait(_START_SECONDS) or self._service.poll() is not None:
            why = " / ".join(self._said[-3:]) or "il n'a rien dit"
            raise ServiceDidNotStart(why=why, log=self.home.path / "log")

    def address(self, part: str) -> str:
        """From ``endpoints.json``, as anybody would read it."""
        endpoints = json.loads((self.home.run / "endpoints.json").read_text("utf-8"))
        return str(endpoints[part])

    def first_access_code(self) -> str:
        """The code of the console line « Premier administrateur… »."""
        for line in self._said:
            found = _CODE.search(line)
            if line.startswith("Premier administrateur") and found:
                return found.group(1)
        raise ServiceDidNotStart(why="aucun code de premier accès", log=self.home.path / "log")

    def enrol(self, machine: MachineName) -> dict[str, str]:
        """What the verb prints, as an environment."""
        restic = Restic(self.home.world, self.home.path)
        enrolment = enrol(self.home, machine, self._clock.now(), restic)
        lines = enrolment.shell_lines(receiver_port(self.home))
        split = (line.partition("=") for line in lines)
        return {name: shlex.split(value)[0] for name, _, value in split}

    def pid(self, part: str) -> int:
        """The process of a part, now."""
        return int(json.loads((self.home.run / "parts.json").read_text("utf-8"))[part]["pid"])

    def storage(self) -> Path:
        """Where the receiver keeps the machines' repositories."""
        return self.home.path / "vault/repos"

    def restored(self, machine: MachineName) -> Path | None:
        """The folder of the last finished restore of this machine."""
        return last_restored(self.home, machine)

    def facts(self, start: int = 0) -> Sequence[Fact]:
        """Read back from the ledger's journal."""
        return [_fact(index, evidence) for index, evidence in read_entries(self.home, start)]

    def record(
        self,
        kind: str,
        what: str,
        *,
        system: str,
        value: FactValue,
        unit: str | None,
        detail: Mapping[str, FactValue] | None = None,
    ) -> int:
        """Append « simulé », through the running signer."""
        with self._recording, open_ledger(self.home) as ledger:
            self._numbers += 1
            evidence = Evidence(
                what=what,
                when=self._clock.now(),
                system=system,
                value=value,
                unit=unit,
                tool=Tool("releve drill", __version__),
                finess=self._finess,
                reality=Reality.SIMULATED,
                kind=kind,
                origin="drill",
                number=self._numbers,
                detail=detail or {},
            )
            return ledger.append(evidence)

    def load_establishment(self, folder: Path) -> None:
        """As the verb does."""
        load(self.home, folder, self._clock.now())

    def recovery_order(self, lost: Sequence[str], closed: Mapping[str, str]) -> Order:
        """What the verb prints, in a process of its own, for two teams."""
        asked = [part for node in lost for part in ("--lost", node)]
        asked += [part for gate, who in closed.items() for part in ("--closed", f"{gate}={who}")]
        told = self._verb("establishment", "plan", "--teams", "2", *asked)
        return Order(
            steps=[
                Step(step["node"], step["start_minutes"], step["end_minutes"], step["why"])
                for step in told["steps"]
            ],
            gates=[
                gate["name"]
                for gate in told["gates"]
                if not gate["closed_by"] and gate["opens_minutes"] == 0
            ],
            waiting=[waiting["node"] for waiting in told["waiting"]],
        )

    def readable_messages(self) -> frozenset[str]:
        """Deciphered from the journal, as a rebuild of the views would."""
        kept = (record for record in read_kept(self.home) if isinstance(record, Kept))
        return frozenset(hashlib.sha256(record.raw).hexdigest() for record in kept)

    def census(self) -> Sequence[Placed]:
        """From the views that the pages read."""
        path = views_path(self.home)
        if not path.exists():
            return ()
        with closing(Views(path)) as views:
            now = self._clock.now()
            return [
                Placed(row.ipp, row.name, line.code, row.room, row.bed)
                for line in views.wards()
                for row in views.census(line.code, now)
            ]

    def kits_missing(self) -> str | None:
        """« kits non construits : … », or None."""
        try:
            built_script()
        except KitsNotBuilt as error:
            return str(error)
        return None

    def kits(self) -> Path:
        """Where anybody copies them from."""
        return kits_folder(self.home) / "published"

    def kit_code(self, ward: str) -> str:
        """What the verb prints for the sealed card."""
        window = window_of(self.home, ward)
        if window is None or window.code is None:
            raise NoKit(ward=ward)
        return window.code

    def open_kit(self, kit: Path, code: str) -> Sequence[Placed]:
        """What ``care open`` reads, with no home."""
        sheet = open_kit(kit, code)
        return [
            Placed(
                one.traits.ipp,
                one.traits.name,
                sheet.ward,
                one.stay.room if one.stay else "",
                one.stay.bed if one.stay else "",
            )
            for one in sheet.patients
        ]

    def logbook(self) -> Sequence[LogLine]:
        """What the verb prints."""
        told = self._verb("incident", "show")
        return [
            LogLine(line["number"], line["text"], line["nature"] == "automatique", line["proof"])
            for line in told["lines"]
        ]

    def bind(self, folder: Path, wards: Sequence[str]) -> Binder:
        """What the verb prints, in a process of its own."""
        words = ["incident", "binder", str(folder), "--own-census"]
        words += [f"--ward={ward}" for ward in wards]
        told = self._verb(*words, seconds=_BINDER_SECONDS)
        return Binder(told["pages"], [each["what"] for each in told["missing"]])

    def lose_patient_stores(self) -> None:
        """After ``stop``: messages, views, kits and their keys."""
        self.stop()
        for folder in (self.home.path / "care", self.home.secrets("care")):
            shutil.rmtree(folder, ignore_errors=True)

    def anchor(self) -> str:
        """The public key text of this home's ledger."""
        return Place(self.home).public_key().text

    def published(self) -> Path:
        """Have every entry so far put under a signed checkpoint; where the log lies."""
        count = sum(1 for _ in read_entries(self.home))
        read_published(self.home, at_least=count)
        return Place(self.home).log

    def export(self, folder: Path) -> None:
        """What ``ledger export`` writes."""
        export(self.home, folder)

    def stop(self) -> None:
        """SIGTERM to the supervisor, which stops its parts; SIGKILL when it does not."""
        service, self._service = self._service, None
        if service is None:
            return
        service.send_signal(signal.SIGTERM)
        try:
            service.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(service.pid, signal.SIGKILL)
            service.wait()

    def _verb(self, *words: str, seconds: float = _VERB_SECONDS) -> dict[str, Any]:
        """A verb on this home, and the figures it prints; raises :class:`VerbFailed`."""
        command = [sys.executable, "-m", "releve.cli", *words]
        command += ["--home", str(self.home.path), "--json", "-"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=self._environment,
            timeout=seconds,
            check=False,
        )
        try:
            figures: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            why = done.stderr.strip()[-400:] or f"sortie {done.returncode}"
            raise VerbFailed(verb=" ".join(words[:2]), why=why) from error
        return figures

    def _listen(self, service: subprocess.Popen[str]) -> None:
        if service.stderr is not None:
            for line in service.stderr:
                self._said.append(line.rstrip())
                if line.startswith("En service"):
                    self._serving.set()
        self._serving.set()


def _fact(index: int, evidence: Evidence) -> Fact:
    return Fact(
        index,
        evidence.kind,
        evidence.what,
        evidence.system,
        evidence.when,
        evidence.value,
        evidence.unit,
        evidence.detail,
    )
