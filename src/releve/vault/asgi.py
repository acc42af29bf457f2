"""One HTTP request and its answer over raw ASGI; nothing of the vault in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[str, str]]


class Hangup(Exception):
    """The client went away before its body was whole."""


class Exchange:
    """A request being answered. ``headers`` have lower-case names; a body is read once."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["raw_path"].decode("latin-1")
        self.query: str = scope["query_string"].decode("latin-1")
        self.headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        self._receive = receive
        self._send = send
        self._ended = False

    async def body(self) -> AsyncIterator[bytes]:
        """The parts of the body as they come; raises :class:`Hangup`."""
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Hangup
            self._ended = not message.get("more_body", False)
            yield message.get("body", b"")

    async def drain(self) -> None:
        """Read and drop what is left of the body, so that the client hears the answer."""
        async for _ in self.body():
            pass

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status line and the headers."""
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def send(self, body: bytes = b"", *, more: bool = False) -> None:
        """Send a part of the answer's body, the last one unless ``more``."""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        """Send a whole answer."""
        await self.start(status, [*headers, ("content-length", str(len(body)))])
        await self.send(body)

    async def json(self, value: object) -> None:
        """Send a value as JSON, status 200."""
        body = json.dumps(value).encode()
        await self.answer(200, body, (("content-type", "application/json"),))
