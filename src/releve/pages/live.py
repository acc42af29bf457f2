"""Live lines: one broadcaster per process, one Server-Sent Events address, rights checked per line.

The broadcaster asks its :class:`Source` for news every half second, once for all readers, and only
while somebody reads. A browser that comes back says the last number it saw (``Last-Event-ID``) and
receives what it missed. Pages say the same without it: this only saves a reload.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation

from releve.kernel.perimeter import Perimeter
from releve.pages.approvals import Right
from releve.pages.models import Account
from releve.pages.rights import account, needs, rights_held
from releve.pages.roles import EVERYONE, Role

POLL_SECONDS = 0.5
#: How often a reader's session and rights are read again, and a silent line kept open.
RECHECK_SECONDS = 10.0
_KEPT = 500


@dataclass(frozen=True)
class Line:
    """One piece of news, its ``html`` already escaped; ``roles`` × ``perimeter`` may read it."""

    number: int
    html: str
    roles: frozenset[Role]
    perimeter: Perimeter | None

    def readable(self, rights: Sequence[Right]) -> bool:
        where = self.perimeter
        return where is not None and any(right.covers(self.roles, where) for right in rights)


class Source(Protocol):
    """Where news comes from. Called from one thread at a time; raises nothing in normal life."""

    def head(self) -> int:
        """How many lines there are."""
        ...

    def since(self, number: int, limit: int) -> list[Line]:
        """Lines numbered ``number`` and more, oldest first, at most ``limit``."""
        ...


class Broadcaster:
    """Asks the source once for everybody who reads ``language``. Lives in one event loop."""

    def __init__(self, source: Source, language: str = settings.LANGUAGE_CODE) -> None:
        self._source = source
        self._language = language
        self._lines: deque[Line] = deque(maxlen=_KEPT)
        self._next = 0
        self._readers = 0
        self._polling: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()

    async def read(self, after: int | None) -> AsyncIterator[list[Line]]:
        """Batches of lines after number ``after`` (None = from now on); an empty batch when nothing
        came for :data:`RECHECK_SECONDS`.
        """
        self._readers += 1
        try:
            await self._start()
            wanted = self._next if after is None else after + 1
            while True:
                batch = await self._batch(wanted)
                if batch:
                    wanted = batch[-1].number + 1
                yield batch
        finally:
            self._readers -= 1
            if not self._readers and self._polling:
                self._polling.cancel()
                self._polling = None

    async def _start(self) -> None:
        if self._polling is None:
            self._lines.clear()
            self._next = await asyncio.to_thread(self._source.head)
            if self._polling is None:
                self._polling = asyncio.create_task(self._poll())

    async def _batch(self, wanted: int) -> list[Line]:
        if wanted < self._next:
            kept = [line for line in self._lines if line.number >= wanted]
            if kept and kept[0].number == wanted:
                return kept
            return await asyncio.to_thread(self._since, wanted)
        async with self._news:
            try:
                await asyncio.wait_for(
                    self._news.wait_for(lambda: self._next > wanted), RECHECK_SECONDS
                )
            except TimeoutError:
                return []
        return [line for line in self._lines if line.number >= wanted]

    def _since(self, number: int) -> list[Line]:
        with translation.override(self._language):
            return self._source.since(number, _KEPT)

    async def _poll(self) -> None:
        while True:
            fresh = await asyncio.to_thread(self._since, self._next)
            if fresh:
                async with self._news:
                    self._lines.extend(fresh)
                    self._next = fresh[-1].number + 1
                    self._news.notify_all()
            await asyncio.sleep(POLL_SECONDS)


_broadcasters: dict[tuple[asyncio.AbstractEventLoop, str], Broadcaster] = {}


def broadcaster(language: str) -> Broadcaster:
    """This process's broadcaster in that language, over the source named in the settings."""
    key = asyncio.get_running_loop(), language
    if key not in _broadcasters:
        module, _, name = settings.RELEVE_LIVE_SOURCE.rpartition(".")
        _broadcasters[key] = Broadcaster(getattr(import_module(module), name)(), language)
    return _broadcasters[key]


@needs(*EVERYONE, keeps_session=False)
async def events(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The stream: ``preuve`` with a line for those who may read it, ``nouveau`` for everyone."""
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    last = request.headers.get("Last-Event-ID", "")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else None
    reader = await sync_to_async(account)(request)
    return StreamingHttpResponse(
        _stream(reader.pk, request.session, after, request.LANGUAGE_CODE),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(
    pk: int, session: SessionBase, after: int | None, language: str
) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    rights = await sync_to_async(rights_now)(pk, session)
    checked = loop.time()
    yield "retry: 2000\n\n"
    async for batch in broadcaster(language).read(after):
        if loop.time() - checked >= RECHECK_SECONDS or not batch:
            rights = await sync_to_async(rights_now)(pk, session)
            checked = loop.time()
        if not rights:
            return
        yield written(batch, rights) if batch else ": rien de neuf\n\n"


def rights_now(pk: int, session: SessionBase) -> tuple[Right, ...]:
    """The rights this session still opens; none when it ended or the account was closed."""
    try:
        key = session.session_key
        if key is None or not session.exists(key) or type(session)(key).get_expiry_age() <= 0:
            return ()
        reader = Account.objects.filter(pk=pk, is_active=True).first()
        return rights_held(reader) if reader else ()
    finally:
        connection.close()


def written(batch: Sequence[Line], rights: Sequence[Right]) -> str:
    """The batch as Server-Sent Events for a reader with these rights."""
    parts = []
    for line in batch:
        if line.readable(rights):
            data = "".join(f"data: {row}\n" for row in line.html.splitlines())
            parts.append(f"event: preuve\n{data}\n")
    parts.append(f"id: {batch[-1].number}\nevent: nouveau\ndata: {batch[-1].number}\n\n")
    return "".join(parts)
