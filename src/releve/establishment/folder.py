"""From a folder to an :class:`Establishment`: the seven files, then what holds them together."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from releve.establishment import contacts, entities, inventory, oncall
from releve.establishment.errors import FolderFaulty, FolderUnreadable, reason
from releve.establishment.faults import Fault, Findings, Note, shown
from releve.establishment.model import (
    Establishment,
    dependencies_drawn,
)
from releve.establishment.references import check_references
from releve.establishment.text import MAX_BYTES

FILES = (
    entities.FILE,
    inventory.APPLICATIONS,
    inventory.MACHINES,
    inventory.PEOPLE,
    oncall.FILE,
    inventory.SUPPLIERS,
    inventory.DEPENDENCIES,
)
#: The files of an establishment of which nothing is known yet; its entities alone must be written.
BLANK: Mapping[str, bytes] = {
    inventory.APPLICATIONS: b"# Aucune application n'est encore connue.\n",
    inventory.MACHINES: b"id;kind;name;site;service;role;os;restore_minutes\n",
    inventory.PEOPLE: b"id;last_name;first_name;service;profession;phone;email;rpps\n",
    oncall.FILE: b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Releve//FR\r\nEND:VCALENDAR\r\n",
    inventory.SUPPLIERS: b"# Aucun fournisseur n'est encore connu.\n",
    inventory.DEPENDENCIES: b"node;needs;kind;alternative\n",
}
_KEPT = (".toml", ".csv", ".ics", ".md")
_MOST_FILES = 64


@dataclass(frozen=True)
class Reading:
    """What a folder says: the good part, the faults and notes in order of file and line."""

    establishment: Establishment
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...]


def load_folder(path: Path) -> Establishment:
    """Read a folder without fault; raises :class:`FolderUnreadable` or :class:`FolderFaulty`."""
    return sound(path, read_folder(path))


def sound(path: Path, reading: Reading) -> Establishment:
    """The establishment of a reading without fault; raises :class:`FolderFaulty`."""
    if reading.faults:
        first = reading.faults[0]
        said = f"{first.place} : {first.what}"
        raise FolderFaulty(path=shown(str(path)), count=len(reading.faults), first=said)
    return reading.establishment


def check_folder(path: Path) -> tuple[Fault, ...]:
    """Every fault of a folder, in order; raises :class:`FolderUnreadable`."""
    return read_folder(path).faults


def read_folder(path: Path) -> Reading:
    """Read what can be read; raises :class:`FolderUnreadable` when it is no such folder."""
    return read_bytes(gather(path))


def gather(path: Path) -> dict[str, bytes]:
    """name → bytes of the files of a folder that are the establishment's; links are not followed.

    Raises :class:`FolderUnreadable`.
    """
    found: dict[str, bytes] = {}
    try:
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith(_KEPT))
        if len(names) > _MOST_FILES:
            why = f"plus de {_MOST_FILES} fichiers"
            raise FolderUnreadable(path=shown(str(path)), why=why)
        for name in names:
            found[name] = _read(path, name)
    except OSError as error:
        why = f"{shown(Path(error.filename or path).name)} : {reason(error)}"
        raise FolderUnreadable(path=shown(str(path)), why=why) from error
    if not any(name in found for name in FILES):
        raise FolderUnreadable(path=shown(str(path)), why="aucun de ses sept fichiers n'y est")
    return found


def _read(folder: Path, name: str) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(folder / name, flags)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            why = f"{shown(name)} n'est pas un fichier ordinaire"
            raise FolderUnreadable(path=shown(str(folder)), why=why)
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        why = f"{shown(name)} dépasse {MAX_BYTES >> 20} Mio"
        raise FolderUnreadable(path=shown(str(folder)), why=why)
    return data


def read_bytes(files: Mapping[str, bytes]) -> Reading:
    """The same from bytes already gathered: no I/O."""
    from releve.establishment.coherence import check_graph

    findings = Findings()
    establishment = _read_files(files, findings)
    check_references(establishment, findings)
    establishment = _with_drawn(establishment)
    if not findings.unread - {inventory.PEOPLE, oncall.FILE}:
        check_graph(establishment, findings)
    return Reading(
        establishment, tuple(sorted(set(findings.faults))), tuple(sorted(set(findings.notes)))
    )


def read_stored(files: Mapping[str, bytes]) -> Establishment:
    """Bytes that were found sound when they were loaded: the graph is not checked again."""
    return _with_drawn(_read_files(files, Findings()))


def _read_files(files: Mapping[str, bytes], findings: Findings) -> Establishment:
    for name in FILES:
        if name not in files:
            remedy = "Créez-le, même réduit à son en-tête (docs/establishment.md)."
            findings.fault(name, 0, "file", "le fichier manque", remedy)

    def part(name: str) -> tuple[bytes, Findings]:
        """A missing file is one fault, not two."""
        return (files[name], findings) if name in files else (b"", Findings())

    head = entities.read_entities(*part(entities.FILE))
    people = inventory.read_people(*part(inventory.PEOPLE))
    agenda, told = part(oncall.FILE)
    if (
        contacts.FILE in files
    ):  # beside the seven: its faults are told, the crisis's binder reads it
        contacts.read_contacts(files[contacts.FILE], findings)
    return Establishment(
        head.region,
        head.group,
        head.legal_entities,
        head.sites,
        head.services,
        inventory.read_applications(*part(inventory.APPLICATIONS)),
        inventory.read_machines(*part(inventory.MACHINES)),
        people,
        inventory.read_suppliers(*part(inventory.SUPPLIERS)),
        inventory.read_dependencies(*part(inventory.DEPENDENCIES)),
        head.gates,
        head.bootstraps,
        oncall.read_watches(agenda, people, head.rotas, told),
    )


def _with_drawn(establishment: Establishment) -> Establishment:
    """Add the dependencies that applications.toml implies, unless a row says the same; leave out
    what names a node that does not exist (a fault says so).
    """
    known = frozenset(establishment.names)
    rows = [d for d in establishment.dependencies if d.node in known and d.needs in known]
    said = {(row.node, row.needs) for row in rows}
    drawn = dict.fromkeys(dependencies_drawn(establishment.applications, known))
    rows += [each for each in drawn if (each.node, each.needs) not in said]
    gates = tuple(
        replace(
            gate,
            before=tuple(node for node in gate.before if node in known),
            after=tuple(node for node in gate.after if node in known),
        )
        for gate in establishment.gates
    )
    return replace(establishment, dependencies=tuple(rows), gates=gates)
