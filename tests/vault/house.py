"""The vault's real processes on a drill home, and an unmodified restic in front of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.ids import MachineName, machine_name
from releve.kernel.world import World
from releve.vault.enrolment import enrol
from releve.vault.restic import Restic
from releve.vault.state import MachineState, read_state

PATIENCE = 20.0


def drill_home(path: Path, central: Path | None = None) -> Home:
    """A new drill home; ``central`` = another's, whose central repository is taken over: making
    one costs three seconds.
    """
    home = birth(path, World.DRILL, SystemClock().now())
    if central is not None:
        for part in ("vault/central", "secrets/worker/central"):
            shutil.copytree(central / part, home.path / part)
    return home


def until(condition: Callable[[], Any], what: str) -> Any:
    """Poll until ``condition`` is true and return its value; fails after ``PATIENCE`` seconds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"jamais vu : {what}")


class House:
    """Receiver and worker of one home; the listening socket outlives a killed receiver."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._socket.getsockname()[1])
        self.parts: dict[str, subprocess.Popen[str]] = {}

    def start(self, name: str) -> None:
        """Start a part and wait until it says it is ready."""
        command = [sys.executable, "-m", f"releve.runtime.{name}", "--home", str(self.home.path)]
        handed: tuple[int, ...] = ()
        if name == "receiver":
            handed = (self._socket.fileno(),)
            command += ["--fd", str(self._socket.fileno())]
        part = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, pass_fds=handed, start_new_session=True
        )
        self.parts[name] = part
        if part.stdout is None or json.loads(part.stdout.readline())["ready"] != name:
            raise AssertionError(f"{name} n'est pas prêt")

    def kill(self, name: str) -> None:
        """SIGKILL, as a power cut would."""
        part = self.parts.pop(name)
        part.kill()
        part.communicate()

    def close(self) -> None:
        """Stop every part."""
        for part in self.parts.values():
            part.terminate()
        for part in self.parts.values():
            part.communicate(timeout=PATIENCE)
        self._socket.close()

    def enrol(self, name: str) -> Machine:
        """Enrol a machine; its documents and its cache lie beside the home."""
        folder = self.home.path.parent / name
        restic = Restic(self.home.world, self.home.path)
        machine = machine_name(name)
        done = enrol(self.home, machine, SystemClock().now(), restic)
        return Machine(self, machine, done.environment(self.port), folder)


class Machine:
    """One enrolled workstation."""

    def __init__(
        self, house: House, name: MachineName, environment: dict[str, str], folder: Path
    ) -> None:
        self.house = house
        self.name = name
        self.environment = environment
        self.files = folder / "documents"
        self.files.mkdir(parents=True)
        self._cache = folder / "cache"

    @property
    def base(self) -> str:
        """The repository's address without credentials."""
        return f"http://127.0.0.1:{self.house.port}/{self.name}/"

    @property
    def auth(self) -> tuple[str, str]:
        """The credential, stolen or not."""
        found = re.search(r"//([^:]+):([^@]+)@", self.environment["RESTIC_REPOSITORY"])
        assert found
        return found.group(1), found.group(2)

    def client(self) -> httpx.Client:
        """HTTP with this machine's credential."""
        return httpx.Client(base_url=self.base, auth=self.auth, timeout=PATIENCE)

    def restic(
        self,
        *arguments: str,
        binary: str = "restic",
        repository: Path | None = None,
        seconds: int = 0,
    ) -> subprocess.CompletedProcess[str]:
        """Run restic as the machine would; ended after so many ``seconds`` when told."""
        environment = {
            "PATH": os.environ["PATH"],
            "XDG_CACHE_HOME": str(self._cache),
            **self.environment,
        }
        if repository is not None:
            environment["RESTIC_REPOSITORY"] = str(repository)
        limit = ["timeout", str(seconds)] if seconds else []
        return subprocess.run(
            [*limit, binary, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def backup(self, *arguments: str, binary: str = "restic") -> str:
        """Back up the documents; returns the first digits of the snapshot's id."""
        done = self.restic("backup", "--json", *arguments, str(self.files), binary=binary)
        assert done.returncode == 0, done.stderr
        summary = json.loads(done.stdout.splitlines()[-1])
        return str(summary["snapshot_id"])

    def state(self) -> MachineState:
        """What the worker has written of it."""
        state = read_state(self.house.home.path, self.name)
        assert state is not None
        return state

    def judged(self, snapshot: str) -> MachineState:
        """Wait until the worker has concluded on a snapshot."""

        def concluded() -> MachineState | None:
            state = read_state(self.house.home.path, self.name)
            found = state and any(line.id.startswith(snapshot) for line in state.snapshots)
            return state if found else None

        state = until(concluded, f"un verdict sur {snapshot}")
        assert isinstance(state, MachineState)
        return state


@contextmanager
def open_house(path: Path, central: Path, *parts: str) -> Iterator[House]:
    """A new drill home with these parts running."""
    house = House(drill_home(path, central))
    try:
        for part in parts:
            house.start(part)
        yield house
    finally:
        house.close()


def tree(folder: Path) -> dict[str, bytes]:
    """Relative path → bytes of every file below ``folder``."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
