"""Objects as plain files, in the layout of a restic repository, under ``vault/repos/<machine>/``.

An object is on the disk before :meth:`Upload.keep` returns: temporary file, hash while writing,
fsync, link (which never overwrites), fsync of the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from releve.kernel.durable import creation_mode, fsync, fsync_folder, make_folder
from releve.kernel.ids import MachineName
from releve.vault.objects import Kind, Ref, is_object_name


class FolderStore:
    """Received objects of all machines below one folder. Thread-safe: the file system decides."""

    def __init__(self, vault: Path) -> None:
        self.repos = vault / "repos"
        self._incoming = vault / "incoming"
        make_folder(self.repos)
        make_folder(self._incoming)

    def clear_incoming(self) -> int:
        """Remove what an earlier life left half received; returns how many files."""
        stale = list(self._incoming.iterdir())
        for path in stale:
            path.unlink()
        return len(stale)

    def path(self, ref: Ref) -> Path:
        """Where ``ref`` lies, whether or not it is there."""
        return object_path(self.repos / ref.machine, ref.kind, ref.name)

    def upload(self) -> Upload:
        """Start receiving an object."""
        return Upload(self._incoming / f"{secrets.token_hex(12)}.part")

    def keep(self, upload: Upload, ref: Ref) -> bool:
        """Give a finished upload its name, durably; False, nothing changed, when it is taken."""
        path = self.path(ref)
        make_folder(path.parent)
        return upload.keep(path)

    def read(self, ref: Ref, start: int, end: int) -> bytes:
        """Bytes ``start`` to ``end`` (excluded); raises ``FileNotFoundError``."""
        descriptor = os.open(self.path(ref), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return b"".join(_pread_all(descriptor, start, end))
        finally:
            os.close(descriptor)

    def remove(self, ref: Ref) -> bool:
        """Remove a lock; False when it was not there."""
        try:
            self.path(ref).unlink()
        except FileNotFoundError:
            return False
        return True

    def scan(self) -> Iterator[tuple[Ref, int]]:
        """Every object on the disk with its size in bytes, configs left out."""
        for repository in sorted(self.repos.iterdir()):
            machine = MachineName(repository.name)
            for kind in Kind:
                if kind is not Kind.CONFIG:
                    for name, size in _objects(repository / kind.value):
                        yield Ref(machine, kind, name), size

    def free(self) -> tuple[int, int]:
        """Bytes free for an ordinary user, and the disk's size."""
        disk = os.statvfs(self.repos)
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


class Upload:
    """One object being received into a temporary file; ends by :meth:`keep` or :meth:`drop`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, creation_mode(path.parent, 0o400))
        self.size = 0

    def write(self, chunks: Iterable[bytes]) -> None:
        """Add bytes; raises ``OSError`` when the disk is full."""
        for chunk in chunks:
            self._hash.update(chunk)
            self.size += len(chunk)
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._descriptor, view) :]

    @property
    def digest(self) -> str:
        """SHA-256 of what was written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def keep(self, path: Path) -> bool:
        """Link the file to ``path``, durably; False when the name is taken. Ends the upload."""
        try:
            fsync(self._descriptor)
            os.link(self._path, path)
        except FileExistsError:
            return False
        finally:
            self.drop()
        fsync_folder(path.parent)
        return True

    def drop(self) -> None:
        """Forget what was received; harmless when the upload has ended."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


def object_path(repository: Path, kind: Kind, name: str) -> Path:
    """restic's local layout: packs spread over ``data/<first two digits>/``."""
    if kind is Kind.CONFIG:
        return repository / "config"
    if kind is Kind.DATA:
        return repository / "data" / name[:2] / name
    return repository / kind.value / name


def _objects(folder: Path) -> Iterator[tuple[str, int]]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _objects(Path(entry.path))
            elif is_object_name(entry.name):
                yield entry.name, entry.stat(follow_symlinks=False).st_size


def _pread_all(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        part = os.pread(descriptor, end - start, start)
        if not part:
            return
        yield part
        start += len(part)
