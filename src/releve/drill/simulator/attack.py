"""Starting the attacker, and the folder it may touch.

:func:`make_ground` makes and marks the folder; :func:`start_attack` hands a descriptor of it to the
attacker, through the root parent when there is one (own user, empty network), else as the same user
in namespaces of its own where the kernel allows (the log's first line says which network it has).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from releve.drill.simulator import attacker
from releve.drill.simulator.attacker import Order
from releve.drill.simulator.plan import Plan
from releve.kernel.units import MIB

_MAX_BYTES = 64 * MIB


class Ended(Protocol):
    """A launched attacker; ``wait`` gives its exit status."""

    def wait(self) -> int: ...


class Launch(Protocol):
    """Ask the root parent for a launcher whose descriptors are 0, 1, then ``fds`` from 3 up.

    None = there is no root parent.
    """

    def __call__(
        self, kind: str, args: Sequence[str], *, stdin: int, stdout: int, fds: Sequence[int] = ()
    ) -> Ended | None: ...


@dataclass(frozen=True)
class Ground:
    """The folder this run made for its machines, and how the attacker will know it again."""

    path: Path
    nonce: str
    device: int
    inode: int
    owner: int


def make_ground(path: Path) -> Ground:
    """Make ``path`` (it must not exist) and mark it. Group-writable (0770): the attacker's own
    user reaches it by the group of the simulator's user, and by the descriptor only.
    """
    path.mkdir(mode=0o770)
    path.chmod(0o770)
    status = path.stat()
    ground = Ground(path, secrets.token_hex(16), status.st_dev, status.st_ino, status.st_uid)
    marker = path / attacker.MARKER
    marker.write_bytes(attacker.marker_text(ground.nonce, ground.device, ground.inode))
    marker.chmod(0o640)
    return ground


class RunningAttack:
    """The attack at work. ``log`` grows while it plays. Not thread-safe."""

    def __init__(self, log: Path, life: int, ended: Ended) -> None:
        self.log = log
        self._life: int | None = life
        self._ended = ended
        self._status: int | None = None

    def wait(self) -> int:
        """Wait for its own end: 0 done, 3 refused, 4 the engine left. May be asked again."""
        if self._status is None:
            self._status = self._ended.wait()
            self._let_go()
        return self._status

    def stop(self) -> int:
        """Close the life pipe: it ends at once. Nothing when it has ended."""
        self._let_go()
        return self.wait()

    def lines(self) -> list[dict[str, object]]:
        """Its own log so far."""
        return read_log(self.log)

    def _let_go(self) -> None:
        if self._life is not None:
            os.close(self._life)
            self._life = None


def start_attack(
    ground: Ground,
    plan: Plan,
    log: Path,
    *,
    launch: Launch | None = None,
    user: tuple[int, int] | None = None,
) -> RunningAttack:
    """Start it; ``log`` is created. ``user`` is the attacker's (uid, gid), needed with ``launch``.

    The folder is opened here, now: the attacker compares it with what ``ground`` recorded. The
    calling thread must outlive the attack (PR_SET_PDEATHSIG).
    """
    cut = launch is not None and user is not None
    with contextlib.ExitStack() as held, contextlib.ExitStack() as failed:
        folder = os.open(ground.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        held.callback(os.close, folder)
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        held.callback(os.close, out)
        (life, our_life), (stdin, our_order) = os.pipe(), os.pipe()
        for theirs, ours in ((life, our_life), (stdin, our_order)):
            held.callback(os.close, theirs)
            failed.callback(os.close, ours)
        ended: Ended | None = None
        if launch is not None and user is not None:
            args = [str(user[0]), str(user[1])]
            ended = launch("attacker", args, stdin=stdin, stdout=out, fds=(folder, out, life))
        if ended is None:
            cut = False
            ended = _start_here(stdin, (folder, out, life))
        failed.pop_all()
    _give(our_order, order_for(ground, plan, network_must_be_cut=cut).write())
    return RunningAttack(log, our_life, ended)


def order_for(ground: Ground, plan: Plan, *, network_must_be_cut: bool) -> Order:
    """The plan's attack on this folder; its caps are the plan's own size."""
    return Order(
        nonce=ground.nonce,
        device=ground.device,
        inode=ground.inode,
        owner=ground.owner,
        key=plan.key.hex(),
        files_per_s=plan.files_per_s,
        max_files=len(plan.strikes),
        max_bytes=_MAX_BYTES,
        network_must_be_cut=network_must_be_cut,
        targets=[(strike.path, strike.pattern) for strike in plan.strikes],
    )


def read_log(path: Path) -> list[dict[str, object]]:
    """The whole lines of an attacker's log; a line being written is left for the next reading."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [json.loads(line) for line in lines]


def first_byte(lines: Sequence[dict[str, object]]) -> str | None:
    """When the attacker wrote its first byte, by its own log (UTC, ISO); None = not yet."""
    return next((str(line["first_byte"]) for line in lines if line.get("first_byte")), None)


def struck(lines: Sequence[dict[str, object]], until: str | None = None) -> Iterator[str]:
    """Paths of the files it changed, those before ``until`` (same ISO form) when given."""
    for line in lines:
        if line["event"] == "after" and (until is None or str(line["first_byte"]) < until):
            yield str(line["path"])


def _start_here(stdin: int, fds: tuple[int, int, int]) -> subprocess.Popen[bytes]:
    """As the same user. The three descriptors must be exactly 3, 4 and 5 in the child."""
    numbers = ",".join(map(str, fds))
    command = [sys.executable, "-I", "-m", "releve.drill.simulator.seclude", numbers]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, pass_fds=fds)


def _give(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as pipe:
        pipe.write(data)
