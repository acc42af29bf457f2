"""What every supervised process does first: know its home, die with its supervisor, say « ready ».

A part is ``python -m releve.runtime.<name> --home DIR [--fd N]``. The supervisor binds the
listening sockets and hands them down (``--fd``), so a part that is killed comes back on the same
port and no caller is refused meanwhile; in an installed home systemd does (``LISTEN_FDS``,
sd_listen_fds(3)), under
the names of ``runtime.units``: ``<name>-tls`` for every socket that speaks TLS. A part prints one
JSON line once it can serve:
``{"ready": "receiver", "endpoints": {"receiver": "http://127.0.0.1:40123/"}}``.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from releve.kernel.errors import ReleveError
from releve.kernel.home import Home, read
from releve.kernel.lifeline import die_with_parent
from releve.runtime.lives import mark_alive

_FIRST_HANDED = 3


@dataclass(frozen=True)
class Part:
    """A supervised process: its name, its home, the listening socket it was handed (or None)."""

    name: str
    home: Home
    fd: int | None
    #: Listening sockets that speak TLS.
    tls_fds: tuple[int, ...] = ()
    #: Further sockets it was handed, by name.
    others: Mapping[str, int] = field(default_factory=dict)

    def handed(self, name: str) -> socket.socket | None:
        """The socket handed under ``name``; None when this process binds it by itself."""
        number = self.others.get(name)
        return None if number is None else socket.socket(fileno=number)

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
    home = read(arguments.home)
    mark_alive(home, name)
    given = _activated()
    secured = [number for each, number in given if each == secured_name(name)]
    handed = {each: number for each, number in given if each != secured_name(name)}
    main = handed.pop(name, arguments.fd)
    return Part(name, home, main, (*arguments.tls_fd, *secured), handed)


def secured_name(part: str) -> str:
    """The name, shared by them all, of the sockets over which a part speaks TLS."""
    return f"{part}-tls"


def _activated() -> list[tuple[str, int]]:
    """(name, descriptor) of what systemd handed down to this very process; not to its children."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    del os.environ["LISTEN_PID"]
    numbers = range(_FIRST_HANDED, _FIRST_HANDED + count)
    for number in numbers:
        os.set_inheritable(number, False)
    return list(zip(names, numbers, strict=True))
