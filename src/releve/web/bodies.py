"""How much of a request's body is read before anybody is known: pure ASGI, outside Django.

Django's handler reads a whole body before any check of who sends it. Here a body is measured first:
by ``Content-Length`` when it says one, else as it comes. Nothing is written anywhere: what is let
through stays under ``FILE_UPLOAD_MAX_MEMORY_SIZE``, so that the handler keeps it in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SESSION_COOKIE = "releve_session"
_MIB = 1 << 20
#: Without a session's cookie, in octets: forms of the entrance.
SMALL = _MIB
#: With one: a file of 64 MiB given on a page, and the form around it.
LARGE = 66 * _MIB
#: Bodies above ``SMALL`` held at the same time.
PLACES = 4
#: A large body that has not come whole by then gives its place back, in seconds.
PATIENCE = 300.0
_RETRY_SECONDS = 20

_TOO_LARGE = "Ce qui est envoyé est trop gros : rien n'en a été gardé. Un fichier : 64 Mio au plus."
_BUSY = "D'autres gros fichiers arrivent en ce moment : rien n'a été gardé. Recommencez plus tard."
_SLOW = "Ce fichier n'est pas arrivé à temps : rien n'en a été gardé. Recommencez."


class _Refused(Exception):
    """The body stops being read: the status and what is said of it."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class MeasuredBodies:
    """``application``, behind the measures above."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._large = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        body = _Body(self, scope, receive)
        try:
            body.announced()
            await self._application(scope, body.receive, send)
        except _Refused as refused:
            await _answer(send, refused)
        finally:
            body.leave()

    def take(self) -> None:
        """A place for a large body; raises when there is none."""
        if self._large >= PLACES:
            raise _Refused(503, _BUSY)
        self._large += 1

    def give_back(self) -> None:
        """The place of a large body whose request has ended."""
        self._large -= 1


class _Body:
    """The body of one request, counted as the application asks for it."""

    def __init__(self, places: MeasuredBodies, scope: Scope, receive: Receive) -> None:
        self._places, self._receive = places, receive
        self._headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        may_be_large = scope["method"] == "POST" and _bears_session(self._headers)
        self._most = LARGE if may_be_large else SMALL
        self._seen = 0
        self._whole = self._placed = False
        self._limit = asyncio.get_running_loop().time() + PATIENCE

    def announced(self) -> None:
        """What ``Content-Length`` says is judged before an octet is read."""
        for name, value in self._headers:
            if name.lower() == b"content-length":
                # A server refuses what is no number; more digits than this are too large anyway.
                self._judge(int(value) if value.isdigit() and len(value) < 19 else LARGE + 1)

    async def receive(self) -> Message:
        """The next message; raises ``_Refused`` before a body past its measure is kept."""
        if self._whole:
            return await self._receive()
        left = self._limit - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), left)
        except TimeoutError as error:
            raise _Refused(408, _SLOW) from error
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self._judge(self._seen)
            self._whole = not message.get("more_body", False)
        return message

    def leave(self) -> None:
        """The request has ended."""
        if self._placed:
            self._places.give_back()
            self._placed = False

    def _judge(self, size: int) -> None:
        if size > self._most:
            raise _Refused(413, _TOO_LARGE)
        if size > SMALL and not self._placed:
            self._places.take()
            self._placed = True


def _bears_session(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a session's cookie is there; whether it is a true one is for the application."""
    for name, value in headers:
        if name.lower() == b"cookie":
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get(SESSION_COOKIE)
            except CookieError:
                continue
            if cookie is not None and cookie.value:
                return True
    return False


async def _answer(send: Send, refused: _Refused) -> None:
    said = refused.said.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(said)).encode()),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    if refused.status == 503:
        headers.append((b"retry-after", str(_RETRY_SECONDS).encode()))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": said})
