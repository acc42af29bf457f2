"""What the root parent does with the paths a person named, before the verb runs without root.

Root may name folders that ``releve`` cannot reach. Output files are opened here and handed over as
``fd:N``; new output folders and homes are made here and given to ``releve``; inputs that ``releve``
may not read are copied aside. A path below a closed folder is shown to the verb at the same place
through a mount namespace of its own: nobody's permissions are changed.
"""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from releve.kernel.errors import ReleveError

_CLONE_NEWNS = 0x00020000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_SLAVE = 1 << 19

#: Verbs that name paths in their plain arguments: what each argument is (« word »: no path).
_PLAIN: dict[tuple[str, ...], tuple[str, ...]] = {
    ("dossier",): ("output",),
    ("ledger", "append"): ("input",),
    ("ledger", "export"): ("output",),
    ("vault", "scan"): ("input", "input"),
    ("care", "read"): ("input",),
    ("care", "replay"): ("input",),
    ("care", "open"): ("input",),
    ("establishment", "check"): ("input",),
    ("establishment", "import"): ("word", "input"),
    ("establishment", "load"): ("input",),
    ("establishment", "save"): ("output",),
    ("establishment", "blast"): ("input",),
    ("establishment", "plan"): ("input",),
    ("establishment", "demands"): ("input",),
    ("drill", "field", "papers"): ("output",),
    ("incident", "binder"): ("output",),
}
#: Options that name paths.
_OPTIONS = {
    "--home": "home",
    "--json": "file",
    "--out": "file",
    "--sign": "input",
    "--census": "input",
    "--map": "input",
    "--map-out": "file",
    "--pdf": "file",
    "--into": "output",
    "--scenario": "scenario",
    "--certificate": "input",
    "--key": "input",
    "--plan": "input",
    "--root": "seen",
}
#: Options without a value; every other one is followed by its value.
_FLAGS = frozenset(
    (
        "--help", "-h", "--mutant", "--ports", "--trust", "--take-over", "-q", "-x", "--accept",
        "--all", "--card", "--check", "--decided", "--dry-run", "--false-alarm",
        "--forgotten", "--loopback", "--own-census",
        "--remove-gone", "--renew", "--resume", "--roundtrip", "--thaw", "--yes-this-month",
    )
)  # fmt: skip


class PathRefused(ReleveError):
    """{path} : {why}."""

    next_step = "Donnez un fichier que vous pouvez lire, ou un dossier neuf pour les résultats."


@dataclass
class Plan:
    """The verb's arguments as ``releve`` will see them, and what to undo afterwards."""

    arguments: list[str]
    uid: int
    gid: int
    descriptors: list[int] = field(default_factory=list)
    #: Folders shown at their own place although a parent is closed to ``releve``.
    view: list[Path] = field(default_factory=list)
    lent: list[tuple[Path, int, int]] = field(default_factory=list)
    copies: list[Path] = field(default_factory=list)

    def enter_view(self) -> None:
        """In the child, still root: a mount namespace where each path of ``view`` is reachable."""
        libc = ctypes.CDLL(None, use_errno=True)
        _check(libc.unshare(_CLONE_NEWNS))
        _check(libc.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None))
        os.umask(0o022)
        held = [(path, os.open(path, os.O_PATH)) for path in self.view]
        for closed in {_closed_ancestor(path, self.uid, self.gid) for path in self.view}:
            if closed is not None:
                _check(libc.mount(b"tmpfs", os.fsencode(closed), b"tmpfs", 0, b"mode=755"))
        for path, descriptor in held:
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
            source = f"/proc/self/fd/{descriptor}".encode()
            _check(libc.mount(source, os.fsencode(path), None, _MS_BIND | _MS_REC, None))
            os.close(descriptor)

    def finish(self) -> None:
        """Give lent folders back and remove copies; the verb is over."""
        for path, uid, gid in self.lent:
            os.chown(path, uid, gid)
        for path in self.copies:
            shutil.rmtree(path, ignore_errors=True)


def prepare(arguments: Sequence[str], root: Path, uid: int, gid: int) -> Plan:
    """Make every path named in ``arguments`` usable by ``uid``; raises :class:`PathRefused`."""
    plan = Plan(list(arguments), uid, gid)
    try:
        _stage(plan, root)
    except BaseException:
        plan.finish()
        raise
    return plan


def _stage(plan: Plan, root: Path) -> None:
    for place, kind in _paths(plan.arguments):
        given = plan.arguments[place]
        if not given:
            raise PathRefused(path="« » (vide)", why="aucun chemin n'a été donné")
        if kind == "word" or given == "-" or given.startswith("fd:"):
            continue
        if kind == "seen":  # looked at where it is: what is closed is read by a launcher
            plan.arguments[place] = os.path.abspath(given)
            continue
        if kind == "scenario" and not given.endswith(".toml"):
            continue  # the name of one that is shipped
        path = Path(os.path.abspath(given))
        plan.arguments[place] = str(path)
        if kind == "file":
            descriptor = _open_output(path)
            plan.descriptors.append(descriptor)
            plan.arguments[place] = f"fd:{descriptor}"
        elif kind in ("input", "scenario"):
            plan.arguments[place] = str(_readable(path, plan, root))
        else:
            _lend(path, plan, kind)


def _paths(arguments: list[str]) -> Iterator[tuple[int, str]]:
    plain: list[int] = []
    place = 0
    while place < len(arguments):
        word = arguments[place]
        if word.startswith("-") and word != "-":
            option, equals, value = word.partition("=")
            if equals and option in _OPTIONS:
                arguments[place : place + 1] = [option, value]
            elif equals or option in _FLAGS:
                place += 1
                continue
            if option in _OPTIONS and place + 1 < len(arguments):
                yield place + 1, _OPTIONS[option]
            following = arguments[place + 1 : place + 2]
            bare = not following or (following[0].startswith("-") and following[0] != "-")
            place += 1 if bare else 2
        else:
            plain.append(place)
            place += 1
    for depth in (1, 2, 3):
        kinds = _PLAIN.get(tuple(arguments[i] for i in plain[:depth]), ())
        yield from zip(plain[depth:], kinds, strict=False)


def _open_output(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    except OSError as error:
        raise PathRefused(path=path, why=error.strerror) from error


def _lend(path: Path, plan: Plan, kind: str) -> None:
    """A folder the verb fills: made here, or, when it is there and empty, lent (a home: given)."""
    try:
        if not path.exists():
            path.mkdir(parents=True)
            os.chown(path, plan.uid, plan.gid)
        elif path.stat().st_uid != plan.uid and not any(path.iterdir()):
            status = path.stat()
            os.chown(path, plan.uid, plan.gid)
            if kind == "output":
                plan.lent.append((path, status.st_uid, status.st_gid))
    except OSError as error:
        raise PathRefused(path=path, why=error.strerror) from error
    if _closed_ancestor(path, plan.uid, plan.gid) is not None:
        plan.view.append(path)


def _readable(path: Path, plan: Plan, root: Path) -> Path:
    if not path.exists():
        return path  # the verb says it better
    if _all_open(path, plan.uid, plan.gid):
        return path
    copy = Path(tempfile.mkdtemp(prefix="entree-", dir=root / "var/cache"))
    plan.copies.append(copy)
    target = copy / path.name
    if path.is_dir():
        shutil.copytree(path, target, symlinks=True, ignore=_special)
    else:
        for beside in (path, *path.parent.glob(f"{glob.escape(path.name)}.*")):  # a signature
            shutil.copy2(beside, copy / beside.name)
    for place in (copy, *copy.rglob("*")):
        os.chown(place, plan.uid, plan.gid, follow_symlinks=False)
    return target


def _special(folder: str, names: list[str]) -> list[str]:
    """Sockets, pipes and devices are not content."""
    kept = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
    modes = {name: os.lstat(os.path.join(folder, name)).st_mode for name in names}
    return [name for name, mode in modes.items() if stat.S_IFMT(mode) not in kept]


def _all_open(path: Path, uid: int, gid: int) -> bool:
    if _closed_ancestor(path, uid, gid) is not None:
        return False
    return all(_allows(place, uid, gid, 4) for place in (path, *path.rglob("*")))


def _closed_ancestor(path: Path, uid: int, gid: int) -> Path | None:
    """The highest folder on the way to ``path`` that this user may not traverse."""
    for folder in reversed(path.parents):
        if not _allows(folder, uid, gid, 1):
            return folder
    return None


def _allows(path: Path, uid: int, gid: int, bit: int) -> bool:
    status = path.lstat()
    shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
    return bool(status.st_mode >> shift & bit)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
