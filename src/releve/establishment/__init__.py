"""The hospital as everyone speaks of it: region → (GHT) → EJ → EG → service, and what needs what.

A folder of seven files that people read and version (docs/establishment.md) is checked line by
line, kept byte for byte in the home, and read back. A folder with one fault is not kept at all.
Beside this door: :mod:`.graph` (blast radius, single points, groups, DMIA demanded) and
:mod:`.recovery` (the order to rebuild in), apart because they load rustworkx.

Limits. What is not written in dependencies.csv or applications.toml does not exist for the graph.
Restore times are the folder's, not yet those that drills measured. A plan gives any team any task,
and its order is greedy, not optimal: it says how far it is from a bound and from first come, first
served. Former generations are kept in the home and never purged.
"""

from releve.establishment.faults import Fault, Note
from releve.establishment.folder import Reading, check_folder, load_folder, read_folder
from releve.establishment.model import (
    Application,
    Dependency,
    Establishment,
    Gate,
    LegalEntity,
    Machine,
    MachineKind,
    Person,
    Priority,
    Service,
    ServiceKind,
    Site,
    Supplier,
    Watch,
)
from releve.establishment.store import Generation, amend, current, load, read_for, save, stored

__all__ = [
    "Application",
    "Dependency",
    "Establishment",
    "Fault",
    "Gate",
    "Generation",
    "LegalEntity",
    "Machine",
    "MachineKind",
    "Note",
    "Person",
    "Priority",
    "Reading",
    "Service",
    "ServiceKind",
    "Site",
    "Supplier",
    "Watch",
    "amend",
    "check_folder",
    "current",
    "load",
    "load_folder",
    "read_folder",
    "read_for",
    "save",
    "stored",
]
