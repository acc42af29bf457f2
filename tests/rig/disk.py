"""A disk whose power can be cut: the client of ``releve.runtime.launchers.rig``."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

_ANSWER_SECONDS = 60.0


class DiskAbsent(Exception):
    """No root, no loop device, no ext4: the text says what is missing, in French."""


class _Launcher(Protocol):
    def wait(self) -> int: ...


class Disk:
    """An ext4 of ``mib`` MiB mounted on ``folder/mnt``, whose root folder belongs to ``uid``.

    Needs root or a root parent; raises :class:`DiskAbsent` without. ``folder`` belongs to the
    caller. Everything is unmounted and freed on leaving, or when this process ends.
    """

    def __init__(self, folder: Path, uid: int, gid: int, *, mib: int = 256) -> None:
        if not Path("/dev/loop-control").exists():
            raise DiskAbsent("les périphériques de boucle manquent (/dev/loop-control)")
        self.mount = folder / "mnt"
        ours, theirs = socket.socketpair()
        ours.settimeout(_ANSWER_SECONDS)
        self._line = ours
        with theirs:
            launcher = _start(folder, theirs)
        if launcher is None:
            ours.close()
            raise DiskAbsent("il faut root, ou être lancé par ./run en root")
        self._launcher: _Launcher = launcher
        self._answers = ours.makefile("rb")
        image = str(folder / "disk")
        try:
            self._ask(do="make", image=image, mount=str(self.mount), mib=mib, uid=uid, gid=gid)
        except (OSError, RuntimeError) as why:
            self.close()
            raise DiskAbsent(f"le disque d'essai n'a pas pu être fait : {why}") from why

    def cut(self) -> None:
        """Power cut: what was not flushed is lost. Kill the writers first."""
        self._ask(do="cut")

    def remount(self) -> None:
        """The power comes back."""
        self._ask(do="remount")

    def close(self) -> None:
        """Unmount and free everything; waits until it is done."""
        self._line.shutdown(socket.SHUT_WR)
        self._answers.read()
        self._launcher.wait()
        self._answers.close()
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, **request: object) -> None:
        self._line.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self._answers.readline() or b'{"ok": false, "why": "lanceur fini"}')
        if not answer["ok"]:
            raise RuntimeError(answer["why"])


def _start(folder: Path, line: socket.socket) -> _Launcher | None:
    if os.geteuid() == 0:
        command = [sys.executable, "-I", "-m", "releve.runtime.launchers.rig", str(folder)]
        return subprocess.Popen(command, stdin=line.fileno(), stdout=line.fileno())
    try:
        from releve.runtime.gate import launch
    except ImportError:
        return None
    return launch("rig", [str(folder)], stdin=line.fileno(), stdout=line.fileno())
