"""A machine of the simulated hospital: its folder, what people do in it, its backups.

``python -m releve.drill.simulator.workstation``. First line on standard input: an :class:`Order`;
then ``{"do": "backup"}`` (one at once) or ``{"do": "stop"}``. It ends on SIGTERM and when its input
is closed. It says JSON lines: ``ready``, ``edit``, ``edit-skipped``, ``backup-started``,
``backup``, ``stopped``. Before each backup it applies the benign edits of that slot, runs the
machine's own preparation commands (a database dumps itself), takes the hash of every file, and
only then starts the unmodified restic. Standard library only: nine of them start in a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

from releve.drill.simulator.processes import Child, die_with_parent, ignore_ctrl_c, say
from releve.kernel.clock import SystemClock, iso

_CLOCK = SystemClock()


@dataclass(frozen=True)
class PlannedEdit:
    """``source`` holds the new bytes; ``before`` is the SHA-256 expected there (None = absent)."""

    slot: int
    path: str
    before: str | None
    source: str


@dataclass(frozen=True)
class Order:
    """All a machine knows. ``origin`` is the engine's ``time.monotonic()`` at the story's start
    (one counter per machine, shared by its processes); the first backup is ``first_s`` after it.
    """

    name: str
    folder: str
    #: The lines given at enrolment, and nothing else: RESTIC_REPOSITORY, RESTIC_PASSWORD…
    environment: dict[str, str]
    cache: str
    origin: float
    first_s: float
    period_s: float
    backups: int
    #: A backup longer than this is ended.
    limit_s: float = 60
    edits: list[PlannedEdit] = field(default_factory=list)
    #: Commands run before each backup, ``{slot}`` replaced by its number.
    preparation: list[list[str]] = field(default_factory=list)
    restic: str = "restic"

    def write(self) -> dict[str, object]:
        """As it goes through the pipe."""
        return asdict(self)

    @classmethod
    def read(cls, line: str) -> Order:
        """The inverse of :meth:`write`."""
        fields = json.loads(line)
        fields["edits"] = [PlannedEdit(**edit) for edit in fields["edits"]]
        return cls(**fields)


def start(order: Order) -> Child:
    """Start a machine; its first line is ``{"event": "ready"}``."""
    child = Child("releve.drill.simulator.workstation")
    child.send(order.write())
    return child


def manifest(folder: Path) -> dict[str, str]:
    """SHA-256 of every regular file below ``folder``, by its path with ``/``. Links are not
    followed; a file that vanishes meanwhile is left out.
    """
    found = {}
    for path in sorted(_files(folder)):
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
            found[str(path.relative_to(folder))] = digest.hexdigest()
        except FileNotFoundError:
            continue
    return found


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path


class Machine:
    """The loop: one thread, waiting on orders, on the next hour and on the running backup."""

    def __init__(self, order: Order, orders: int) -> None:
        self.order = order
        self._orders = orders
        self._folder = Path(order.folder)
        self._slot = 0
        self._asked = 0
        self._running: subprocess.Popen[bytes] | None = None
        self._pending = b""

    def run(self) -> None:
        """Serve until told to stop; the running backup is ended first."""
        say(event="ready", machine=self.order.name)
        while self._listen(self._wait_s()):
            if self._asked or self._due():
                self._asked = max(0, self._asked - 1)
                if not self._backup():
                    break
        say(event="stopped", machine=self.order.name)

    def _due(self) -> bool:
        return self._slot < self.order.backups and self._wait_s() <= 0

    def _wait_s(self) -> float:
        if self._slot >= self.order.backups:
            return 3600
        at = self.order.origin + self.order.first_s + self._slot * self.order.period_s
        return max(0.0, at - _CLOCK.monotonic())

    def _listen(self, wait: float, *also: int) -> bool:
        """Read orders for at most ``wait`` seconds; False once told to stop."""
        with selectors.DefaultSelector() as selector:
            for descriptor in (self._orders, *also):
                selector.register(descriptor, selectors.EVENT_READ)
            ready = [key.fd for key, _ in selector.select(wait)]
        if self._orders not in ready:
            return True
        data = os.read(self._orders, 65536)
        *lines, self._pending = (self._pending + data).split(b"\n")
        orders = [json.loads(line)["do"] for line in lines]
        self._asked += orders.count("backup")
        return bool(data) and "stop" not in orders

    def _backup(self) -> bool:
        slot, self._slot = self._slot, self._slot + 1
        started = iso(_CLOCK.now())
        self._edit(slot)
        facts = self._prepare(slot)
        before = manifest(self._folder)
        say(event="backup-started", machine=self.order.name, slot=slot, at=started)
        command = [self.order.restic, "backup", "--json", "--host", self.order.name, "."]
        going, out, error = self._restic(command)
        summary = _summary(out)
        say(
            event="backup",
            machine=self.order.name,
            slot=slot,
            started=started,
            ended=iso(_CLOCK.now()),
            ok=error is None and summary is not None,
            snapshot=(summary or {}).get("snapshot_id"),
            error=error,
            facts=facts,
            manifest=before,
        )
        return going

    def _restic(self, command: list[str]) -> tuple[bool, bytes, str | None]:
        """Run restic to its end, its limit or ours: (go on, what it printed, what went wrong)."""
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": self.order.cache,
            "RESTIC_CACHE_DIR": self.order.cache,
            "RESTIC_PROGRESS_FPS": "0.1",
            **self.order.environment,
        }
        out = Path(self.order.cache) / "restic.out"
        err = Path(self.order.cache) / "restic.err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            self._running = subprocess.Popen(  # one thread here, so preexec_fn is safe
                command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                preexec_fn=die_with_parent,
            )
            going, timely = self._await(self._running)
        status, self._running = self._running.wait(), None
        error = None
        if not timely:
            error = f"sauvegarde arrêtée après {self.order.limit_s:g} s"
        elif status != 0:
            error = err.read_text("utf-8", "replace")[-600:].strip() or f"restic : {status}"
        return going, out.read_bytes(), error

    def _await(self, process: subprocess.Popen[bytes]) -> tuple[bool, bool]:
        deadline = _CLOCK.monotonic() + self.order.limit_s
        end = os.pidfd_open(process.pid)
        try:
            while process.poll() is None:
                left = deadline - _CLOCK.monotonic()
                going = self._listen(left, end) if left > 0 else True
                if not going or left <= 0:
                    process.kill()
                    process.wait()
                    return going, left > 0
        finally:
            os.close(end)
        return True, True

    def _prepare(self, slot: int) -> list[str]:
        said = []
        for command in self.order.preparation:
            ready = [word.replace("{slot}", str(slot)) for word in command]
            done = subprocess.run(ready, capture_output=True, text=True, check=False, timeout=30)
            said.append((done.stdout if done.returncode == 0 else done.stderr).strip())
        return said

    def _edit(self, slot: int) -> None:
        """People only save over what they could open: an encrypted file is left as it is."""
        for edit in self.order.edits:
            if edit.slot != slot:
                continue
            path = self._folder / edit.path
            now = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
            if now != edit.before:
                say(event="edit-skipped", machine=self.order.name, slot=slot, path=edit.path)
                continue
            path.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
            # in place, as the programs of a ward do: the file keeps its owner and its rights
            path.write_bytes(Path(edit.source).read_bytes())
            path.chmod(0o660)
            say(event="edit", machine=self.order.name, slot=slot, path=edit.path)


def _summary(out: bytes) -> dict[str, object] | None:
    for line in reversed(out.splitlines()):
        if b'"summary"' in line:
            found: dict[str, object] = json.loads(line)
            return found
    return None


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Entry point of the process."""
    ignore_ctrl_c()
    signal.signal(signal.SIGTERM, _stop)
    first = b""
    while not first.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        first += byte
    order = Order.read(first.decode())
    Path(order.cache).mkdir(mode=0o700, parents=True, exist_ok=True)
    Machine(order, 0).run()


if __name__ == "__main__":
    main()
