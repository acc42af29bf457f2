"""A seccomp filter (seccomp(2)) that takes away what a parser never needs: opening sockets,
starting programs, signalling or tracing other processes, namespaces, keys. Each answers « not
permitted ».
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _HAS_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE, _UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
#: x86_64 has a second numbering (x32) from here on.
_X32 = 0x40000000
#: clone(2) with this flag starts a thread, without it a process; clone3(2) hides its flags in
#: memory, so it is said to be unknown and the C library falls back on clone.
_CLONE_THREAD, _CLONE3 = 0x00010000, 435
_CLONE = {"x86_64": 56, "aarch64": 220}
_ANY_MACHINE = {"pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434}
#: machine → (AUDIT_ARCH of linux/audit.h, numbers of asm/unistd_64.h or asm-generic/unistd.h).
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            **{"socket": 41, "connect": 42, "socketpair": 53, "fork": 57, "vfork": 58},
            **{"execve": 59, "kill": 62, "ptrace": 101, "rt_sigqueueinfo": 129, "mount": 165},
            **{"tkill": 200, "tgkill": 234, "add_key": 248, "request_key": 249, "keyctl": 250},
            **{"unshare": 272, "rt_tgsigqueueinfo": 297, "perf_event_open": 298, "setns": 308},
            **{"process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321},
            **{"execveat": 322, "userfaultfd": 323},
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            **{"mount": 40, "unshare": 97, "ptrace": 117, "kill": 129, "tkill": 130},
            **{"tgkill": 131, "rt_sigqueueinfo": 138, "socket": 198, "socketpair": 199},
            **{"connect": 203, "add_key": 217, "request_key": 218, "keyctl": 219},
            **{"execve": 221, "rt_tgsigqueueinfo": 240, "perf_event_open": 241, "setns": 268},
            **{"process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280},
            **{"execveat": 281, "userfaultfd": 282},
        },
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def forbid_syscalls(library: ctypes.CDLL) -> bool:
    """Install the filter; False when the machine is unknown or the kernel refuses."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _filter(*machine, _CLONE[platform.machine()])
    program = _Program(len(code) // 8, code)
    return bool(library.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(architecture: int, numbers: dict[str, int], clone: int) -> bytes:
    """BPF over ``struct seccomp_data``: octets 0-3 are the call's number, 4-7 the architecture,
    16-23 its first argument. A jump counts the instructions to skip.
    """
    refused = sorted({*numbers.values(), *_ANY_MACHINE.values()})
    code = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    code += [(_LOAD, 0, 0, 0), (_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _UNKNOWN)]
    code += [(_AT_LEAST, len(refused) + 4, 0, _X32)]
    for place, number in enumerate(refused):
        code.append((_EQUAL, len(refused) + 3 - place, 0, number))
    code += [(_EQUAL, 0, 2, clone), (_LOAD, 0, 0, 16), (_HAS_BIT, 0, 1, _CLONE_THREAD)]
    code += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)
