"""Service accounts: the table of who may what (``accounts.toml``), and its application to a home.

Applied by root: folders that are missing are made, each place gets its access list. What is below a
part's folder is that part's to change, so names are never followed: everything is reached by
descriptors, links and files of several names are left alone.
"""

from __future__ import annotations

import os
import pwd
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from releve.kernel.errors import ReleveError
from releve.runtime import acl

CONSOLE = "releve"
PREFIX = "releve-"
#: Written in a home once its places have their lists: from then on units run it, never ``serve``.
MARK = "accounts.json"
_FOLDER, _FILE, _SOCKET = "folder", "file", "socket"
_BITS = {
    "x": acl.PASS,
    "r": acl.READ | acl.PASS,
    "rw": acl.READ | acl.WRITE | acl.PASS,
    "w": acl.WRITE | acl.PASS,
    "create": acl.READ | acl.WRITE | acl.PASS,
    "connect": acl.READ | acl.WRITE,
}
_ALL = acl.READ | acl.WRITE | acl.PASS


class NoAccessLists(ReleveError):
    """Le disque de {path} ne garde pas de listes d'accès : {why}."""

    next_step = "Placez le dossier sur ext4, xfs ou btrfs (option de montage acl)."


class UserMissing(ReleveError):
    """L'utilisateur système « {name} » manque."""

    next_step = "Relancez install.sh : il le crée."


class PlaceTaken(ReleveError):
    """{path} n'est pas un {kind} : rien n'y est changé."""

    next_step = "Regardez ce que c'est (quelqu'un l'a mis là) et ôtez-le."


@dataclass(frozen=True)
class Row:
    """One part: its user, the streams it is handed in order, what its unit lets it do."""

    name: str
    does: str
    streams: tuple[str, ...]
    families: tuple[str, ...]
    memory_mib: int
    namespaces: str = ""
    system_calls: tuple[str, ...] = ()

    @property
    def user(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Place:
    """One place of a home. ``rights``: part → word; ``files``: the same for the files created in a
    folder, when it differs. ``shallow`` = what is below has lines of its own. Files found
    there are given back to ``owner``, whoever made them.
    """

    path: str
    what: str
    rights: Mapping[str, str]
    kind: str = _FOLDER
    files: Mapping[str, str] = field(default_factory=dict)
    shallow: bool = False
    optional: bool = False
    owner: str = ""

    @property
    def sticky(self) -> bool:
        """Several create here: each removes only its own."""
        return "create" in self.rights.values()

    def inherited(self) -> Mapping[str, str]:
        """Rights on the files created in this folder."""
        if self.files:
            return self.files
        return {part: word for part, word in self.rights.items() if word in ("r", "rw")}


@dataclass(frozen=True)
class Table:
    """The whole of ``accounts.toml``."""

    parts: tuple[Row, ...]
    places: tuple[Place, ...]
    fences: tuple[str, ...]

    def part(self, name: str) -> Row:
        return next(each for each in self.parts if each.name == name)

    def writable(self, part: str) -> tuple[str, ...]:
        """Folders this part writes in, none below another of them."""
        wanted = {"rw", "create"}
        return tuple(
            place.path
            for place in self.places
            if place.kind == _FOLDER and place.rights.get(part) in wanted
        )


@cache
def table() -> Table:
    """The table, read once."""
    data = tomllib.loads(Path(__file__).with_name("accounts.toml").read_text("utf-8"))
    parts = tuple(
        Row(
            name=name,
            does=fields["does"],
            streams=tuple(fields["streams"]),
            families=tuple(fields["families"]),
            memory_mib=fields["memory_mib"],
            namespaces=fields.get("namespaces", ""),
            system_calls=tuple(fields.get("system_calls", ())),
        )
        for name, fields in data["part"].items()
    )
    places = tuple(Place(**fields) for fields in data["place"])
    return Table(parts, places, tuple(fence["what"] for fence in data["fence"]))


def uid_of(user: str) -> int:
    """Raises :class:`UserMissing`."""
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise UserMissing(name=user) from None


def apply(home: Path) -> None:
    """Give every place of ``home`` its access list; root only. May be done again at any time, while
    the parts run. Raises :class:`NoAccessLists`, :class:`UserMissing`, :class:`PlaceTaken`.
    """
    uids = {row.name: uid_of(row.user) for row in table().parts}
    console = uid_of(CONSOLE)
    own = {place.path for place in table().places}
    for place in table().places:
        path = home / place.path
        try:
            _apply(home, place, own, uids, console)
        except OSError as error:
            raise NoAccessLists(path=path, why=error.strerror) from error


def _apply(home: Path, place: Place, own: set[str], uids: Mapping[str, int], console: int) -> None:
    found = _reach(home, place, console)
    if found is None:
        return
    try:
        acl.put(found, acl.ACCESS, _list(place, uids, console))
        if place.kind != _FOLDER:
            return
        inherited = {uids[part]: _BITS[word] for part, word in place.inherited().items()}
        below = _Below({**inherited, console: _ALL}, uids[place.owner] if place.owner else None)
        # In a folder where several create, the kernel lets nobody reopen with O_CREAT what is
        # neither their own nor its owner's (fs.protected_regular): it and such files are the
        # console's.
        os.chown(f"/proc/self/fd/{found}", console, -1)
        acl.put(found, acl.DEFAULT, below.folders)
        if place.sticky:
            mode = stat.S_IMODE(os.fstat(found).st_mode)
            os.chmod(f"/proc/self/fd/{found}", mode | stat.S_ISVTX)
        prefix = "" if place.path == "." else f"{place.path}/"
        names = {each.removeprefix(prefix) for each in own if each.startswith(prefix)}
        below.apply(found, names, deep=not place.shallow)
    finally:
        os.close(found)


def _list(place: Place, uids: Mapping[str, int], console: int) -> bytes:
    most = _ALL if place.kind == _FOLDER else _ALL & ~acl.PASS
    users = {uids[part]: _BITS[word] & most for part, word in place.rights.items()}
    return acl.encode(most, {**users, console: most})


class _Below:
    """What is already in a folder gets what it would inherit now."""

    def __init__(self, users: Mapping[int, int], owner: int | None) -> None:
        self.folders = acl.encode(_ALL, users)
        self._files = acl.encode(
            _ALL & ~acl.PASS, {uid: bits & ~acl.PASS for uid, bits in users.items()}
        )
        self._owner = owner

    def apply(self, folder: int, own: set[str], *, deep: bool) -> None:
        """Files, and folders too when ``deep``; names in ``own`` have a line of their own."""
        opened = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            for name in os.listdir(opened):
                if name not in own:
                    self._one(opened, name, deep=deep)
        finally:
            os.close(opened)

    def _one(self, folder: int, name: str, *, deep: bool) -> None:
        try:
            found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            return
        try:
            status = os.fstat(found)
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
                if self._owner is not None and status.st_uid != self._owner:
                    os.chown(f"/proc/self/fd/{found}", self._owner, -1)
                acl.put(found, acl.ACCESS, self._files)
            elif deep and stat.S_ISDIR(status.st_mode):
                acl.put(found, acl.ACCESS, self.folders)
                acl.put(found, acl.DEFAULT, self.folders)
                self.apply(found, set(), deep=True)
        finally:
            os.close(found)


def _reach(home: Path, place: Place, console: int) -> int | None:
    """A descriptor (by path only) of the place, made when missing; None when it is not to be."""
    kinds = {_FOLDER: stat.S_ISDIR, _FILE: stat.S_ISREG, _SOCKET: stat.S_ISSOCK}
    folder = _walk(home, Path(place.path).parent)
    name = Path(place.path).name or "."
    try:
        with suppress(FileExistsError):
            if place.kind == _FOLDER and name != ".":
                os.mkdir(name, 0o700, dir_fd=folder)
                os.chown(name, console, -1, dir_fd=folder, follow_symlinks=False)
            elif place.kind == _FILE and not place.optional:
                made = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600, dir_fd=folder)
                os.fchown(made, console, -1)
                os.close(made)
        try:
            found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            return None
        status = os.fstat(found)
        alone = stat.S_ISDIR(status.st_mode) or status.st_nlink == 1
        if not kinds[place.kind](status.st_mode) or not alone:
            os.close(found)
            raise PlaceTaken(path=home / place.path, kind=place.kind)
        return found
    finally:
        os.close(folder)


def _walk(home: Path, below: Path) -> int:
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    here = os.open(home, flags)
    for name in below.parts:
        there = os.open(name, flags, dir_fd=here)
        os.close(here)
        here = there
    return here
