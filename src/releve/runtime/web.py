"""The web part's process: ``python -m releve.runtime.web --home DIR --fd N``.

Serves the pages with uvicorn on the socket the supervisor bound, says on the console the first
administrator's code while no account exists, and appends the records' outbox to the ledger through
the signer's socket. Live lines are broadcast by the application itself, in this process.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading

import uvicorn

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.runtime.faults import Faults, FaultsOfLog
from releve.runtime.part import Part, run
from releve.runtime.records import use_records
from releve.runtime.settings import LOOPBACK

_STOP_SECONDS = 3
_DRAIN_SECONDS = 0.5


class _Server(uvicorn.Server):
    """Says « ready » once the socket is served."""

    def __init__(self, config: uvicorn.Config, part: Part, address: str) -> None:
        super().__init__(config)
        self._part = part
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        _say_first_access(self._address)
        self._part.ready(web=self._address)


def serve(part: Part) -> None:
    """Serve until told to stop; connections still open after three seconds are closed."""
    use_records(part.home)
    listener = socket.socket(fileno=part.fd) if part.fd else socket.create_server((LOOPBACK, 0))
    address = "http://{}:{}/".format(*listener.getsockname()[:2])
    config = uvicorn.Config(
        "releve.web.asgi:application",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    faults, stop = Faults(part.home, "web"), threading.Event()
    logging.getLogger("releve").addHandler(FaultsOfLog(faults))
    drainer = threading.Thread(target=_drain, args=(part.home, stop, faults), daemon=True)
    drainer.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it has stopped; by then there is nothing to end.
        signal.signal(number, lambda *_: None)
    try:
        _Server(config, part, address).run(sockets=[listener])
    finally:
        stop.set()
        drainer.join(_STOP_SECONDS)


def _say_first_access(address: str) -> None:
    """While no account exists, a new code at each start; only its hash is kept."""
    code = first_access_code()
    if code:
        sys.stderr.write(
            f"Premier administrateur : ouvrez {address}premier-acces/ et donnez le code {code}\n"
        )
        sys.stderr.flush()


def first_access_code() -> str | None:
    """A new code for the first administrator; None once an account exists."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from releve.pages.codes import issue_first_access

    def issue() -> str | None:
        try:
            return issue_first_access(SystemClock().now())
        finally:
            connection.close()

    # Django refuses the database in an event loop's own thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(issue).result()


def _publish_entity(home: Home) -> bool:
    """The number under which other parts sign, once the first access has declared it."""
    from releve.pages.house import home_perimeter
    from releve.runtime.tool_facts import publish_finess

    where = home_perimeter()
    if where is not None:
        publish_finess(home, where.ej)
    return where is not None


def _drain(home: Home, stop: threading.Event, faults: Faults) -> None:
    """Append what the pages told, twice a second; facts wait in the outbox while no signer runs."""
    from django.db import connection

    from releve.ledger.app.models import Outbox
    from releve.ledger.app.outbox import drain
    from releve.ledger.client import LedgerClient, answers_at
    from releve.ledger.place import Place

    path = Place(home).socket
    published = False
    while not stop.wait(_DRAIN_SECONDS):
        try:
            published = published or _publish_entity(home)
            if Outbox.objects.filter(appended=None, refused="").exists() and answers_at(path):
                with LedgerClient(path) as ledger:
                    drain(ledger)
        except Exception as error:  # noqa: BLE001  (a daemon's loop: the facts wait for the next turn)
            faults.met("faits des pages", error)
        finally:
            connection.close()


if __name__ == "__main__":
    run("web", serve)
