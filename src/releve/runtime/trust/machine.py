"""The files of a machine, this one's or those under another root; links stay inside that root.

Hostile or broken files are possible: each is read up to a limit, as text that is only looked at.
"""

from __future__ import annotations

import base64
import fnmatch
import glob
import json
import os
import socket
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from releve.runtime.gate import launch

_MOST = 1 << 20
_LINKS = 40
#: Closed files that the root parent reads for the verb (``runtime.launchers.trust``).
CLOSED = (
    "etc/sudoers",
    "etc/sudoers.d/*",
    "etc/doas.conf",
    "etc/sssd/sssd.conf",
    "etc/sssd/conf.d/*.conf",
    "etc/ssh/sshd_config",
    "etc/ssh/sshd_config.d/*.conf",
    "etc/chrony/chrony.conf",
    "var/spool/cron/crontabs/*",
    "root/.ssh/authorized_keys*",
    "home/*/.ssh/authorized_keys*",
)


class Machine:
    """One machine. ``lent``: contents, by path from the root, of every file of :data:`CLOSED` that
    is there, read by somebody who may; None = nobody did. :attr:`unread` collects what could not be
    read at all.
    """

    def __init__(self, root: Path, lent: Mapping[str, bytes] | None = None) -> None:
        self.root = root
        self._asked = lent is not None
        self._lent = dict(lent or {})
        self.unread: set[str] = set()

    def text(self, path: str) -> str | None:
        """A file's text; None when it is not there or may not be read (then: ``unread``)."""
        try:
            with self._inside(path).open("rb") as file:
                return file.read(_MOST).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            pass
        except OSError:
            self._closed(path)
        lent = self._lent.get(path)
        return None if lent is None else lent.decode("utf-8", "replace")

    def bytes(self, path: str) -> bytes | None:
        """A file's bytes, likewise."""
        try:
            with self._inside(path).open("rb") as file:
                return file.read(8 * _MOST)
        except OSError:
            return None

    def lines(self, path: str, comments: str = "#") -> list[str]:
        """Lines that say something."""
        text = self.text(path) or ""
        stripped = (line.strip() for line in text.splitlines())
        return [line for line in stripped if line and line[0] not in comments]

    def exists(self, path: str) -> bool:
        """Whether a file, folder or device of that name is there."""
        try:
            self._inside(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return any(name == path for name in self._lent)
        except OSError:
            self._closed(path)
            return path in self._lent
        return True

    def _closed(self, path: str) -> None:
        """Not readable here: not read at all, unless somebody who may has looked."""
        looked = self._asked and any(Path(path).match(pattern) for pattern in CLOSED)
        if not looked:
            self.unread.add(path)

    def found(self, pattern: str) -> list[str]:
        """Paths from the root that match, in order; those lent too."""
        names = glob.glob(pattern, root_dir=str(self.root), include_hidden=True)
        lent = (name for name in self._lent if Path(name).match(pattern))
        self._closed_folders(pattern)
        return sorted({*names, *lent})

    def _closed_folders(self, pattern: str) -> None:
        """A folder that cannot be listed hides its files: said, unless they were lent."""
        for folder in glob.glob(str(Path(pattern).parent), root_dir=str(self.root)):
            covered = self._asked and pattern in CLOSED
            if not covered and not os.access(self.root / folder, os.R_OK | os.X_OK):
                self.unread.add(folder)

    def _inside(self, path: str) -> Path:
        """The place of ``path`` with every link followed as if ``root`` were ``/``."""
        todo, done = list(Path(path).parts), self.root
        for _ in range(_LINKS * 8):
            if not todo:
                return done
            name = todo.pop(0)
            if name == "/":
                continue
            if name == "..":
                done = done.parent if done != self.root else done
                continue
            step = done / name
            if step.is_symlink():
                target = Path(os.readlink(step))
                todo = [*target.parts, *todo]
                done = self.root if target.is_absolute() else done
            else:
                done = step
        raise FileNotFoundError(path)


def of_this_machine(root: Path) -> Machine:
    """The machine under ``root``, with what the root parent may read for a verb started by root."""
    return Machine(root, _lent(root))


def _lent(root: Path) -> dict[str, bytes] | None:
    ours, theirs = socket.socketpair()
    with ours, theirs, open(os.devnull, "rb") as nothing:
        launched = launch("trust", [str(root)], stdin=nothing.fileno(), stdout=theirs.fileno())
        theirs.close()
        if launched is None:
            return None
        said = b"".join(_received(ours))
        launched.wait()
    try:
        found: dict[str, str] = json.loads(said)
    except ValueError:
        return None
    return {name: base64.b64decode(content) for name, content in found.items()}


def _received(line: socket.socket) -> Iterator[bytes]:
    while data := line.recv(_MOST):
        yield data


def closed_files(root: Path, patterns: Sequence[str] = CLOSED) -> Iterator[tuple[str, bytes]]:
    """For the launcher, as root: the files of :data:`CLOSED`. No link is followed on the way, for
    whoever asked may have made the root.
    """
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    for pattern in patterns:
        top = os.open(root, flags)
        try:
            for name, descriptor in _matching(top, Path(pattern).parts, ""):
                with os.fdopen(descriptor, "rb") as file:
                    yield name, file.read(_MOST)
        finally:
            os.close(top)


def _matching(folder: int, parts: Sequence[str], before: str) -> Iterator[tuple[str, int]]:
    listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        names = sorted(fnmatch.filter(os.listdir(listed), parts[0]))
    finally:
        os.close(listed)
    last = len(parts) == 1
    wanted = os.O_RDONLY | os.O_NONBLOCK if last else os.O_PATH | os.O_DIRECTORY
    for name in names:
        try:
            found = os.open(name, wanted | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            continue
        if last and stat.S_ISREG(os.fstat(found).st_mode):
            yield before + name, found
            continue
        try:
            if not last:
                yield from _matching(found, parts[1:], f"{before}{name}/")
        finally:
            os.close(found)
