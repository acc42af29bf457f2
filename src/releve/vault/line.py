"""The private line between the receiver and the vault worker: ``HOME/run/receiver.sock``."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from releve.kernel.durable import make_folder
from releve.kernel.home import Home

_NAME = "receiver.sock"


def listen(home: Home) -> socket.socket:
    """Bind the socket of the receiver, replacing one left by a dead receiver.

    The caller holds the receipts' lock, so no live receiver is behind the old name.
    """
    make_folder(home.run)
    (home.run / _NAME).unlink(missing_ok=True)
    folder = os.open(home.run, os.O_RDONLY | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(_short(folder))
        os.chmod(home.run / _NAME, 0o600)
        listener.listen(64)
    finally:
        os.close(folder)
    return listener


def _short(folder: int) -> str:
    """A Unix address holds 107 bytes; a home's path may be longer, its descriptor is not."""
    return f"/proc/self/fd/{folder}/{_NAME}"


class Dial:
    """Keeps the folder open so that the address stays good for the life of the process."""

    def __init__(self, home: Home) -> None:
        self.path: Path = home.run / _NAME
        self._folder = os.open(home.run, os.O_RDONLY | os.O_DIRECTORY)

    @property
    def address(self) -> str:
        """What to connect to."""
        return _short(self._folder)

    def close(self) -> None:
        """Release the folder."""
        os.close(self._folder)
