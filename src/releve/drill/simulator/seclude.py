"""Without a root parent: cut the attacker from the network, then become it.

``python -m releve.drill.simulator.seclude A,B,C``: descriptors A, B, C become 3, 4 and 5; a user
and a network namespace are made where the kernel lets an ordinary user (else the attacker runs all
the same and its first log line says which network it has); no new privilege can be gained; then the
attacker replaces this program. Its user is mapped to itself, so it owns what it owned, no more.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_FIRST = 3


def place_descriptors(descriptors: list[int]) -> None:
    """Make them 3, 4, 5… whatever they were, and close all others above."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 100) for descriptor in descriptors]
    for number, source in enumerate(high, start=_FIRST):
        os.dup2(source, number, inheritable=True)
    os.closerange(_FIRST + len(high), os.sysconf("SC_OPEN_MAX"))


def forbid_new_privileges() -> None:
    """No program executed from here on gains rights (setuid bits, file capabilities)."""
    if ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise SystemExit("le noyau refuse no_new_privs")


def become_attacker() -> None:
    """Replace this program; its environment holds nothing of ours."""
    command = [sys.executable, "-I", "-m", "releve.drill.simulator.attacker"]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    os.execve(command[0], command, environment)  # noqa: S606 (no shell is wanted)


def _cut_network() -> None:
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", "ascii")


def main() -> None:
    """Entry point."""
    place_descriptors([int(number) for number in sys.argv[1].split(",")])
    _cut_network()
    forbid_new_privileges()
    become_attacker()


if __name__ == "__main__":
    main()
