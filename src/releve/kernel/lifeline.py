"""A process tied to its parent's life."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
#: Found beforehand: between fork and exec, as little as possible must be done.
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel for signal ``number`` when this process's parent (the *thread* that started
    it) ends, however it ends. Raises ``SystemExit`` when it has ended already.
    """
    parent = os.getppid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("le processus parent est déjà mort")
