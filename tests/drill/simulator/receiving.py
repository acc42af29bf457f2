"""The product's real receiver on a drill home, for tests of what stands before it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from releve.drill.simulator.processes import SOURCES
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.ids import machine_name
from releve.kernel.world import World
from releve.vault.enrolment import enrol
from releve.vault.restic import Restic


@dataclass
class Receiving:
    """A receiver process; machines are enrolled while it runs."""

    home: Home
    process: subprocess.Popen[str]
    url: str

    @property
    def storage(self) -> Path:
        return self.home.path / "vault/repos"

    def enrol(self, name: str) -> dict[str, str]:
        restic = Restic(World.DRILL, self.home.path)
        enrolment = enrol(self.home, machine_name(name), SystemClock().now(), restic)
        return enrolment.environment(int(self.url.strip("/").rpartition(":")[2]))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def start_receiver(folder: Path) -> Receiving:
    """Born a drill, listening on a free port."""
    home = birth(folder, World.DRILL, SystemClock().now())
    process = subprocess.Popen(
        [sys.executable, "-m", "releve.runtime.receiver", "--home", str(home.path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    return Receiving(home, process, ready["endpoints"]["receiver"])
