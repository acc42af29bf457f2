"""Closing a process before it meets hostile bytes: no network, no folders, little memory.

Linux only, without any right: a user namespace with an empty network (unshare(2)), Landlock
(landlock(7), kernel ≥ 5.13) so that only the interpreter's libraries and random numbers can be
read, rlimits, and a filter of system calls. A barrier that the kernel refuses is named, and the
others stay; the network is closed by two of them.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.confinement.syscalls import forbid_syscalls

_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
#: Rights that exist per Landlock version: files (v1), refer (v2), truncate (v3), ioctl (v5).
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NETWORK_RIGHTS = 0b11
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache")
#: They hold no secret, and qpdf draws from them when it reads a PDF ciphered with AES.
_RANDOM = ("/dev/urandom", "/dev/random")


@dataclass(frozen=True)
class Limits:
    """``seconds`` of CPU for one file (wall-clock: three times as much), ``memory`` in octets."""

    seconds: int = 20
    memory: int = 1536 << 20


def confine(limits: Limits, code: Path) -> list[str]:
    """Close this process, which goes on reading its own ``code``; returns the barriers that the
    kernel refused (French, usually none).
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    refused = []
    alone = library.unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0
    if not _close_folders(library, [code, Path(__file__).parent, *_readable()]):
        refused.append("le noyau ne sait pas fermer les dossiers au lecteur (Landlock)")
    for name, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(name, (value, value))
    if not forbid_syscalls(library):
        refused.append("le noyau ne sait pas retirer les appels dangereux (seccomp)")
        if not alone:
            refused.append("le noyau refuse de retirer le réseau au lecteur")
    return refused


def allow_seconds(seconds: int) -> None:
    """Give this process that much CPU from now on: one file's share."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    ceiling = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (ceiling, resource.RLIM_INFINITY))


def _readable() -> list[Path]:
    roots = {Path(sys.prefix), Path(sys.base_prefix, "lib"), *map(Path, (*_LIBRARIES, *_RANDOM))}
    return sorted(path for path in roots if path.exists())


def _close_folders(library: ctypes.CDLL, readable: list[Path]) -> bool:
    """Landlock: reading stays possible under ``readable``; all else, and TCP, is refused."""
    if platform.machine() not in ("x86_64", "aarch64"):
        return False
    version = library.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    attribute = struct.pack("<QQ", rights, _NETWORK_RIGHTS)[: 16 if version >= 4 else 8]
    rules = library.syscall(_CREATE_RULESET, attribute, len(attribute), 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            allowed = _READ_FILE | (_READ_DIR if path.is_dir() else 0)
            rule = struct.pack("<Qi", allowed, folder)
            library.syscall(_ADD_RULE, rules, 1, rule, 0)
            os.close(folder)
        return bool(library.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)
