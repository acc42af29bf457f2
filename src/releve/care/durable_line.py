"""The listener tells its followers how many messages are on the disk: ``HOME/run/care.sock``.

Eight bytes, big-endian, the total; a follower that connects gets it at once, then after each
fsync. Counts are coalesced: a slow follower gets the latest, never a queue of old ones.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import time
from contextlib import suppress
from typing import cast

from releve.kernel.durable import make_folder
from releve.kernel.home import Home
from releve.ledger.place import short_path

_NAME = "care.sock"
_SIZE = 8
_MAX_FOLLOWERS = 32


def bind(home: Home) -> socket.socket:
    """Bind the line, replacing one left by a dead listener.

    The caller holds the journal, so no live listener is behind the old name.
    """
    make_folder(home.run)
    path = home.run / _NAME
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(path) as short:
        listening.bind(short)
    os.chmod(path, 0o600)
    listening.listen(_MAX_FOLLOWERS)
    return listening


class DurableLine:
    """The listener's end, in its event loop."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._followers: set[_Follower] = set()
        self._server: asyncio.Server | None = None

    async def serve(self, listening: socket.socket) -> None:
        """Accept followers from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Follower(self), sock=listening)

    def publish(self, count: int) -> None:
        """``count`` messages are on the disk."""
        self._count = count
        for follower in self._followers:
            follower.tell()

    @property
    def message(self) -> bytes:
        """The latest count, as it is sent."""
        return self._count.to_bytes(_SIZE, "big")

    def joined(self, follower: _Follower) -> bool:
        """Whether there is room for one more."""
        if len(self._followers) >= _MAX_FOLLOWERS:
            return False
        self._followers.add(follower)
        return True

    def left(self, follower: _Follower) -> None:
        """It went away."""
        self._followers.discard(follower)

    def close(self) -> None:
        """Let everybody go."""
        if self._server is not None:
            self._server.close()
        for follower in list(self._followers):
            follower.transport.close()


class _Follower(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, line: DurableLine) -> None:
        self._line = line
        self._blocked = False
        self._behind = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=0)
        if self._line.joined(self):
            self.tell()
        else:
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._line.left(self)

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        if self._behind:
            self.tell()

    def tell(self) -> None:
        """Send the latest count, now or when the last one has left."""
        self._behind = self._blocked
        if not self._blocked:
            self.transport.write(self._line.message)


class DurableCount:
    """A follower's end, for a process without event loop. Not thread-safe.

    The listener may come and go: while it is away the last count stays true.
    """

    def __init__(self, home: Home) -> None:
        self._path = home.run / _NAME
        self._socket: socket.socket | None = None
        self._partial = b""

    def wait(self, known: int, seconds: float) -> int | None:
        """The count as soon as it differs from ``known``; None when ``seconds`` have passed."""
        give_up = time.monotonic() + seconds
        while True:
            count = self._latest(max(0.0, give_up - time.monotonic()))
            if count is not None and count != known:
                return count
            if time.monotonic() >= give_up:
                return None

    @property
    def connected(self) -> bool:
        """Whether a listener is at the other end, as far as is known."""
        return self._socket is not None

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._partial = None, b""

    def _latest(self, seconds: float) -> int | None:
        line = self._socket or self._connect()
        if line is None:
            time.sleep(min(seconds, 0.1))
            return None
        ready, _, _ = select.select([line], [], [], seconds)
        if not ready:
            return None
        try:
            data = line.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.close()
            return None
        data = self._partial + data
        whole = len(data) - len(data) % _SIZE
        self._partial = data[whole:]
        return int.from_bytes(data[whole - _SIZE : whole], "big") if whole else None

    def _connect(self) -> socket.socket | None:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with suppress(OSError), short_path(self._path) as short:
            line.connect(short)
            self._socket = line
            return line
        line.close()
        return None
