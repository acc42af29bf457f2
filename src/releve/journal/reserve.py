"""A preallocated file, freed when the disk is full so that what is in flight still lands."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from releve.kernel.durable import creation_mode, fsync, fsync_folder

#: What the system says when there is no room: disk, quota, file size limit.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Reserve:
    """``FOLDER/reserve`` of ``size`` bytes. One user, the journal's writing thread."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder, self._size = folder, size
        self._path = folder / "reserve"
        with suppress(FileNotFoundError):
            self._ready = self._path.stat().st_blocks * 512 >= size
            return
        self._ready = False

    def make(self) -> None:
        """Make the reserve unless it is there; raises ``OSError`` (``NO_SPACE``) without room."""
        if self._ready:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, creation_mode(self._folder, 0o600))
        try:
            if self._size:
                os.posix_fallocate(descriptor, 0, self._size)
            fsync(descriptor)
        except OSError:
            self.free()
            raise
        finally:
            os.close(descriptor)
        fsync_folder(self._folder)
        self._ready = True

    def free(self) -> None:
        """Give the room back to the disk, at once."""
        self._ready = False
        self._path.unlink(missing_ok=True)
        fsync_folder(self._folder)
