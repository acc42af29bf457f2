"""The vault: backups kept whatever the machine's credential does, read as they come, and proved.

An unmodified restic sends; the receiver keeps (object, receipt, answer: all three in that order and
on the disk) and never removes, overwrites or lists back what the worker has not read as valid. The
worker, which alone holds the passwords, reads each snapshot within about a second, compares it with
the machine's last clean one, and tells « saine » from an alarm. A restore reads the repository as
of the snapshot's receipt, into a new folder, and is checked file by file.

Limits. One machine per repository, one disk: root on this host can destroy it, and only a copy
elsewhere survives that. « Clean » means « no sign of encryption since the last clean snapshot »,
not « no intruder ». Nothing is pruned yet, so a repository grows for ever. The tables of received
objects are in memory: about 250 bytes an object. http, on loopback only.
"""

from releve.vault.credentials import enrolled
from releve.vault.enrolment import Enrolment, enrol
from releve.vault.restoration import LAST_CLEAN, Flaw, Restoration, restore
from releve.vault.restored import Restored, last_restored, read_restored
from releve.vault.state import MachineState, SnapshotLine, read_state, read_states

__all__ = [
    "LAST_CLEAN",
    "Enrolment",
    "Flaw",
    "MachineState",
    "Restoration",
    "Restored",
    "SnapshotLine",
    "enrol",
    "enrolled",
    "last_restored",
    "read_restored",
    "read_state",
    "read_states",
    "restore",
]
