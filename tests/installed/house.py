"""The parts of an installed home, each under its own user as its unit would start it, no systemd.

Standard library and the installed program only: it also runs inside the chroot of ``.ci/bundle``.
The sockets are bound and handed down as systemd hands them (``LISTEN_FDS``); what only a running
systemd gives is not there, and the table says so.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from releve.kernel.home import read
from releve.ledger.place import short_path
from releve.runtime.accounts import Row, apply, table
from releve.runtime.addresses import listen
from releve.runtime.installed import served
from releve.runtime.part import secured_name
from releve.runtime.settings import LOOPBACK, read_settings
from releve.runtime.units import PAGES, handed_name

_AS_SYSTEMD = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 100) for each in sys.argv[1].split(",") if each]
for place, fd in enumerate(fds):
    os.dup2(fd, 3 + place)
if fds:
    os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), str(len(fds))
    os.environ["LISTEN_FDNAMES"] = sys.argv[2]
os.closerange(3 + len(fds), 200)
os.execvp(sys.argv[3], sys.argv[3:])
"""
_PATIENCE = 60.0


def lowered(user: str) -> list[str]:
    """The command that drops to ``user`` for good: no group, no capability, none to be had."""
    found = pwd.getpwnam(user)
    return [
        *("setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups"),
        *("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"),
    ]


class House:
    """Starts, feeds and stops the parts of one installed home. Root only."""

    def __init__(self, home: Path, log: Path) -> None:
        self.home, self.log = home, log
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self._sockets: dict[str, list[tuple[str, socket.socket]]] = {}
        settings = read_settings(read(home))
        self.ports = {
            "web_port": settings.web_port,
            "receiver_port": settings.receiver_port,
            "listener_port": settings.listener_port,
        }

    def start(self) -> None:
        """Every part, each said to be ready."""
        for row in table().parts:
            self._sockets[row.name] = [
                (handed_name(row, stream), self._bound(row, stream)) for stream in row.streams
            ]
        secured = [(secured_name(PAGES), listen(each)[0]) for each in served(read(self.home))]
        self._sockets[PAGES] += secured
        apply(self.home)
        for row in table().parts:
            self.start_part(row.name)

    def start_part(self, name: str) -> None:
        """One part under its user; raises when it does not say « ready »."""
        row, sockets = table().part(name), self._sockets[name]
        numbers = [each.fileno() for _, each in sockets]
        command = [sys.executable, "-I", "-c", _AS_SYSTEMD, ",".join(map(str, numbers))]
        command += [":".join(name for name, _ in sockets), *lowered(row.user)]
        command += [sys.executable, "-X", "utf8", "-m", f"releve.runtime.{name}"]
        command += ["--home", str(self.home)]
        errors = (self.log / f"{name}.log").open("ab")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=numbers,
            env=_environment(),
            cwd="/",
        )
        errors.close()
        self.parts[name] = process
        assert process.stdout is not None
        line = process.stdout.readline()
        if b'"ready"' not in line:
            raise AssertionError(f"{name}: {(self.log / f'{name}.log').read_text()}")

    def stop_part(self, name: str) -> None:
        """One part, given the time to end by itself."""
        process = self.parts.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
        if process.stdout is not None:
            process.stdout.close()

    def stop(self) -> None:
        """All, in reverse order."""
        for name in reversed(list(self.parts)):
            self.stop_part(name)
        for sockets in self._sockets.values():
            for _, each in sockets:
                each.close()

    def said(self) -> str:
        """What the parts wrote on their error output."""
        return "".join(f"[{p.stem}] {p.read_text()}" for p in sorted(self.log.glob("*.log")))

    def _bound(self, row: Row, stream: str) -> socket.socket:
        if stream in self.ports:
            return socket.create_server((LOOPBACK, self.ports[stream]), backlog=512)
        path = self.home / stream
        path.unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with short_path(path) as short:
            bound.bind(short)
        os.chown(path, pwd.getpwnam(row.user).pw_uid, -1)
        os.chmod(path, 0o600)
        bound.listen(512)
        return bound


def _environment() -> dict[str, str]:
    """What a unit gives, plus where the sources are when they are not installed."""
    kept = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    if "RELEVE_SOURCES" in os.environ:
        kept["PYTHONPATH"] = os.environ["RELEVE_SOURCES"]
    return kept


@contextmanager
def running(home: Path, log: Path) -> Iterator[House]:
    """The parts for the time of a block."""
    house = House(home, log)
    try:
        house.start()
        yield house
    finally:
        house.stop()


def wait(what: str, seen: Any, house: House) -> Any:
    """What ``seen`` gives once it is true."""
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        found = seen()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not seen within {_PATIENCE} s\n{house.said()}")


# --- what one part's user reaches ---------------------------------------------------------------

_PROBE = r"""
import json, os, socket, sys
paths, pids = json.load(sys.stdin)
def can(flags, path):
    try:
        os.close(os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC))
        return True
    except OSError:
        return False
def folder(path):
    got = "r" if can(os.O_RDONLY | os.O_DIRECTORY, path) else ""
    name = path + "/.essai"
    if can(os.O_WRONLY | os.O_CREAT | os.O_EXCL, name):
        os.unlink(name)
        got += "w"
    return got
def speak(path):
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(path)
            return "c"
        except OSError:
            return ""
reach = {}
for kind, path in paths:
    if kind == "d":
        reach[path] = folder(path)
    elif kind == "s":
        reach[path] = speak(path)
    else:
        reach[path] = "r" if can(os.O_RDONLY, path) else ""
        reach[path] += "w" if can(os.O_WRONLY, path) else ""
def inside(pid):
    return any(can(os.O_RDONLY, f"/proc/{pid}/{name}") for name in ("environ", "mem"))
seen = [pid for pid in pids if inside(pid)]
found = {"reach": reach, "processes": seen}
json.dump({**found, "uid": os.geteuid(), "groups": os.getgroups()}, sys.stdout)
"""


def probe(home: Path, part: str, pids: list[int], more: list[Path]) -> dict[str, Any]:
    """What the user of ``part`` reaches: every file, folder and socket of the home, other parts'
    memory and environment, files elsewhere (``more``).
    """
    paths = [(_kind(path), str(path)) for path in (home, *sorted(home.rglob("*"))) if _kind(path)]
    paths += [(_kind(path), str(path)) for path in more]
    done = subprocess.run(
        [*lowered(table().part(part).user), "/usr/bin/python3", "-I", "-c", _PROBE],
        input=json.dumps([paths, pids]),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env={"LC_ALL": "C.UTF-8"},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _kind(path: Path) -> str:
    if path.is_symlink():
        return ""
    return "d" if path.is_dir() else "s" if path.is_socket() else "f" if path.is_file() else ""


_MEANS = {"x": "", "r": "r", "rw": "rw", "create": "rw", "w": "w", "connect": "c"}


def expected(home: Path, part: str, path: Path) -> str:
    """What the table gives ``part`` on ``path``."""
    places = {place.path: place for place in table().places}
    inside = str(path.relative_to(home))
    if inside in places:
        return _MEANS[places[inside].rights.get(part, "x")]
    parent = Path(inside)
    while str(parent) not in places:
        parent = parent.parent
    return _MEANS[places[str(parent)].inherited().get(part, "x")]


def excess(home: Path, part: str, pids: list[int], more: list[Path]) -> list[str]:
    """Every right that the table does not give, and every one it gives that is not there."""
    found = probe(home, part, pids, more)
    user = pwd.getpwnam(table().part(part).user).pw_uid
    wrong = []
    for name, got in found["reach"].items():
        path = Path(name)
        if not path.exists():
            continue  # a passing file
        outside = "r" if path.is_dir() else ""  # the program itself, for instance
        wanted = expected(home, part, path) if path.is_relative_to(home) else outside
        locks = (home / "run", home / "run/parts")
        if path.parent in locks and path.stat().st_uid == user and path.is_file():
            wanted = "rw"  # its own lock
        # objects received are for reading only; nothing outside is owed to anybody
        # nor, until the lists are put right again, folders that kept the modes of a backup
        restored = path.is_relative_to(home / "restores")
        spare = path.is_file() or restored or not path.is_relative_to(home)
        less_is_well = spare and set(got) <= set(wanted)
        if got != wanted and not less_is_well:
            wrong.append(f"{part} : {name} : {got or '–'} (table : {wanted or '–'})")
    if found["processes"]:
        wrong.append(f"{part} : lit la mémoire ou l'environnement de {found['processes']}")
    if found["uid"] != user or found["groups"]:
        wrong.append(f"{part} : uid {found['uid']}, groupes {found['groups']}")
    return wrong
