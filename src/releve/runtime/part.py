"""What every supervised process does first: know its home, die with its supervisor, say « ready ».

A part is ``python -m releve.runtime.<name> --home DIR [--fd N]``. The supervisor binds the
listening sockets and hands them down (``--fd``), so a part that is killed comes back on the same
port and no caller is refused meanwhile. A part prints one JSON line once it can serve:
``{"ready": "receiver", "endpoints": {"receiver": "http://127.0.0.1:40123/"}}``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.errors import ReleveError
from releve.kernel.home import Home, read
from releve.kernel.lifeline import die_with_parent


@dataclass(frozen=True)
class Part:
    """A supervised process: its name, its home, the listening socket it was handed (or None)."""

    name: str
    home: Home
    fd: int | None
    #: Listening sockets that speak TLS.
    tls_fds: tuple[int, ...] = ()

    def ready(self, **endpoints: str) -> None:
        """Tell the supervisor that this part serves, and where."""
        sys.stdout.write(json.dumps({"ready": self.name, "endpoints": endpoints}) + "\n")
        sys.stdout.flush()


def run(name: str, body: Callable[[Part], None]) -> None:
    """The life of a part: ``body`` serves until told to stop; an error it raises is said on the
    error output, with what to do, and ends the process with its status.
    """
    part = start(name)
    try:
        body(part)
    except ReleveError as error:
        sys.stderr.write(f"{error}\n{error.remedy}\n")
        sys.exit(error.exit_code)


def start(name: str) -> Part:
    """Read the part's arguments, tie its life to its parent's, and return what it needs."""
    die_with_parent()
    parser = argparse.ArgumentParser(prog=f"releve.runtime.{name}")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--fd", type=int)
    parser.add_argument("--tls-fd", type=int, action="append", default=[])
    arguments = parser.parse_args()
    os.environ["RELEVE_HOME"] = str(arguments.home)
    return Part(name, read(arguments.home), arguments.fd, tuple(arguments.tls_fd))
