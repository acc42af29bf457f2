"""Live census and file: one rendering per ward or patient, and per language, for all who read it,
pushed when it changes.

The projector says how far the views are (:func:`releve.care.progress.projected`); each process
looks at it every :data:`LOOK_SECONDS` while somebody reads. Pages say the same without it: this
only saves a reload.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from releve.care.app.openings import unseal_opening
from releve.care.app.reading import READERS, ward_perimeter, wards_under
from releve.care.app.views import census, file_of, place, sheet_of
from releve.care.progress import projected
from releve.kernel.perimeter import Perimeter
from releve.pages.approvals import Right
from releve.pages.house import current_home, legal_entity
from releve.pages.live import RECHECK_SECONDS, rights_now
from releve.pages.rights import account, at_home, needs

LOOK_SECONDS = 0.02
#: Between two renderings of the same ward or patient, however fast messages come.
APART_SECONDS = 0.05
#: Ages grow old without any message: drawn again at least this often.
AGAIN_SECONDS = 20.0
_log = logging.getLogger("releve.care")


@dataclass(frozen=True)
class Picture:
    """A piece of page, escaped, and where what it shows lies."""

    html: str
    perimeter: Perimeter


Draw = Callable[[datetime], Picture | None]


@dataclass
class _Screen:
    """What is shown of one subject, and who looks."""

    draw: Draw
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    picture: Picture | None = None
    number: int = 0
    readers: int = 0
    watch: asyncio.Task[None] | None = None


class Screens:
    """The subjects somebody reads now. Lives in one event loop; draws in one thread of its own."""

    def __init__(self, head: Callable[[], int]) -> None:
        self._head = head
        self._screens: dict[str, _Screen] = {}
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="care-live")

    async def read(self, subject: str, draw: Draw) -> AsyncIterator[Picture | None]:
        """The subject as it is now, then each time it looks otherwise; None when nothing changed
        for ``RECHECK_SECONDS``. Ends when the subject is no longer there.
        """
        screen = self._screens.get(subject)
        if screen is None or (screen.watch and screen.watch.done()):
            screen = self._screens[subject] = _Screen(draw)
            screen.watch = asyncio.create_task(self._watch(screen))
        screen.readers += 1
        try:
            seen = 0
            while True:
                fresh = await self._after(screen, seen)
                if fresh and screen.picture is None:
                    return
                seen = screen.number
                yield screen.picture if fresh else None
        finally:
            screen.readers -= 1
            if not screen.readers and screen.watch:
                screen.watch.cancel()
                if self._screens.get(subject) is screen:
                    del self._screens[subject]

    async def _after(self, screen: _Screen, seen: int) -> bool:
        async with screen.changed:
            try:
                await asyncio.wait_for(
                    screen.changed.wait_for(lambda: screen.number > seen), RECHECK_SECONDS
                )
            except TimeoutError:
                return False
        return True

    async def _watch(self, screen: _Screen) -> None:
        loop = asyncio.get_running_loop()
        head, drawn = -1, 0.0
        while True:
            try:
                now_at = await loop.run_in_executor(self._hand, self._head)
                if now_at == head and loop.time() - drawn < AGAIN_SECONDS:
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                head, drawn = now_at, loop.time()
                picture = await loop.run_in_executor(self._hand, screen.draw, timezone.now())
            except Exception:  # noqa: BLE001  (a daemon's loop: its readers come back and ask again)
                _log.exception("une page de patients n'a pas pu être mise à jour")
                picture = None
            if picture != screen.picture or not screen.number:
                async with screen.changed:
                    screen.picture = picture
                    screen.number += 1
                    screen.changed.notify_all()
                if picture is None:
                    return
            await asyncio.sleep(APART_SECONDS)


_screens: dict[asyncio.AbstractEventLoop, Screens] = {}


def screens() -> Screens:
    """This process's screens."""
    loop = asyncio.get_running_loop()
    if loop not in _screens:
        _screens[loop] = Screens(lambda: projected(current_home()))
    return _screens[loop]


@needs(*READERS, perimeter=ward_perimeter, keeps_session=False)
async def ward(request: HttpRequest, code: str) -> HttpResponse | StreamingHttpResponse:
    """A ward's census, as it changes."""
    entity, house = await sync_to_async(_house)(request)
    language = request.LANGUAGE_CODE

    def draw(now: datetime) -> Picture | None:
        where = wards_under(entity).at(code)
        with translation.override(language):
            html = render_to_string("care/census.html", {**census(where, now), **house})
        return Picture(html, where.perimeter)

    return await _answer(request, f"ward {language} {code}", draw)


@needs(*READERS, keeps_session=False)
async def patient(
    request: HttpRequest, key: str, token: str
) -> HttpResponse | StreamingHttpResponse:
    """A file, as it changes, for whoever opened its page: ``token`` says that the ledger knows."""
    reader = await sync_to_async(account)(request)
    if not unseal_opening(token, key, reader.pk):
        raise PermissionDenied(_("Aucun dossier à cette adresse dans votre périmètre."))
    entity, house = await sync_to_async(_house)(request)
    language = request.LANGUAGE_CODE

    def draw(now: datetime) -> Picture | None:
        sheet = sheet_of(key, now)
        if sheet is None:
            return None
        where = place(wards_under(entity), sheet)
        with translation.override(language):
            html = render_to_string("care/file.html", {**file_of(sheet, where, now), **house})
        return Picture(html, where.perimeter)

    return await _answer(request, f"file {language} {key}", draw)


def _house(request: HttpRequest) -> tuple[Perimeter, dict[str, str]]:
    """The entity's level, and its name for the head of printed sheets."""
    entity = legal_entity()
    return at_home(request), {"hospital": entity.name if entity else ""}


async def _answer(
    request: HttpRequest, subject: str, draw: Draw
) -> HttpResponse | StreamingHttpResponse:
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    reader = await sync_to_async(account)(request)
    return StreamingHttpResponse(
        _stream(reader.pk, request.session, subject, draw),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(pk: int, session: SessionBase, subject: str, draw: Draw) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    rights = await sync_to_async(rights_now)(pk, session)
    checked = loop.time()
    yield "retry: 2000\n\n"
    async for picture in screens().read(subject, draw):
        if picture is None or loop.time() - checked >= RECHECK_SECONDS:
            rights = await sync_to_async(rights_now)(pk, session)
            checked = loop.time()
        if not rights or (picture and not readable(picture, rights)):
            return
        yield written(picture) if picture else ": rien de neuf\n\n"


def readable(picture: Picture, rights: Sequence[Right]) -> bool:
    """True when one of ``rights`` reads the files of the picture's ward."""
    return any(right.covers(frozenset(READERS), picture.perimeter) for right in rights)


def written(picture: Picture) -> str:
    """The picture as one Server-Sent Event."""
    data = "".join(f"data: {row}\n" for row in picture.html.splitlines())
    return f"event: recu\n{data}\n"
