"""Which parts live, and how often each was started: ``HOME/run/parts/<name>``, whoever started it.

A part holds its file under flock while it lives; a reader that could take the lock knows it is
dead. Nothing durable: a count that begins again is no loss.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.durable import creation_mode, make_folder
from releve.kernel.home import Home

_TRIES, _TRY_SECONDS = 20, 0.01
#: Kept open, and so locked, for the life of the process.
_held: list[int] = []


@dataclass(frozen=True)
class Life:
    """``starts`` counts every start since this file was made."""

    alive: bool
    starts: int
    pid: int


def mark_alive(home: Home, name: str) -> None:
    """Say that ``name`` lives in this process, until it ends."""
    folder = home.run / "parts"
    make_folder(folder)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(folder / name, flags, creation_mode(folder, 0o600))
    if not _taken(descriptor):  # another one lives: this one is about to be refused by its own lock
        os.close(descriptor)
        return
    starts = _decoded(os.pread(descriptor, 256, 0)).get("starts", 0) + 1
    said = json.dumps({"pid": os.getpid(), "starts": starts}).encode()
    os.pwrite(descriptor, said, 0)
    os.ftruncate(descriptor, len(said))
    _held.append(descriptor)


def _taken(descriptor: int) -> bool:
    """The lock, unless another life holds it; a reader holds it for an instant only."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(_TRY_SECONDS)
    return False


def lives(home: Home) -> dict[str, Life]:
    """Every part ever started in this home, by name."""
    folder = home.run / "parts"
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    found = {}
    for name in names:
        with suppress(FileNotFoundError):
            found[name] = _life(folder / name)
    return found


def _life(path: Path) -> Life:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        said = _decoded(os.pread(descriptor, 256, 0))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            alive = False
        except BlockingIOError:
            alive = True
    finally:
        os.close(descriptor)
    return Life(alive, said.get("starts", 0), said.get("pid", 0))


def _decoded(said: bytes) -> dict[str, int]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if isinstance(v, int)} if isinstance(found, dict) else {}
