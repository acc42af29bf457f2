"""What is refused before it is read: a body too large, one large body too many; none on disk."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

from releve.web import bodies
from releve.web.bodies import LARGE, PLACES, SMALL, MeasuredBodies
from tests.web.conftest import Service

_SESSION = (b"cookie", b"releve_langue=fr; releve_session=abc")
_MIB = b"x" * (1 << 20)


class Line:
    """One request as a server hands it; counts what of its body is asked for."""

    def __init__(
        self,
        chunks: Iterable[bytes] = (),
        *headers: tuple[bytes, bytes],
        method: str = "POST",
        held: bool = False,
    ) -> None:
        self.scope: dict[str, Any] = {
            "type": "http", "method": method, "path": "/", "headers": list(headers)
        }  # fmt: skip
        self._chunks, self._held = iter(chunks), held
        self.read = 0
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            if self._held:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": b"", "more_body": False}
        self.read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


async def _reads_all(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _asked(line: Line, application: Any = None) -> int:
    asyncio.run((application or MeasuredBodies(_reads_all))(line.scope, line.receive, line.send))
    return line.status


def _length(size: int) -> tuple[bytes, bytes]:
    return b"Content-Length", str(size).encode()


@pytest.mark.parametrize(
    ("size", "headers", "method", "status"),
    [
        (SMALL, (), "POST", 200),
        (SMALL + 1, (), "POST", 413),
        (SMALL + 1, ((b"cookie", b"releve_session="),), "POST", 413),
        (LARGE, (_SESSION,), "POST", 200),
        (LARGE + 1, (_SESSION,), "POST", 413),
        (SMALL + 1, (_SESSION,), "GET", 413),
        (10**30, (_SESSION,), "POST", 413),
    ],
)
def test_a_length_announced_is_judged_before_an_octet_is_read(
    size: int, headers: tuple[tuple[bytes, bytes], ...], method: str, status: int
) -> None:
    line = Line((b"x",), _length(size), *headers, method=method)
    assert _asked(line) == status
    assert line.read == (1 if status == 200 else 0)


def test_a_body_without_a_length_stops_where_it_passes_the_measure() -> None:
    anonymous = Line(_MIB for _ in range(200))
    assert _asked(anonymous) == 413 and anonymous.read == 2 << 20
    known = Line((_MIB for _ in range(200)), _SESSION)
    assert _asked(known) == 413 and known.read == LARGE + (1 << 20)
    assert _asked(Line((_MIB for _ in range(66)), _SESSION)) == 200


def test_beyond_four_large_bodies_at_once_one_is_asked_to_come_back() -> None:
    async def crowd() -> tuple[list[int], int]:
        application = MeasuredBodies(_reads_all)
        held = [Line((_MIB, b"x"), _SESSION, held=True) for _ in range(PLACES)]
        tasks = [asyncio.create_task(application(e.scope, e.receive, e.send)) for e in held]
        await asyncio.sleep(0.05)
        late = [Line((), _length(SMALL + 1), _SESSION), Line((_MIB, b"x"), _SESSION), Line((b"x",))]
        for line in late:
            await application(line.scope, line.receive, line.send)
        assert dict(late[0].sent[0]["headers"])[b"retry-after"].isdigit()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        after = Line((_MIB, b"x"), _SESSION)
        await application(after.scope, after.receive, after.send)
        return [line.status for line in late], after.status

    assert asyncio.run(crowd()) == ([503, 503, 200], 200)


def test_a_body_that_never_ends_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.05)
    assert _asked(Line((_MIB, b"x"), _SESSION, held=True)) == 408


def test_the_largest_body_let_through_is_never_written_to_a_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("written to a temporary file")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    line = Line((_MIB for _ in range(LARGE >> 20)), _SESSION)
    kept = asyncio.run(ASGIHandler().read_body(line.receive))
    assert kept.seek(0, 2) == LARGE
    kept.close()
    assert settings.SESSION_COOKIE_NAME == bodies.SESSION_COOKIE


def test_the_web_part_answers_before_the_body_is_sent(service: Service) -> None:
    where = urlsplit(service.address)
    with socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=20) as line:
        line.sendall(b"POST /connexion/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
        assert line.recv(64).startswith(b"HTTP/1.1 413 ")
