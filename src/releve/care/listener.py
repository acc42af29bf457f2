"""The MLLP listener: one event loop, many connections, one fsync for all that arrived meanwhile.

« AA » leaves only after the message is on the disk. A connection's answers keep its messages'
order. What a connection may hold of memory is bounded: beyond, its bytes wait in the socket; a
frame that does not end in time, a peer that does not read its answers, or one connection too many
loses its own connection and nothing else, and nothing that was acknowledged.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from releve.care.durable_line import DurableLine
from releve.care.intake import Incoming, Intake
from releve.care.mllp import Framer, Head, TooLong, acknowledgement, read_head
from releve.care.senders import Senders
from releve.journal import JournalFull
from releve.kernel.clock import Clock
from releve.kernel.errors import ReleveError
from releve.kernel.units import MIB, PARIS


@dataclass(frozen=True)
class Limits:
    """What the listener grants. Seconds, bytes, counts."""

    connections: int = 256
    #: Messages of one connection that wait for the disk; beyond, its bytes wait in the socket.
    waiting_messages: int = 512
    waiting_bytes: int = 8 * MIB
    #: Unfinished frames of all connections together; the one that goes beyond is cut.
    open_bytes: int = 256 * MIB
    #: A frame must end within this time, and one second more per :attr:`slowest_pace` bytes.
    frame_seconds: float = 60.0
    slowest_pace: int = 65536
    #: How long a peer may leave its answers unread.
    unread_seconds: float = 30.0
    #: Messages and bytes under one fsync; the rest waits for the next.
    commit_messages: int = 2048
    commit_bytes: int = 32 * MIB


_SWEEP_SECONDS = 1.0
_STOP_SECONDS = 5.0
_FULL = "disque plein : message non garde, a renvoyer"
_TOO_LONG = "message trop long : non garde"
_STOPPING = "arret en cours : message non garde, a renvoyer"


class _Item(NamedTuple):
    """One message to answer; ``message`` is None when it was refused before the disk."""

    link: _Link
    head: Head
    message: Incoming | None


class Listener:
    """Serves one :class:`Intake` until :meth:`stop`. Everything here runs in one event loop but
    the writing, which has a thread of its own.
    """

    def __init__(
        self,
        intake: Intake,
        senders: Senders,
        clock: Clock,
        line: DurableLine,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.clock = clock
        self.links: set[_Link] = set()
        self.garbage = 0
        self._intake, self._senders, self._line = intake, senders, line
        self._waiting: list[_Item] = []
        self._arrived = asyncio.Event()
        self._stopping = False
        self._failed: ReleveError | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="care-disk")
        self._refused = 0

    async def serve(self, listening: socket.socket, ready: Callable[[], None]) -> None:
        """Until :meth:`stop`; raises ``JournalStopped`` when the disk refuses to go on."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Link(self), sock=listening, backlog=512)
        sweeper = asyncio.create_task(self._sweep())
        ready()
        try:
            await self._write()
        finally:
            sweeper.cancel()
            server.close()
            await self._hang_up()
            self._disk.shutdown()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """What has arrived is written and answered; what comes after is not taken."""
        self._stopping = True
        self._arrived.set()

    @property
    def stopping(self) -> bool:
        """Whether anything is still taken."""
        return self._stopping

    def arrived(self, link: _Link, frames: Sequence[bytes | TooLong]) -> None:
        """Messages of one connection, in order, just now."""
        now = self.clock.now()
        for framed in frames:
            if isinstance(framed, TooLong):
                self._waiting.append(_Item(link, read_head(framed.head), None))
            else:
                head = read_head(framed)
                self._waiting.append(_Item(link, head, Incoming(now, head.sender, framed)))
        self._arrived.set()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting or not self._stopping:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting and self._failed is None:
                items = self._together()
                messages = [item.message for item in items if item.message is not None]
                try:
                    kept, codes = await loop.run_in_executor(self._disk, self._keep, messages)
                except JournalFull as full:
                    self._say(str(full))
                    self._refuse(items, _FULL)
                except ReleveError as failure:
                    self._failed = failure
                    self._refuse(items, _STOPPING)
                    self.stop()
                else:
                    if messages:
                        self._line.publish(kept.stop)
                    self._accept(items, kept.start, codes)
            if self._failed is not None:
                return

    def _together(self) -> list[_Item]:
        """What goes under the next fsync."""
        limits, size, count = self.limits, 0, 0
        for item in self._waiting[: limits.commit_messages]:
            size += len(item.message.raw) if item.message else 0
            if count and size > limits.commit_bytes:
                break
            count += 1
        items, self._waiting = self._waiting[:count], self._waiting[count:]
        return items

    def _keep(self, messages: Sequence[Incoming]) -> tuple[range, list[bytes]]:
        """In the writing thread: on the disk, then what answers each."""
        return self._intake.keep(messages), self._senders.codes(messages)

    def _accept(self, items: Sequence[_Item], number: int, codes: Sequence[bytes]) -> None:
        """AA or AE for what is kept, AR for the messages too long among them."""
        now, place = hl7_now(self.clock.now()), 0
        answers: dict[_Link, list[bytes]] = {}
        for link, head, message in items:
            if message is None:
                answer = self._refusal(head, now, _TOO_LONG)
            else:
                answer = acknowledgement(head, codes[place], f"RLV{number + place}", now)
                place += 1
                link.waiting_bytes -= len(message.raw)
            answers.setdefault(link, []).append(answer)
        for link, several in answers.items():
            link.answer(several)

    def _refuse(self, items: Sequence[_Item], why: str) -> None:
        """AR for all, with the reason."""
        now = hl7_now(self.clock.now())
        for link, head, message in items:
            link.waiting_bytes -= len(message.raw) if message else 0
            link.answer([self._refusal(head, now, why if message else _TOO_LONG)])

    def _refusal(self, head: Head, now: bytes, why: str) -> bytes:
        self._refused += 1
        return acknowledgement(head, b"AR", f"RLVR{self._refused}", now, why)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = self.clock.monotonic()
            for link in list(self.links):
                why = link.too_slow(now)
                if why:
                    link.cut(why)

    async def _hang_up(self) -> None:
        """Answers already written leave; then everything is closed."""
        for link in list(self.links):
            link.transport.close()
        give_up = self.clock.monotonic() + _STOP_SECONDS
        while self.links and self.clock.monotonic() < give_up:
            await asyncio.sleep(0.01)
        for link in list(self.links):
            link.transport.abort()

    def _say(self, text: str) -> None:
        sys.stderr.write(f"flux HL7 : {text}\n")
        sys.stderr.flush()

    def cut(self, peer: str, why: str) -> None:
        """Say that a connection was ended by us."""
        self._say(f"connexion {peer} coupée : {why}")


class _Link(asyncio.Protocol):
    """One sender's connection."""

    transport: asyncio.Transport

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._framer = Framer()
        self._open_since: float | None = None
        self._unread_since: float | None = None
        self._paused = False
        self._gone = False
        self._waiting = 0
        self.waiting_bytes = 0

    @property
    def open_bytes(self) -> int:
        """Bytes of its unfinished frame."""
        return self._framer.open_bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._listener.links.add(self)
        if self._listener.stopping:
            self.transport.abort()
        elif len(self._listener.links) > self._listener.limits.connections:
            self.cut("trop de connexions")

    def connection_lost(self, error: Exception | None) -> None:
        self._gone = True
        self._listener.garbage += self._framer.garbage
        self._listener.links.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._listener.stopping or self._gone:
            return
        frames = self._framer.feed(data)
        if not self._framer.open_bytes:
            self._open_since = None
        elif self._open_since is None or frames:
            self._open_since = self._listener.clock.monotonic()
        if frames:
            self._waiting += len(frames)
            self.waiting_bytes += sum(len(f) for f in frames if not isinstance(f, TooLong))
            self._listener.arrived(self, frames)
            self._slow_down()
        elif self._framer.open_bytes > MIB:
            self._check_room()

    def pause_writing(self) -> None:
        self._unread_since = self._listener.clock.monotonic()
        self._slow_down()

    def resume_writing(self) -> None:
        self._unread_since = None
        self._speed_up()

    def answer(self, answers: list[bytes]) -> None:
        """In the order of its messages."""
        self._waiting -= len(answers)
        if not self._gone:
            self.transport.write(b"".join(answers))
            self._speed_up()

    def too_slow(self, now: float) -> str:
        """Why it should be cut; empty when it should not."""
        limits = self._listener.limits
        granted = limits.frame_seconds + self.open_bytes / limits.slowest_pace
        if self._open_since is not None and now - self._open_since > granted:
            return "un message commencé ne finit pas"
        if self._unread_since is not None and now - self._unread_since > limits.unread_seconds:
            return "elle ne lit pas ses acquittements"
        return ""

    def cut(self, why: str) -> None:
        """End it now; what it sent and was not answered may or may not have been kept."""
        peer = self.transport.get_extra_info("peername") or ("?", "?")
        self._listener.cut(f"{peer[0]}:{peer[1]}", why)
        self.transport.abort()

    def _full(self) -> bool:
        limits = self._listener.limits
        return (
            self._waiting >= limits.waiting_messages
            or self.waiting_bytes >= limits.waiting_bytes
            or self._unread_since is not None
        )

    def _slow_down(self) -> None:
        if not self._paused and self._full():
            self._paused = True
            self.transport.pause_reading()

    def _speed_up(self) -> None:
        if self._paused and not self._full() and not self._gone:
            self._paused = False
            self.transport.resume_reading()

    def _check_room(self) -> None:
        held = sum(link.open_bytes for link in self._listener.links)
        if held > self._listener.limits.open_bytes:
            self.cut("plus de place en mémoire pour un message aussi long")


def hl7_now(moment: datetime) -> bytes:
    """``20261123030412+0100``, Europe/Paris."""
    return f"{moment.astimezone(PARIS):%Y%m%d%H%M%S%z}".encode("ascii")
