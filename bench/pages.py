"""Patients' pages, as people wait for them.

    ./run bench pages

(a) a look-up by HTTP among a million patients: a search typed then its answer, and a file opened
(with its entry for the ledger made durable); one reader, then 200 who each look up every 5 s.
(b) the time from a movement's departure on the wire to its bed in a ward page open in Chromium,
while 500 messages a second arrive: real listener, projector and web part.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from bench.lookup import build, persons
from bench.rows import Row
from tests.care.messages import Bed, Someone, a01, a02, a28, oru

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

PATIENTS = 1_000_000
ALONE = 300
USERS, EACH_SECONDS, SPELL_SECONDS = 200, 5.0, 20.0
RATE, EVENT_EVERY, EVENTS = 500, 0.25, 160
#: How many of them open the page at once, before the clock starts.
_SITTING = 4
#: How many results each patient has; they come again, corrected.
RESULTS = 8
_COOKIE = "releve_session"
_START, _END = b"\x0b", b"\x1c\r"
_WARD = "CHIR-B"
_CHROMIUM = "/usr/bin/chromium"


def measure() -> list[Row]:
    """For ``./run bench``."""
    with tempfile.TemporaryDirectory() as folder:
        looked = lookups(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        seen = event_to_browser(Path(folder))
    return [
        Row("recherche par HTTP, 1 M de patients (p99)", looked["search"], "ms", "<=", 20.0),
        Row("dossier ouvert par HTTP, 1 M de patients (p99)", looked["file"], "ms", "<=", 20.0),
        Row("200 lecteurs, une recherche toutes les 5 s (p99)", looked["users"], "ms", "<=", 50.0),
        Row("événement → page du service à 500 messages/s (p99)", seen["p99"], "ms", "<=", 250.0),
    ]


# --- (a) look-ups ------------------------------------------------------------------------------


def lookups(folder: Path, patients: int = PATIENTS) -> dict[str, float]:
    """p99 in ms of a search, of a file opened, and of 200 users' searches."""
    home = birth(folder / "home", World.DRILL, SystemClock().now())
    (home.path / "care").mkdir()
    build(home.path / "care" / "views.sqlite3", patients)
    names = _typed(patients)
    sessions = seats(home, USERS)
    with part("tests.care.pages.web_part", home, "web") as address:
        searches, files = asyncio.run(_alone(address, sessions[0], names))
        crowd = asyncio.run(_crowd(address, sessions, names))
    return {"search": p99(searches), "file": p99(files), "users": p99(crowd)}


def _typed(patients: int) -> list[str]:
    """What people type, by turns: a number, a birth date, a name with a first name."""
    known = random.Random(5).sample(list(persons(patients)), min(3_000, patients))
    forms = (lambda p: p[0], lambda p: p[3], lambda p: f"{p[1]} {p[2]}")
    return [forms[n % 3](person) for n, person in enumerate(known)]


async def _alone(
    address: str, session: str, names: Sequence[str]
) -> tuple[list[float], list[float]]:
    searches, files = [], []
    chance = random.Random(1)
    async with _browser(address, session) as client:
        token = await _token(client)
        for _ in range(ALONE):
            taken, page = await _search(client, token, chance.choice(names))
            searches.append(taken)
            href = page.partition('href="/patients/dossier/')[2].partition('"')[0]
            start = time.perf_counter()
            answer = await client.get(f"/patients/dossier/{href}")
            files.append(time.perf_counter() - start)
            assert answer.status_code == 200, (answer.status_code, href)
    return searches[10:], files[10:]


async def _crowd(address: str, sessions: Sequence[str], names: Sequence[str]) -> list[float]:
    """Everybody is at their page before the first look-up."""
    taken: list[float] = []
    seated = asyncio.Semaphore(_SITTING)
    waiting = len(sessions)
    ready = asyncio.Event()

    async def one(number: int, session: str) -> None:
        nonlocal waiting
        chance = random.Random(number)
        async with _browser(address, session) as client:
            async with seated:
                token = await _token(client)
            waiting -= 1
            if not waiting:
                ready.set()
            await ready.wait()
            await asyncio.sleep(chance.random() * EACH_SECONDS)
            until = time.monotonic() + SPELL_SECONDS
            while time.monotonic() < until:
                waited, _ = await _search(client, token, chance.choice(names))
                taken.append(waited)
                await asyncio.sleep(max(0.0, EACH_SECONDS - waited))

    await asyncio.gather(*(one(n, session) for n, session in enumerate(sessions)))
    return taken


def _browser(address: str, session: str) -> httpx.AsyncClient:
    """Connections are given up before the server does (5 s): a reader who comes back opens one."""
    limits = httpx.Limits(keepalive_expiry=3.0)
    return httpx.AsyncClient(
        base_url=address, cookies={_COOKIE: session}, limits=limits, timeout=60.0
    )


async def _token(client: httpx.AsyncClient) -> str:
    page = (await client.get("/patients/")).text
    return page.partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]


async def _search(client: httpx.AsyncClient, token: str, text: str) -> tuple[float, str]:
    """What a person waits for: the form sent, as the page's script does, and its answer."""
    start = time.perf_counter()
    form = {"csrfmiddlewaretoken": token, "text": text}
    answer = await client.post("/patients/recherche/", data=form, headers={"HX-Request": "true"})
    taken = time.perf_counter() - start
    assert answer.status_code == 200, (answer.status_code, text)
    assert "/patients/dossier/" in answer.text, text
    return taken, answer.text


# --- (b) from the wire to the page -------------------------------------------------------------


@dataclass
class Sent:
    """Beds by the hour (ms since 1970) at which the movement that gives them left."""

    hours: dict[str, float]
    stopped: threading.Event


def event_to_browser(folder: Path) -> dict[str, float]:
    """p50 and p99 in ms over :data:`EVENTS` movements."""
    home = birth(folder / "home", World.DRILL, SystemClock().now())
    session = seats(home, 1)[0]
    with ExitStack() as stack:
        mllp = stack.enter_context(part("releve.runtime.listener", home, "listener"))
        stack.enter_context(part("releve.runtime.projector", home, ""))
        web = stack.enter_context(part("tests.care.pages.web_part", home, "web"))
        port = int(mllp.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as link:
            _feed(link, _inpatients())
        sent = Sent({}, threading.Event())
        sender = threading.Thread(target=_send, args=(port, sent))
        seen = _watch(web, session, sender, sent)
    waits = _waits(sent.hours, seen)
    return {"p50": statistics.median(waits) * 1000, "p99": p99(waits), "seen": len(seen)}


def _waits(left: Mapping[str, float], seen: Mapping[str, float]) -> list[float]:
    """Seconds until the page showed each movement, or a later one of the same patient: one that
    was overtaken before it was drawn waited at least that long.
    """
    waits, shown = [], math.inf
    for bed, hour in reversed(list(left.items())):
        shown = min(shown, seen.get(bed, math.inf))
        waits.append((shown - hour) / 1000)
    assert math.isfinite(waits[0]), "the last movement never reached the page"
    return waits


def _people() -> list[tuple[Someone, Bed]]:
    wards = [_WARD, "MED-A", "URG", "REA", "PED"]
    return [
        (
            Someone(f"{700_000 + n}", f"NOM{n}", f"Prénom{n % 50}", "19500101"),
            Bed(wards[n % 5], "1", f"L{n:03}", f"S{n}"),
        )
        for n in range(120)
    ]


def _inpatients() -> list[bytes]:
    return [
        raw
        for n, (who, where) in enumerate(_people())
        for raw in (a28(who), a01(who, where, f"{n}"))
    ]


def _feed(link: socket.socket, messages: Sequence[bytes]) -> None:
    """Send in windows of 16 and read as many acknowledgements."""
    for at in range(0, len(messages), 16):
        some = messages[at : at + 16]
        link.sendall(b"".join(_START + raw + _END for raw in some))
        missing = len(some)
        while missing:
            missing -= link.recv(65536).count(_END)


def _send(port: int, sent: Sent) -> None:
    """:data:`RATE` messages a second; every so often one moves somebody of the watched ward."""
    people = _people()
    chance = random.Random(3)
    moved = people[0][0]
    clock = SystemClock()
    with socket.create_connection(("127.0.0.1", port)) as link:
        reader = threading.Thread(target=_drain, args=(link,), daemon=True)
        reader.start()
        start, count, events = clock.monotonic(), 0, 0
        while events < EVENTS:
            who, where = people[count % len(people)]
            order = f"L{count % (len(people) * RESULTS)}"
            value = f"{3 + chance.random() * 3:.1f}"
            result = oru(who, where, order, "Potassium", value, control=f"C{count}")
            link.sendall(_START + result + _END)
            count += 1
            if clock.monotonic() - start >= (events + 1) * EVENT_EVERY:
                bed = f"E{events:05}"
                at = f"20261121{3 + events // 3600:02}{events // 60 % 60:02}{events % 60:02}"
                raw = a02(moved, Bed(_WARD, "1", bed, "S0"), f"E{events}", at=at)
                sent.hours[bed] = clock.now().timestamp() * 1000
                link.sendall(_START + raw + _END)
                events += 1
            clock.sleep(max(0.0, start + count / RATE - clock.monotonic()))
        clock.sleep(1.5)
    sent.stopped.set()


def _drain(link: socket.socket) -> None:
    try:
        while link.recv(65536):
            pass
    except OSError:
        return


def _watch(address: str, session: str, sender: threading.Thread, sent: Sent) -> dict[str, float]:
    """Bed → the hour (ms since 1970) at which the page first held it."""
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--disable-gpu", *sandbox]
        )
        context = browser.new_context()
        context.add_cookies([{"name": _COOKIE, "value": session, "url": address}])
        page = context.new_page()
        with page.expect_response(lambda answer: "/direct/" in answer.url):
            page.goto(f"{address}patients/service/{_WARD}/")
        page.evaluate(
            """() => { window.seen = {}; const look = () => {
                 for (const bed of document.querySelectorAll(".census .bed"))
                   if (bed.innerText.startsWith("E")) window.seen[bed.innerText] ??= Date.now(); };
               new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
            }"""
        )
        sender.start()
        while not sent.stopped.is_set():
            page.wait_for_timeout(200)
        sender.join()
        seen = dict(page.evaluate("window.seen"))
        browser.close()
    return {str(bed): float(hour) for bed, hour in seen.items()}


# --- parts and accounts ------------------------------------------------------------------------


def seats(home: Home, count: int) -> list[str]:
    """Session cookies of ``count`` caregivers of the whole entity."""
    wanted = [f"lecteur{n}=990000010" for n in range(count)]
    command = [sys.executable, "-m", "tests.care.pages.seat", str(home.path), *wanted]
    said = subprocess.run(command, check=True, capture_output=True, env=_environment(home))
    return list(json.loads(said.stdout).values())


@contextmanager
def part(module: str, home: Home, endpoint: str) -> Iterator[str]:
    """A part's process, from its « ready » line to SIGTERM; its address."""
    command = [sys.executable, "-m", module, "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment(home)) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield said["endpoints"][endpoint] if endpoint else ""
        finally:
            process.terminate()


def _environment(home: Home) -> dict[str, str]:
    return {
        **os.environ,
        "RELEVE_HOME": str(home.path),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }


def p99(seconds: Sequence[float]) -> float:
    """The 99th percentile, in ms."""
    return round(statistics.quantiles(seconds, n=100)[98] * 1000, 1)
