"""How the simulator starts a program of its own and speaks with it: JSON lines both ways.

Each child ends when its standard input is closed, so it dies with the engine, however the engine
dies. (PR_SET_PDEATHSIG follows the starting *thread*; the pipe follows the process.)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import releve
from releve.kernel import lifeline

#: Where the package lies, so that children find it whatever the working directory.
SOURCES = Path(releve.__file__).parents[1]


def die_with_parent() -> None:
    """Be killed when the parent ends; meant for ``preexec_fn``."""
    lifeline.die_with_parent(signal.SIGKILL)


class Child:
    """``python -m MODULE`` with JSON lines on its standard input and output."""

    def __init__(
        self, module: str, arguments: Sequence[str] = (), *, pass_fds: Sequence[int] = ()
    ) -> None:
        self.module = module
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            pass_fds=pass_fds,
        )
        self._in = cast("IO[bytes]", self.process.stdin)
        self._out = cast("IO[bytes]", self.process.stdout)

    def send(self, order: Mapping[str, object]) -> None:
        """Give one order; a child that is gone is not an error (its end is seen elsewhere)."""
        try:
            self._in.write(json.dumps(order).encode() + b"\n")
            self._in.flush()
        except (BrokenPipeError, ValueError):
            return

    def read(self) -> dict[str, object] | None:
        """The next line it says; None once it has ended. Blocks."""
        line = self._out.readline()
        if not line:
            return None
        said: dict[str, object] = json.loads(line)
        return said

    def stop(self, timeout: float = 5) -> int:
        """Close its input, then SIGTERM, then SIGKILL; returns its exit status."""
        for end in (self._close_input, self.process.terminate, self.process.kill):
            end()
            try:
                status = self.process.wait(timeout)
                self._out.close()
                return status
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError("unreachable: SIGKILL ends a process")

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _close_input(self) -> None:
        try:
            self._in.close()
        except BrokenPipeError:
            return


def ignore_ctrl_c() -> None:
    """In a child: the terminal's Ctrl-C is the engine's business, which then closes our input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def say(**fields: object) -> None:
    """One JSON line on standard output, at once."""
    sys.stdout.write(json.dumps(fields, ensure_ascii=False) + "\n")
    sys.stdout.flush()
