"""Starting a writer, ending it, and asking its checker what is left."""

from __future__ import annotations

import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from releve.kernel.durable import fsync_folder
from tests.rig.contract import MUTANT_VARIABLE

_ROOT = Path(__file__).resolve().parents[2]
_FIRST_ACK_SECONDS = 30.0
_LOAD_SECONDS = (0.03, 0.35)
_BOUNDARY_SECONDS = 1.0
_CHECK_SECONDS = 120.0

#: System calls of each kind of boundary, and the highest number drawn (per thread of the writer).
BOUNDARIES: dict[str, tuple[str, int]] = {
    "écriture": ("write,pwrite64,writev,pwritev,pwritev2,sendto,ftruncate", 120),
    "fsync": ("fsync,fdatasync", 50),
    "nom": ("rename,renameat,renameat2,link,linkat,unlink,unlinkat", 25),
}


@dataclass(frozen=True)
class Boundary:
    """Kill at the ``number``-th call of this family."""

    family: str
    number: int

    @classmethod
    def draw(cls, chance: random.Random) -> Boundary:
        """Low numbers are as likely as high ones are together: starting up has boundaries too."""
        family = chance.choice(sorted(BOUNDARIES))
        return cls(family, int(BOUNDARIES[family][1] ** chance.random()))


@dataclass(frozen=True)
class Writer:
    """A module of ``tests/rig/writers`` and the user its processes run as (None: ours)."""

    name: str
    mutant: bool
    scratch: Path
    user: pwd.struct_passwd | None

    @property
    def uid(self) -> int:
        return self.user.pw_uid if self.user else os.getuid()

    @property
    def gid(self) -> int:
        return self.user.pw_gid if self.user else os.getgid()

    def make_folder(self, path: Path) -> None:
        """A folder of this writer's, surely on the disk before it starts."""
        path.mkdir(mode=0o755)
        os.chown(path, self.uid, self.gid)
        fsync_folder(path)
        fsync_folder(path.parent)

    def command(self, *arguments: str, boundary: Boundary | None = None) -> list[str]:
        """Without root, dying with the rig; under strace when a boundary is to kill it."""
        drop = ["setpriv", "--pdeathsig", "KILL"]
        if self.user:
            drop += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        traced: list[str] = []
        if boundary:
            calls = BOUNDARIES[boundary.family][0]
            kill = f"inject={calls}:signal=KILL:when={boundary.number}"
            traced = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", kill]
        module = f"tests.rig.writers.{self.name}"
        return [*drop, "--", *traced, sys.executable, "-m", module, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        paths = [str(_ROOT / "src"), str(_ROOT)]
        environment = {k: v for k, v in os.environ.items() if k != "RELEVE_GATE"}
        if self.mutant:
            paths.insert(0, str(_ROOT / "tests/rig/without_fsync"))
            environment[MUTANT_VARIABLE] = "1"
        scratch = str(self.scratch)
        return environment | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": scratch,
            "TMPDIR": scratch,
            "XDG_CACHE_HOME": scratch,
        }


@dataclass
class Folder:
    """What a writer works in, for a few lives, and all that it acknowledged there."""

    path: Path
    lives: int
    acknowledged: set[str] = field(default_factory=set)
    #: Already counted: a later check of the same folder counts only what is new.
    lost: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)

    def remove(self) -> None:
        """Remove it so that a power cut does not bring it back."""
        shutil.rmtree(self.path, ignore_errors=True)
        fsync_folder(self.path.parent)


class CheckFailed(Exception):
    """The product could not reopen what was left; the text is the end of what it said."""


def live(
    writer: Writer, folder: Folder, seed: int, chance: random.Random, *, at_boundary: bool
) -> set[str]:
    """One life, ended by kill -9; returns what it acknowledged."""
    boundary = Boundary.draw(chance) if at_boundary else None
    load = _BOUNDARY_SECONDS if boundary else chance.uniform(*_LOAD_SECONDS)
    acks = writer.scratch / "acks"
    with (
        open(acks, "wb", buffering=0) as output,
        _group(
            writer,
            writer.command("work", str(folder.path), str(seed), boundary=boundary),
            output.fileno(),
        ) as process,
    ):
        _wait(process, _FIRST_ACK_SECONDS, acks)
        _wait(process, load)
    whole = acks.read_bytes().rpartition(b"\n")[0].decode()
    return {line[4:] for line in whole.splitlines() if line.startswith("ack ")}


def check(writer: Writer, folder: Folder) -> Mapping[str, int]:
    """What the product finds in the folder; raises :class:`CheckFailed`."""
    done = subprocess.run(
        writer.command("check", str(folder.path)),
        cwd=_ROOT,
        env=writer.environment,
        capture_output=True,
        text=True,
        timeout=_CHECK_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise CheckFailed(done.stderr.strip()[-600:] or f"code {done.returncode}")
    return Counter(json.loads(done.stdout))


@contextmanager
def _group(writer: Writer, command: list[str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """The writer in its own process group, killed whole on leaving."""
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env=writer.environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], seconds: float, acks: Path | None = None) -> None:
    """Until the process ends, or this time, or the first acknowledgement when ``acks`` is given."""
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        if acks is not None and acks.stat().st_size:
            return
        time.sleep(0.004)
