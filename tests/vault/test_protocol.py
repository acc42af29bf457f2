"""restic's REST protocol as a dialogue: a request, what to do or what to answer."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.kernel.ids import MachineName
from releve.vault.objects import Kind
from releve.vault.protocol import (
    MAX_BODY,
    MAX_LOCKS,
    V1,
    V2,
    Act,
    Cause,
    Refusal,
    Request,
    Room,
    Span,
    may_remove,
    may_store,
    read_credentials,
    read_range,
    read_request,
    render_list,
)

PC = MachineName("PC-1")
NAME = "ab" * 32
PLENTY = Room(disk=1 << 40, share=1 << 40, locks=0)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        ("POST /PC-1/?create=true", Request(Act.CREATE, PC)),
        ("DELETE /PC-1/", Request(Act.DESTROY, PC)),
        ("HEAD /PC-1/config", Request(Act.SIZE, PC, Kind.CONFIG, "config")),
        ("GET /PC-1/config", Request(Act.READ, PC, Kind.CONFIG, "config")),
        ("POST /PC-1/config", Request(Act.STORE, PC, Kind.CONFIG, "config")),
        ("DELETE /PC-1/config", Request(Act.REMOVE, PC, Kind.CONFIG, "config")),
        ("GET /PC-1/index/", Request(Act.LIST, PC, Kind.INDEX)),
        (f"HEAD /PC-1/data/{NAME}", Request(Act.SIZE, PC, Kind.DATA, NAME)),
        (f"GET /PC-1/keys/{NAME}", Request(Act.READ, PC, Kind.KEYS, NAME)),
        (f"POST /PC-1/snapshots/{NAME}", Request(Act.STORE, PC, Kind.SNAPSHOTS, NAME)),
        (f"DELETE /PC-1/locks/{NAME}", Request(Act.REMOVE, PC, Kind.LOCKS, NAME)),
    ],
)
def test_the_routes(line: str, request_: Request) -> None:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    assert read_request(method, path, query) == request_


@pytest.mark.parametrize(
    "line",
    [
        "GET /",
        "GET /PC-1",
        "GET //config",
        "GET /PC-1/../PC-2/config",
        "GET /PC-1/%2e%2e/config",
        "GET /PC-1/config/",
        "GET /PC-1/autre/",
        f"GET /PC-1/data/{NAME}/x",
        f"GET /PC-1/data/{NAME.upper()}",
        f"GET /PC-1/data/ab/{NAME}",
        f"PUT /PC-1/data/{NAME}",
        "POST /PC-1/index/",
        "POST /PC-1/?create=false",
        "GET /-x/config",
    ],
)
def test_what_is_not_a_route(line: str) -> None:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    answer = read_request(method, path, query)
    assert isinstance(answer, Refusal)
    assert answer.status in (404, 405)


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=40))
def test_no_text_makes_it_fail_or_leave_the_repository(method: str, path: str, query: str) -> None:
    found = read_request(method, path, query)
    if isinstance(found, Request):
        assert "." not in found.name
        assert "/" not in found.machine


def test_only_locks_go_away() -> None:
    assert may_remove(Request(Act.REMOVE, PC, Kind.LOCKS, NAME), present=True) is None
    assert may_remove(Request(Act.REMOVE, PC, Kind.LOCKS, NAME), present=False) is None
    for kind in set(Kind) - {Kind.LOCKS}:
        request = Request(Act.REMOVE, PC, kind, NAME)
        assert may_remove(request, present=True) == Refusal(403, Cause.DELETE)
        # restic removes what it failed to send before it sends it again: nobody's attack
        assert may_remove(request, present=False) == Refusal(404)
    assert may_remove(Request(Act.DESTROY, PC), present=True) == Refusal(403, Cause.DESTROY)


def _store(
    kind: Kind,
    room: Room = PLENTY,
    *,
    length: str | None = "100",
    agent: str = "restic/0.18.1",
    present: bool = False,
    earlier: bool = False,
) -> Refusal | None:
    headers = {"user-agent": agent}
    if length is not None:
        headers["content-length"] = length
    name = "config" if kind is Kind.CONFIG else NAME
    request = Request(Act.STORE, PC, kind, name)
    return may_store(request, headers, room, present=present, earlier_life=earlier)


def test_a_name_is_taken_once() -> None:
    assert _store(Kind.DATA) is None
    assert _store(Kind.DATA, present=True) == Refusal(403, Cause.OVERWRITE)
    # received by a receiver that died before it answered: the machine asks again, all is well
    assert _store(Kind.DATA, present=True, earlier=True) == Refusal(200)
    assert _store(Kind.CONFIG, present=True, earlier=True) == Refusal(403, Cause.CONFIG)


def test_a_body_says_its_size() -> None:
    assert _store(Kind.DATA, length=None) == Refusal(411, Cause.LENGTH)
    assert _store(Kind.DATA, length="-1") == Refusal(411, Cause.LENGTH)
    for kind in Kind:
        assert _store(kind, length=str(MAX_BODY[kind])) is None
        assert _store(kind, length=str(MAX_BODY[kind] + 1)) == Refusal(413, Cause.LENGTH)


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        ("restic/0.14.0", 403),
        ("restic/0.18.0 (linux; amd64)", 403),
        ("restic/0.18.1", 507),
        ("restic/0.19.0", 507),
        ("restic/1.0", 507),
        ("curl/8", 403),
    ],
)
def test_a_full_vault_is_said_so_that_each_restic_stops(agent: str, status: int) -> None:
    full = Room(disk=99, share=1 << 40, locks=0)
    mine = Room(disk=1 << 40, share=99, locks=0)
    assert _store(Kind.DATA, full, agent=agent) == Refusal(status, Cause.ROOM)
    assert _store(Kind.DATA, mine, agent=agent) == Refusal(status, Cause.QUOTA)


def test_locks_pass_when_the_vault_is_full_but_not_without_end() -> None:
    assert _store(Kind.LOCKS, Room(0, 0, 5)) is None
    assert _store(Kind.LOCKS, Room(0, 0, MAX_LOCKS)) == Refusal(403, Cause.LOCKS)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, Span(0, 100, partial=False)),
        ("bytes=0-9", Span(0, 10, partial=True)),
        ("bytes=90-", Span(90, 100, partial=True)),
        ("bytes=90-500", Span(90, 100, partial=True)),
        ("bytes=-10", Span(90, 100, partial=True)),
        ("bytes=-500", Span(0, 100, partial=True)),
        ("octets=1-2", Span(0, 100, partial=False)),
    ],
)
def test_ranges(header: str | None, span: Span) -> None:
    assert read_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=9-3", "bytes=-0"])
def test_ranges_outside(header: str) -> None:
    answer = read_range(header, 100)
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.headers) == (416, (("content-range", "bytes */100"),))


def test_lists_in_both_versions() -> None:
    rows = [(NAME, 12)]
    assert render_list(V2, rows) == (V2, f'[{{"name":"{NAME}","size":12}}]'.encode())
    assert render_list("*/*", rows) == (V1, f'["{NAME}"]'.encode())
    assert render_list("", []) == (V1, b"[]")


def test_credentials() -> None:
    good = base64.b64encode(b"PC-1:se:cret").decode()
    assert read_credentials(f"Basic {good}") == ("PC-1", "se:cret")
    for header in (None, "", "Bearer x", "Basic !", "Basic /////w==", "Basic UEM="):
        assert read_credentials(header) is None
