"""The process of the record system and of the laboratory.

``python -m releve.drill.simulator.his HOME``. First line on standard input: an :class:`Order`; then
``{"do": "start", "host": …, "port": …}``, ``pause``, ``resume`` or ``stop``. It says JSON lines:
``ready``, ``aa`` and ``ae`` (with the SHA-256 of the bytes that were sent), ``loaded``, ``link``
and ``paused``. It ends when its input is closed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from functools import partial
from pathlib import Path

from releve.drill.simulator.his.link import Link
from releve.drill.simulator.his.order import Order
from releve.drill.simulator.his.story import Story
from releve.drill.simulator.his.telling import Message
from releve.drill.simulator.processes import ignore_ctrl_c, say
from releve.kernel.clock import SystemClock, iso
from releve.kernel.world import World

_CLOCK = SystemClock()


class Speaker:
    """Takes the story at its pace and hands each message to its sender's link."""

    def __init__(self, order: Order, home: Path) -> None:
        self._story = Story(order)
        self._step = 1 / order.messages_per_s
        self._open = asyncio.Event()
        self._links = tuple(
            Link(World.DRILL, home, _answered, partial(_say_link, name))
            for name in ("dpi", "laboratoire")
        )

    async def obey(self, orders: asyncio.StreamReader) -> None:
        """Speak as told until the input is closed, or « stop »; an error of ours ends it all."""
        async with asyncio.TaskGroup() as group:
            work = [group.create_task(link.run()) for link in self._links]
            work.append(group.create_task(self._speak()))
            while (line := await orders.readline()) and await self._told(json.loads(line)):
                continue
            for task in work:
                task.cancel()

    async def _told(self, order: dict[str, object]) -> bool:
        """False once it must end."""
        if order["do"] == "stop":
            return False
        if order["do"] == "pause":
            await self._pause()
            return True
        if order["do"] == "start":
            for link in self._links:
                link.point(str(order["host"]), int(str(order["port"])))
        self._open.set()
        for link in self._links:
            link.resume()
        return True

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        loading, due = True, 0.0
        for message in self._story.messages():
            if loading and not message.loading:
                for link in self._links:
                    await link.queue.join()
                say(event="loaded")
                loading = False
            if not message.loading:
                due = max(due + self._step, loop.time())
                await asyncio.sleep(due - loop.time())
            await self._open.wait()
            await self._links[message.laboratory].queue.put(message)

    async def _pause(self) -> None:
        self._open.clear()
        for link in self._links:
            await link.pause()
        say(event="paused", doubtful=sum(link.doubtful is not None for link in self._links))


def _say_link(name: str, up: bool) -> None:
    say(event="link", name=name, up=up, at=iso(_CLOCK.now()))


def _answered(message: Message, code: str) -> None:
    say(
        event=code.lower(),
        number=message.number,
        at=iso(_CLOCK.now()),
        sender=message.sender,
        control_id=message.control_id,
        sha256=hashlib.sha256(message.data).hexdigest(),
    )


async def _run(home: Path) -> None:
    orders = asyncio.StreamReader(limit=2**20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    first = await orders.readline()
    if not first:
        return
    speaker = Speaker(Order.read(first.decode()), home)
    say(event="ready")
    await speaker.obey(orders)


def main() -> None:
    """Entry point of the process."""
    ignore_ctrl_c()
    asyncio.run(_run(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
