"""Restoring one machine into a new folder, and proving it file by file.

The unmodified restic restores, from a view as of the snapshot's receipt; then our own reader
compares every file with the snapshot's own tree: existence, type, SHA-256 of the content.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.clock import Clock
from releve.kernel.durable import make_folder
from releve.kernel.home import Home
from releve.kernel.ids import MachineName
from releve.kernel.outward import FolderTarget
from releve.kernel.units import MIB
from releve.vault.credentials import repository_secret
from releve.vault.errors import Absent, FolderNotNew, NoCleanSnapshot, UnknownSnapshot, Unreadable
from releve.vault.objects import Kind
from releve.vault.repository import Repository, shown
from releve.vault.restic import Restic
from releve.vault.restic_format import Node, open_key_file
from releve.vault.restored import Restored, next_number, remember
from releve.vault.state import MachineState, SnapshotLine, read_state
from releve.vault.stores.folder import object_path
from releve.vault.views import view

LAST_CLEAN = "last-clean"
_SHORTEST_ID = 8


@dataclass(frozen=True)
class Flaw:
    """One restored file that is not what the snapshot says."""

    path: str
    what: str


@dataclass(frozen=True)
class Restoration:
    """What was restored and checked. ``bytes`` counts the content of files."""

    machine: MachineName
    snapshot: SnapshotLine
    into: Path
    files: int
    identical: int
    bytes: int
    flaws: tuple[Flaw, ...]
    said: str

    @property
    def ok(self) -> bool:
        """Every file is there, identical, and nothing else is."""
        return not self.flaws


def restore(
    home: Home, restic: Restic, machine: MachineName, snapshot: str, into: Path, clock: Clock
) -> Restoration:
    """Restore ``snapshot`` (an id, or ``last-clean``) below ``into``, which must be new, check it
    file by file, and remember where it lies.

    A drill restores only inside its own home. Raises ``NotEnrolled``, ``NoCleanSnapshot``,
    ``UnknownSnapshot``, ``FolderNotNew``, ``WrongWorld``, ``ResticFailed``.
    """
    restic.admit(FolderTarget(into))
    secret = repository_secret(home, machine)
    line = choose(machine, read_state(home.path, machine), snapshot)
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise FolderNotNew(path=into)
    make_folder(into)
    with view(home, machine, line.number) as folder:
        said = restic.restore(folder, secret.password, line.id, into)
        repository = open_view(folder, secret.key_name, secret.password)
        done = _check(machine, line, into, repository, said)
    number = next_number(home, machine)
    remember(
        home,
        Restored(
            machine, number, into, line.id, done.files, done.identical, len(done.flaws), clock.now()
        ),
    )
    return done


def choose(machine: MachineName, state: MachineState | None, snapshot: str) -> SnapshotLine:
    """The snapshot meant; raises :class:`NoCleanSnapshot` or :class:`UnknownSnapshot`."""
    if snapshot == LAST_CLEAN:
        if state is None or state.last_clean is None:
            raise NoCleanSnapshot(machine=machine)
        return state.last_clean
    lines = state.snapshots if state else ()
    found = [line for line in lines if line.id.startswith(snapshot)]
    if len(snapshot) < _SHORTEST_ID or len(found) != 1:
        raise UnknownSnapshot(machine=machine, snapshot=snapshot)
    return found[0]


class FolderObjects:
    """Objects of a view (or of any repository folder), as the ``Objects`` port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, kind: Kind, name: str, start: int = 0, end: int | None = None) -> bytes:
        """See :class:`~releve.vault.ports.Objects`."""
        try:
            with object_path(self._folder, kind, name).open("rb") as file:
                file.seek(start)
                data = file.read() if end is None else file.read(end - start)
        except FileNotFoundError:
            raise Absent(what=f"{kind}/{name[:8]}", why="pas dans la vue") from None
        if end is not None and len(data) != end - start:
            raise Absent(what=f"{kind}/{name[:8]}", why="tronqué")
        return data


def open_view(folder: Path, key_name: str, password: str) -> Repository:
    """Our own reader on a view; its indexes were proved by the worker."""
    objects = FolderObjects(folder)
    repository = Repository(objects, open_key_file(objects.read(Kind.KEYS, key_name), password))
    for path in sorted((folder / Kind.INDEX.value).iterdir()):
        repository.trust_index(repository.read_index(path.name))
    return repository


def _check(
    machine: MachineName, line: SnapshotLine, into: Path, repository: Repository, said: str
) -> Restoration:
    files = identical = size = 0
    flaws: list[Flaw] = []
    expected = set()
    for path, node in repository.walk(line.tree):
        place = into / path.lstrip("/")
        expected.add(os.fspath(place))
        wrong = _flaw(repository, node, place)
        if wrong is not None:
            flaws.append(Flaw(shown(path), wrong))
        if node.type == "file":
            files += 1
            identical += wrong is None
            size += repository.size(node)
    for extra in _everything(into):
        if extra not in expected:
            flaws.append(Flaw(shown(os.path.relpath(extra, into)), "absent de la sauvegarde"))
    return Restoration(machine, line, into, files, identical, size, tuple(flaws), said)


def _flaw(repository: Repository, node: Node, place: Path) -> str | None:
    """What is wrong with one restored entry, None when it is what the snapshot says."""
    try:
        found = place.lstat()
    except FileNotFoundError:
        return "manque après la restauration"
    if node.type == "dir":
        return None if stat.S_ISDIR(found.st_mode) else "n'est pas un dossier"
    if node.type == "symlink":
        if not stat.S_ISLNK(found.st_mode):
            return "n'est pas un lien"
        return None if os.readlink(place) == node.linktarget else "le lien mène ailleurs"
    if node.type != "file":
        return None  # sockets, devices: nothing to read
    if not stat.S_ISREG(found.st_mode):
        return "n'est pas un fichier"
    try:
        wanted = hashlib.sha256()
        for part in repository.content(node):
            wanted.update(part)
    except Unreadable as error:
        return f"la sauvegarde elle-même n'est plus lisible ({error})"
    return None if _sha256(place) == wanted.digest() else "contenu différent de la sauvegarde"


def _sha256(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(MIB):
            digest.update(part)
    return digest.digest()


def _everything(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield os.path.join(root, name)
