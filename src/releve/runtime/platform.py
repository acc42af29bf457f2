"""The product as the drill's engine starts and sees it: real processes on one drill home."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from releve import __version__
from releve.drill.ports import Fact, FactValue
from releve.drill.simulator.attack import Launch
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


class ServiceDidNotStart(ReleveError):
    """Le service n'a pas démarré : {why}."""

    next_step = "Lisez les journaux de ce dossier : {log}."


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
        environment = {**os.environ, "RELEVE_TIED": "1"}
        environment.pop("RELEVE_GATE", None)
        if patches is not None:
            environment["PYTHONPATH"] = str(patches)
        command = [sys.executable, "-m", "releve.cli", "serve", "--home", str(self.home.path)]
        self._service = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
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
