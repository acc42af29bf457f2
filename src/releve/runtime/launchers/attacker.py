"""Root launcher of a drill's attacker: it takes the attacker's user, for good, and becomes it.

``python -I -m releve.runtime.launchers.attacker UID GID`` with 3 = the folder's descriptor, 4 = the
log, 5 = the life pipe and the order on standard input. It gives the process a network of its own,
with nothing in it, then drops groups, group, user and the power to gain any back. It reads nothing
and opens nothing: what it was handed is judged by the attacker, without root.
"""

from __future__ import annotations

import ctypes
import os
import sys

from releve.drill.simulator.seclude import (
    become_attacker,
    forbid_new_privileges,
    place_descriptors,
)

_CLONE_NEWNET = 0x40000000
_CLONE_NEWIPC = 0x08000000


def main() -> None:
    """Entry point; any step that fails ends the process before the attacker exists."""
    uid, gid = int(sys.argv[1]), int(sys.argv[2])
    if uid == 0 or gid == 0:
        raise SystemExit("l'attaquant ne prend jamais l'utilisateur ni le groupe root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET | _CLONE_NEWIPC) != 0:
        raise SystemExit(f"réseau séparé refusé : {os.strerror(ctypes.get_errno())}")
    place_descriptors([3, 4, 5])
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid):
        raise SystemExit("les droits n'ont pas été rendus")
    forbid_new_privileges()
    become_attacker()


if __name__ == "__main__":
    main()
