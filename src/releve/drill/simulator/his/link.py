"""MLLP as an integration engine speaks it: one message at a time, its answer awaited.

What nobody acknowledged is sent again, the same bytes, on a new connection, for as long as it
takes: HL7 2.5 §2.9.2 (AA taken, AE kept aside by the receiver, AR not taken).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from releve.drill.simulator.his.telling import Message
from releve.kernel.outward import HttpTarget, Outward
from releve.kernel.world import World

START, END = b"\x0b", b"\x1c\r"
_ACK_TIMEOUT_S = 5.0
_RECONNECT_S = 0.15
_BACKLOG = 1000
_ACK_LIMIT = 65536
#: Told of each answer: the message, and AA, AE or AR.
Answered = Callable[[Message, str], None]


def frame(data: bytes) -> bytes:
    """A message as it travels."""
    return START + data + END


def read_ack(data: bytes) -> tuple[str, str]:
    """(MSA-1, MSA-2) of a framed answer; two empty texts when it holds no MSA."""
    for segment in data.strip(START + END).split(b"\r"):
        fields = segment.split(b"|")
        if fields[0] == b"MSA" and len(fields) > 2:
            return fields[1].decode("ascii", "replace"), fields[2].decode("ascii", "replace")
    return "", ""


class Link(Outward):
    """One sending application's connection. Lives in one event loop; ``run`` never returns.

    ``answered`` is called once per message, when it is settled (AA or AE); ``changed`` when the
    connection comes or goes.
    """

    def __init__(
        self, world: World, home: Path, answered: Answered, changed: Callable[[bool], None]
    ) -> None:
        super().__init__(world, home)
        self.queue: asyncio.Queue[Message] = asyncio.Queue(_BACKLOG)
        self.doubtful: Message | None = None
        self._answered, self._changed = answered, changed
        self._address: tuple[str, int] | None = None
        self._open = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._pipes: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def point(self, host: str, port: int) -> None:
        """Send there from now on; raises ``WrongWorld`` for anything but this machine."""
        self.admit(HttpTarget(f"mllp://{host}:{port}"))
        self._address = (host, port)
        self._hang_up()

    def resume(self) -> None:
        """Send."""
        self._open.set()

    async def pause(self) -> None:
        """Send nothing more; returns when no answer is awaited. A message whose answer never came
        stays ``doubtful``: the receiver may hold it.
        """
        self._open.clear()
        await self._idle.wait()

    async def run(self) -> None:
        """Settle the queue's messages, in order."""
        while True:
            message = await self.queue.get()
            while not await self._settle(message):
                await asyncio.sleep(_RECONNECT_S)
            self.queue.task_done()

    async def _settle(self, message: Message) -> bool:
        while not self._open.is_set():
            await self._open.wait()
        self._idle.clear()
        try:
            code = await asyncio.wait_for(self._exchange(message), _ACK_TIMEOUT_S)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self._hang_up()
            return False
        finally:
            self._idle.set()
        self.doubtful = None
        if code in ("AA", "AE"):
            self._answered(message, code)
            return True
        return False

    async def _exchange(self, message: Message) -> str:
        if self._pipes is None:
            if self._address is None:
                raise ConnectionError("aucune adresse")
            self._pipes = await asyncio.open_connection(*self._address, limit=_ACK_LIMIT)
            self._changed(True)
        reader, writer = self._pipes
        self.doubtful = message
        writer.write(frame(message.data))
        await writer.drain()
        while True:
            code, about = read_ack(await reader.readuntil(END))
            if about == message.control_id:
                return code

    def _hang_up(self) -> None:
        if self._pipes is not None:
            self._pipes[1].close()
            self._pipes = None
            self._changed(False)
