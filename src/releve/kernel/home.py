"""The home: one folder that holds all state, born ``real`` or ``drill``, with a format number, an
id and an epoch.

``home.json`` is written once, durably. The epoch grows each time a writer takes the home over after
a copy or a restore, and every segment, receipt and checkpoint carries it: a copied home cannot
append under a live epoch (the flock and the machine's id say who is live), an older program refuses
a newer format.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import create_durably, make_folder, write_durably
from releve.kernel.errors import ReleveError
from releve.kernel.ids import Finess, HomeId, is_test_finess, new_home_id
from releve.kernel.world import World

#: The format this program writes; it reads this one and older ones.
FORMAT = 1
_FILE = "home.json"


class HomeTooNew(ReleveError):
    """Le dossier {path} est au format {found}, ce programme s'arrête au format {known}."""

    next_step = "Installez une version de Relève au moins aussi récente que celle qui l'a écrit."


class HomeUnreadable(ReleveError):
    """Le dossier {path} n'est pas un dossier Relève lisible : {why}."""

    next_step = "Vérifiez --home ; n'effacez rien, restaurez home.json depuis la copie du dossier."


class HomeWrongWorld(ReleveError):
    """Refusé : {path} est un dossier {found}, il fallait un dossier {wanted}."""

    next_step = (
        "Un exercice se joue toujours dans un dossier neuf : ôtez --home ou donnez un dossier vide."
    )


class HomeBusy(ReleveError):
    """Le dossier {path} a déjà un écrivain pour « {part} » (processus {pid})."""

    next_step = "Passez par le service en marche ({endpoints}) ou arrêtez ce processus."


class HomeCopied(ReleveError):
    """Le dossier {path} a été copié depuis {origin} : deux dossiers vivants écriraient la même
    suite.
    """

    next_step = "Si l'original est arrêté pour toujours : ./run doctor --take-over --home {path}"


class HomeAlreadyLive(ReleveError):
    """Le dossier {path} est déjà le dossier vivant : il n'y a rien à reprendre."""

    next_step = (
        "--take-over ne sert qu'à un dossier copié dont l'original est arrêté pour toujours."
    )


class FinessRefused(ReleveError):
    """Le FINESS {number} ne va pas dans un dossier {world}."""

    next_step = (
        "Un exercice signe sous un FINESS de test (990000010…), un dossier réel sous le vrai."
    )


@dataclass(frozen=True)
class Home:
    """What ``home.json`` says. ``place`` is machine:inode of the folder at birth or take-over: it
    tells a copy.
    """

    path: Path
    id: HomeId
    world: World
    epoch: int
    born: datetime
    place: str
    format: int = FORMAT

    @property
    def run(self) -> Path:
        """Sockets, locks and endpoints of running processes; nothing durable."""
        return self.path / "run"

    def secrets(self, part: str) -> Path:
        """The secrets one process reads: ``receiver``, ``worker``, ``signer``, ``web``."""
        return self.path / "secrets" / part

    def folder(self, name: str) -> Path:
        """A part's own folder, created when missing."""
        path = self.path / name
        make_folder(path)
        return path

    def check_finess(self, number: Finess) -> None:
        """A drill signs only under test numbers, a real home never does; raises
        :class:`FinessRefused`.
        """
        if is_test_finess(number) is not (self.world is World.DRILL):
            raise FinessRefused(number=number, world=self.world.value)

    def check_world(self, wanted: World) -> None:
        """Raise :class:`HomeWrongWorld` unless this home is of ``wanted``."""
        if self.world is not wanted:
            raise HomeWrongWorld(path=self.path, found=self.world.value, wanted=wanted.value)

    def check_not_copied(self) -> None:
        """Raise :class:`HomeCopied` when this folder is not where it was born; called before any
        append.
        """
        if self.place != _place(self.path):
            raise HomeCopied(path=self.path, origin=self.place)


def birth(path: Path, world: World, now: datetime) -> Home:
    """Create a home in a missing or empty folder, or open the one that is there (whatever its
    world).
    """
    make_folder(path)
    if not (path / _FILE).exists():
        others = [entry.name for entry in path.iterdir() if not _of_a_birth(entry.name)]
        if others and not (path / _FILE).exists():
            raise HomeUnreadable(path=path, why="le dossier n'est pas vide et home.json manque")
        home = Home(path.resolve(), new_home_id(), world, 1, now, _place(path))
        create_durably(path / _FILE, _encode(home), mode=0o644)
        for name in ("run", "secrets"):
            make_folder(path / name)
    return read(path)


def _of_a_birth(name: str) -> bool:
    """What another birth, going on or killed, leaves beside ``home.json``."""
    return name in (_FILE, "run", "secrets") or name.startswith(f".{_FILE}.")


def read(path: Path) -> Home:
    """Read ``home.json``; raises :class:`HomeUnreadable` or :class:`HomeTooNew`."""
    try:
        fields = json.loads((path / _FILE).read_text("utf-8"))
        found = int(fields["format"])
        if found > FORMAT:
            raise HomeTooNew(path=path, found=found, known=FORMAT)
        return Home(
            path.resolve(),
            HomeId(fields["id"]),
            World(fields["world"]),
            int(fields["epoch"]),
            from_iso(fields["born"]),
            str(fields["place"]),
            found,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HomeUnreadable(path=path, why=error) from error


def read_world(folder: Path) -> World | None:
    """The world of the home at ``folder``, or None when no readable home is there."""
    try:
        return read(folder).world
    except ReleveError:
        return None


def take_over(path: Path) -> Home:
    """Make a copied home the live one: next epoch, this place. No writer can hold it: each is
    refused while it is a copy. Raises :class:`HomeAlreadyLive`.
    """
    old = read(path)
    if old.place == _place(path):
        raise HomeAlreadyLive(path=path)
    home = Home(old.path, old.id, old.world, old.epoch + 1, old.born, _place(path))
    write_durably(path / _FILE, _encode(home), mode=0o644)
    return read(path)


def writer_of(home: Home, part: str) -> int | None:
    """The process that holds ``run/<part>.lock`` now, None when nobody does."""
    try:
        with sole_writer(home, part):
            return None
    except HomeBusy as busy:
        return int(str(busy.data["pid"]))
    except HomeCopied:
        return None


@contextmanager
def sole_writer(home: Home, part: str) -> Iterator[None]:
    """Hold ``run/<part>.lock`` under flock: one writer per part; raises :class:`HomeBusy` with the
    holder's pid. In an installed home a lock that another part's user alone may take is busy too.
    """
    home.check_not_copied()
    make_folder(home.run)
    path = home.run / f"{part}.lock"
    endpoints = home.run / "endpoints.json"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise HomeBusy(path=home.path, part=part, pid="inconnu", endpoints=endpoints) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "inconnu"
            raise HomeBusy(path=home.path, part=part, pid=pid, endpoints=endpoints) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def _place(path: Path) -> str:
    """Machine and inode: kept by a move and a reboot, changed by a copy."""
    try:
        machine = Path("/etc/machine-id").read_bytes()
    except OSError:
        machine = b""
    return f"{hashlib.sha256(machine).hexdigest()[:12]}:{path.stat().st_ino}"


def _encode(home: Home) -> bytes:
    fields = asdict(home)
    del fields["path"]
    fields["born"] = iso(home.born)
    return json.dumps(fields, indent=1, sort_keys=True).encode()


__all__ = [
    "FORMAT",
    "FinessRefused",
    "Home",
    "HomeAlreadyLive",
    "HomeBusy",
    "HomeCopied",
    "HomeTooNew",
    "HomeUnreadable",
    "HomeWrongWorld",
    "birth",
    "read",
    "read_world",
    "sole_writer",
    "take_over",
    "writer_of",
]
