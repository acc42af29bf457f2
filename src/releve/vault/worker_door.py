"""The receiver's second door: what the vault worker asks, on a Unix socket of the home only.

``GET /receipts?start=N&wait=S`` · ``GET /segments?start=N`` · ``GET /valid/<machine>/<kind>`` ·
``GET /object/<machine>/<kind>/<name>[?start=A&end=B]`` · ``POST /verdicts`` (one per line).
"""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import parse_qsl

from releve.kernel.ids import machine_name
from releve.vault.asgi import Exchange, Hangup, Receive, Scope, Send
from releve.vault.objects import Kind, Ref, decode_verdict, is_object_name
from releve.vault.receiver import Receiver

#: Receipts told at once.
_MOST = 500


class WorkerDoor:
    """Beside the machines' door, on the same register."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._register = receiver.register

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI application for the worker."""
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send)
        query = dict(parse_qsl(exchange.query))
        match exchange.path.split("/")[1:]:
            case ["receipts"]:
                await self._receipts(exchange, int(query["start"]), float(query["wait"]))
            case ["segments"]:
                closed = self._register.closed_segments
                parts = await self._receiver.thread(closed, int(query["start"]))
                await exchange.json([[part.first, part.count, part.root.hex()] for part in parts])
            case ["valid", machine, kind]:
                rows = self._register.valid(machine_name(machine), Kind(kind))
                await exchange.json([name for name, _ in rows])
            case ["object", machine, kind, name] if is_object_name(name):
                await self._object(exchange, Ref(machine_name(machine), Kind(kind), name), query)
            case ["verdicts"]:
                await self._verdicts(exchange)
            case _:
                await exchange.answer(404)

    async def _receipts(self, exchange: Exchange, start: int, wait: float) -> None:
        """Receipts from ``start`` on; waits up to ``wait`` seconds for the first new one."""
        receiver = self._receiver
        receiver.news.clear()
        found = await receiver.thread(self._register.receipts, start, _MOST)
        if not found and wait > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(receiver.news.wait(), wait)
            found = await receiver.thread(self._register.receipts, start, _MOST)
        refusals = [
            {"machine": machine, "cause": cause.name, "count": count}
            for (machine, cause), count in receiver.refusals().items()
        ]
        receipts = [[number, receipt.encode().decode()] for number, receipt in found]
        await exchange.json({"life": receiver.life, "receipts": receipts, "refusals": refusals})

    async def _object(self, exchange: Exchange, ref: Ref, query: dict[str, str]) -> None:
        try:
            size = self._register.store.path(ref).stat().st_size
        except FileNotFoundError:
            await exchange.answer(404)
            return
        start = int(query.get("start", "0"))
        end = max(start, min(size, int(query.get("end", str(size)))))
        refusal = await self._receiver.send_object(exchange, ref, start, end, 200, ())
        if refusal is not None:
            await exchange.answer(refusal.status)

    async def _verdicts(self, exchange: Exchange) -> None:
        with contextlib.suppress(Hangup):
            lines = b"".join([part async for part in exchange.body()]).splitlines()
            verdicts = [decode_verdict(line) for line in lines]
            new = await self._receiver.thread(self._register.judge, verdicts)
            await exchange.json({"new": new})
