"""The root parent: it opens what only root can open, then runs everything else without root.

``./run`` as root ends here. The gate starts the verb as the system user ``releve`` and stays, doing
three things only: it opens the files the person named, it forwards signals, and it starts one of
the few :data:`LAUNCHERS` when the verb asks, each a small program that does one privileged act.
The verb asks over an inherited socket (``RELEVE_GATE``); without it :func:`launch` answers None.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.errors import ReleveError
from releve.runtime import staging

USER = "releve"
ATTACKER = "releve-attaque"
#: What root may be asked for; each is ``releve.runtime.launchers.<name>``.
LAUNCHERS = ("rig", "attacker", "trust")
_CREDENTIALS = struct.Struct("3i")
_MAX_REQUEST = 65536
_MAX_FDS = 16


class UnknownUser(ReleveError):
    """L'utilisateur système « {name} » manque."""

    next_step = "Relancez ./run en administrateur : il le crée."


class LaunchRefused(ReleveError):
    """Le processus parent refuse de lancer « {kind} »."""

    next_step = (
        "Seuls le banc de pannes, l'attaquant d'exercice et la lecture des liens passent par lui."
    )


@dataclass(frozen=True)
class Launched:
    """A privileged launcher at work; ``wait`` blocks until it ends and gives its exit status."""

    pid: int
    answers: socket.socket

    def wait(self) -> int:
        """Exit status; negative = ended by that signal, as :mod:`subprocess` says it."""
        with self.answers:
            data = self.answers.recv(_MAX_REQUEST)
        return int(json.loads(data)["status"]) if data else -int(signal.SIGKILL)


def launch(
    kind: str, args: Sequence[str], *, stdin: int, stdout: int, fds: Sequence[int] = ()
) -> Launched | None:
    """Ask the root parent to start a launcher; its descriptors are 0, 1, then ``fds`` from 3 up.

    Returns None when there is no root parent (the program was not started by root).
    """
    number = _inherited()
    if number is None:
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = json.dumps({"kind": kind, "args": list(args)}).encode()
    with socket.socket(fileno=os.dup(number)) as gate, theirs:
        socket.send_fds(gate, [request], [theirs.fileno(), stdin, stdout, *fds])
    answer = json.loads(ours.recv(_MAX_REQUEST) or b"{}")
    if "pid" not in answer:
        ours.close()
        raise LaunchRefused(kind=kind)
    return Launched(int(answer["pid"]), ours)


def _inherited() -> int | None:
    """The gate's descriptor; None when it was not handed down to this process: its number may then
    be a socket of this program's own, which root did not make.
    """
    number = int(os.environ.get("RELEVE_GATE", "-1"))
    try:
        with socket.socket(fileno=os.dup(number)) as gate:
            made = gate.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    except OSError:
        return None
    process, user, _group = _CREDENTIALS.unpack(made)
    return number if user == 0 and process != os.getpid() else None


def open_gate(arguments: list[str], root: Path) -> int:
    """Run the verb as ``releve`` and serve its requests; returns the verb's exit status."""
    account = _account(USER)
    _own_state_folder(root, account)
    plan = staging.prepare(arguments, root, account.pw_uid, account.pw_gid)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        verb = _start_verb(plan, root, account, theirs.fileno())
        theirs.close()
        try:
            return _Gate(ours, verb).serve()
        finally:
            plan.finish()


def _account(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise UnknownUser(name=name) from None


def _own_state_folder(root: Path, account: pwd.struct_passwd) -> None:
    """``var`` and its first level are the project's own state: the verb must write in them."""
    state = root / "var"
    for folder in (state, *(state / name for name in ("cache", "drills", "tests"))):
        folder.mkdir(mode=0o755, exist_ok=True)
        if not folder.is_symlink() and folder.stat().st_uid == 0:
            os.chown(folder, account.pw_uid, account.pw_gid)


def _start_verb(
    plan: staging.Plan, root: Path, account: pwd.struct_passwd, gate: int
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "HOME": str(root / "var/cache"),
        "USER": USER,
        "LOGNAME": USER,
        "RELEVE_GATE": str(gate),
        "RELEVE_TIED": "1",
        "RELEVE_ATTACKER": ATTACKER,
    }
    enter: Callable[[], None] | None = plan.enter_view if plan.view else None
    return subprocess.Popen(  # one thread here, so preexec_fn is safe
        [sys.executable, "-m", "releve", *plan.arguments],
        cwd=root,
        env=environment,
        pass_fds=(gate, *plan.descriptors),
        preexec_fn=lambda: _drop(account, enter),
    )


def _drop(account: pwd.struct_passwd, enter: Callable[[], None] | None) -> None:
    if enter is not None:
        enter()
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


class _Gate:
    """The loop: requests on the socket, ends of children by their pid descriptors."""

    def __init__(self, requests: socket.socket, verb: subprocess.Popen[bytes]) -> None:
        self._requests = requests
        self._verb = verb
        self._launched: dict[int, tuple[int, socket.socket]] = {}
        self._selector = selectors.DefaultSelector()

    def serve(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _: self._verb.send_signal(received))
        self._selector.register(self._requests, selectors.EVENT_READ, "request")
        verb_end = os.pidfd_open(self._verb.pid)
        self._selector.register(verb_end, selectors.EVENT_READ, "verb")
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.data == "verb":
                        return self._verb.wait()
                    if key.data == "request":
                        self._request()
                    else:
                        self._ended(key.fd)
        finally:
            os.close(verb_end)
            self._end_launched()

    def _request(self) -> None:
        data, fds, _, _ = socket.recv_fds(self._requests, _MAX_REQUEST, _MAX_FDS)
        if not data:
            self._selector.unregister(self._requests)
            return
        answers, *handed = fds
        reply = socket.socket(fileno=answers)
        request = json.loads(data)
        arguments = [str(argument) for argument in request["args"]]
        if len(handed) < 2 or not _permitted(request["kind"], arguments):
            reply.close()
        else:
            pid = _spawn(request["kind"], arguments, handed)
            end = os.pidfd_open(pid)
            self._launched[end] = (pid, reply)
            self._selector.register(end, selectors.EVENT_READ, "launched")
            reply.send(json.dumps({"pid": pid}).encode())
        for descriptor in handed:
            os.close(descriptor)

    def _ended(self, end: int) -> None:
        pid, reply = self._launched.pop(end)
        self._selector.unregister(end)
        os.close(end)
        _, status = os.waitpid(pid, 0)
        with reply, suppress(OSError):  # the asker may be gone
            reply.send(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())

    def _end_launched(self) -> None:
        """The verb is over: nothing it asked for outlives it."""
        for end, (pid, _) in list(self._launched.items()):
            os.kill(pid, signal.SIGTERM)
            with selectors.DefaultSelector() as wait:
                wait.register(end, selectors.EVENT_READ)
                if not wait.select(timeout=5):
                    os.kill(pid, signal.SIGKILL)
            self._ended(end)


def _permitted(kind: str, arguments: list[str]) -> bool:
    """The attacker gets its own user and the verb's group, whatever the verb asks."""
    if kind == "attacker":
        return arguments[:2] == [str(_account(ATTACKER).pw_uid), str(_account(USER).pw_gid)]
    return kind in LAUNCHERS


def _spawn(kind: str, args: list[str], handed: list[int]) -> int:
    """posix_spawn keeps the gate single-threaded and hands exactly 0, 1, 2 and 3… to the child."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 100) for descriptor in handed]
    numbers = [0, 1, *range(3, 1 + len(high))]
    actions = [
        (os.POSIX_SPAWN_DUP2, source, number) for source, number in zip(high, numbers, strict=True)
    ]
    command = [sys.executable, "-I", "-m", f"releve.runtime.launchers.{kind}", *args]
    try:
        return os.posix_spawn(command[0], command, dict(os.environ), file_actions=actions)
    finally:
        for descriptor in high:
            os.close(descriptor)
