"""Writing so that it is still there after a power cut: file and folder are fsynced before a
function returns.

An fsync that fails leaves the page cache in an unknown state, so it ends the process
(``FsyncFailed`` is a ``SystemExit``): retrying on the same descriptor could report success for data
that is lost.
"""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

_INHERITED = "system.posix_acl_default"
#: No list here, or a file system that has none.
_NO_LIST = (errno.ENODATA, errno.EOPNOTSUPP, errno.ENOSYS)


class FsyncFailed(SystemExit):
    """The disk refused to keep what was written; the process must not go on."""


def fsync(descriptor: int) -> None:
    """Flush a file or a folder to the disk; a failure ends the process."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise FsyncFailed(f"fsync refusé par le disque : {error}") from error


def fsync_folder(folder: Path) -> None:
    """Make names created in, linked into or removed from ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace ``path`` with ``data``: readers see the old bytes or the new, never a part; durable
    on return.
    """
    temporary = _write_beside(path, data, mode)
    os.replace(temporary, path)
    fsync_folder(path.parent)


def create_durably(path: Path, data: bytes, *, mode: int = 0o600) -> bool:
    """Create ``path`` with ``data``; False, with nothing changed, when the name is taken. Durable
    on return.
    """
    temporary = _write_beside(path, data, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    fsync_folder(path.parent)
    return True


def erase_durably(path: Path) -> bool:
    """Overwrite a small secret, then remove it; False when it is not there. Durable on return.

    Overwriting is what a file system that writes in place honours; one that keeps old blocks
    (snapshots, flash) may keep the old bytes.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        os.pwrite(descriptor, secrets.token_bytes(os.fstat(descriptor).st_size), 0)
        fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)
    fsync_folder(path.parent)
    return True


def make_folder(path: Path, *, mode: int = 0o700) -> None:
    """Create ``path`` and its parents, each durable in its own parent."""
    if path.is_dir():
        return
    make_folder(path.parent, mode=mode)
    path.mkdir(mode=creation_mode(path.parent, mode), exist_ok=True)
    fsync_folder(path.parent)


def creation_mode(folder: Path, mode: int) -> int:
    """``mode`` for a file created in ``folder``; the group's bits are the owner's where the folder
    carries an access list for its files (``runtime.accounts``). There they open nothing to a group:
    they are the ceiling of what the list grants (acl(5)), and 0600 would close it to everybody.
    """
    try:
        os.getxattr(folder, _INHERITED)
    except OSError as error:
        if error.errno in _NO_LIST:
            return mode
        raise
    return mode | (mode & 0o700) >> 3


def _write_beside(path: Path, data: bytes, mode: int) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    descriptor = os.open(temporary, flags, creation_mode(path.parent, mode))
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        fsync(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return temporary
