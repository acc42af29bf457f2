"""The signer's Unix socket: many clients, one fsync for all that arrived meanwhile.

One thread. What the clients ask in one turn of the loop is appended together, so the disk's pace
is shared and not queued for. A client that sends nonsense, half a frame, or does not read its
answers loses its own connection and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import cast

import uvloop

from releve.kernel.errors import ReleveError
from releve.ledger.errors import SignerUnreachable
from releve.ledger.place import short_path
from releve.ledger.signer import Entry, Signer
from releve.ledger.wire import APPEND, PUBLISH, BrokenFrame, Frame, Frames, done, failed

MAX_CLIENTS = 256
#: Answers a client has not read; beyond, it is cut off.
_MAX_UNREAD = 1 << 20
#: Entries appended under one fsync; the rest waits for the next.
_MAX_TOGETHER = 512
_PUBLISH_SECONDS = 1.0
#: How long a commit waits for the companions of the last one.
_GATHER_SECONDS = 0.001
_HALF_FRAME_SECONDS = 30.0
#: Questions of one client not yet answered; beyond, its bytes wait in the socket.
_MAX_PENDING = 2048

Asked = tuple["_Client", Entry | bytes]


class SignerServer:
    """Serves one :class:`Signer` until :meth:`stop`. Runs in one event loop."""

    def __init__(self, signer: Signer, listening: socket.socket) -> None:
        self._signer = signer
        self._listening = listening
        self._asked: list[Asked] = []
        self._clients: set[_Client] = set()
        self._loop = asyncio.get_running_loop()
        self._turn: asyncio.Task[None] | None = None
        self._usual = 0
        self._enough = asyncio.Event()
        self._disk = ThreadPoolExecutor(1)
        self._stopping = asyncio.Event()

    async def serve(self, ready: Callable[[], None]) -> None:
        """Accept clients, publish every second; returns after :meth:`stop`."""
        server = await self._loop.create_unix_server(
            lambda: _Client(self), sock=self._listening, backlog=MAX_CLIENTS
        )
        ready()
        try:
            while not self._stopping.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _PUBLISH_SECONDS)
                await self._publish()
        finally:
            server.close()
            if self._turn is not None:
                await self._turn
            self._disk.shutdown()
            for client in list(self._clients):
                client.close()

    def stop(self) -> None:
        """Finish what was asked, then leave."""
        self._stopping.set()

    def ask(self, client: _Client, frames: list[Frame]) -> None:
        """Check what a client asks at once; it is kept with all that waits, while the disk works
        on the turn before.
        """
        self._asked += [(client, self._admit(frame)) for frame in frames]
        if self._turn is None:
            self._turn = self._loop.create_task(self._take_turns())
        elif len(self._asked) >= self._usual:
            self._enough.set()

    def join(self, client: _Client) -> bool:
        """False when there are too many clients already."""
        if len(self._clients) >= MAX_CLIENTS:
            return False
        self._clients.add(client)
        return True

    def leave(self, client: _Client) -> None:
        self._clients.discard(client)

    async def _publish(self) -> None:
        try:
            await self._loop.run_in_executor(None, self._signer.publish)
        except OSError as error:  # a full disk: entries are in the journal, tiles will follow
            sys.stderr.write(f"signataire : tuiles non écrites, nouvel essai bientôt ({error})\n")

    async def _take_turns(self) -> None:
        await asyncio.sleep(0)  # let this turn of the loop read every client
        while self._asked:
            await self._gather()
            turn, self._asked = self._asked[:_MAX_TOGETHER], self._asked[_MAX_TOGETHER:]
            answers = await self._loop.run_in_executor(self._disk, self._keep, turn)
            for (client, _), answer in zip(turn, answers, strict=True):
                client.answer(answer)
        self._turn = None

    async def _gather(self) -> None:
        """Wait a moment for those who asked last time and have just been answered: one commit for
        eight who wait costs the disk as much as one for each.
        """
        if len(self._asked) < self._usual:
            self._enough.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), _GATHER_SECONDS)
        self._usual = len(self._asked)

    def _keep(self, turn: list[Asked]) -> list[bytes]:
        """In the disk's thread: one commit for the turn, then what comes after it."""
        entries = [asked for _, asked in turn if isinstance(asked, Entry)]
        try:
            kept = iter(self._signer.keep(entries))
        except ReleveError as error:  # journal full or stopped: nobody of this turn is answered yes
            refusal = failed(error)
            kept_bytes = iter([refusal] * len(entries))
        else:
            kept_bytes = (done(k) if isinstance(k, int) else failed(k) for k in kept)
        return [
            next(kept_bytes) if isinstance(asked, Entry) else asked or self._published()
            for _, asked in turn
        ]

    def _admit(self, frame: Frame) -> Entry | bytes:
        """An entry to keep, an answer already known, or nothing: the publication asked for."""
        try:
            if frame.kind == APPEND:
                return self._signer.admit(frame.body)
            if frame.kind == PUBLISH:
                return b""
            raise BrokenFrame(why=f"demande inconnue {frame.kind!r}")
        except ReleveError as error:
            return failed(error)

    def _published(self) -> bytes:
        try:
            return done(self._signer.publish())
        except ReleveError as error:
            return failed(error)
        except OSError as error:
            return failed(SignerUnreachable(path=self._signer.place.log, why=error))


class _Client(asyncio.Protocol):
    """One connection: bytes in, frames to the server, answers out."""

    def __init__(self, server: SignerServer) -> None:
        self._server = server
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._pending = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # what a stream server gives
        if not self._server.join(self):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._frames.feed(data)
        except BrokenFrame as error:
            self.answer(failed(error))
            self.close()
            return
        self._expect_the_rest()
        self._pending += len(frames)
        if self._pending > _MAX_PENDING and self._transport is not None:
            self._transport.pause_reading()
        self._server.ask(self, frames)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._patience:
            self._patience.cancel()
        self._server.leave(self)

    def answer(self, data: bytes) -> None:
        """Send; a client that left, or reads nothing, is no longer served."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        self._pending -= 1
        if self._pending == _MAX_PENDING // 2:
            self._transport.resume_reading()
        if self._transport.get_write_buffer_size() > _MAX_UNREAD:
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _expect_the_rest(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None
        if self._frames.partial:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(_HALF_FRAME_SECONDS, self.close)


def listen(path: Path) -> socket.socket:
    """Bind ``path``; a socket left by a dead signer is replaced. The caller is the sole writer."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SignerUnreachable(path=path, why="un autre fichier porte ce nom")
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(path) as short:
        listening.bind(short)
    os.chmod(path, 0o660)
    return listening


def run(signer: Signer, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; then everything asked is answered and published."""

    async def serve() -> None:
        server = SignerServer(signer, listening)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        await server.serve(ready)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
