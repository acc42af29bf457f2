"""The web part's process: ``python -m releve.runtime.web --home DIR --fd N``.

Serves the pages with uvicorn on the sockets the supervisor bound (loopback in clear, any other over
TLS), says on the console the first
administrator's code while no account exists, and appends the records' outbox to the ledger through
the signer's socket. Live lines are broadcast by the application itself, in this process.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
import sys
import threading

import uvicorn

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.runtime.faults import Faults, FaultsOfLog
from releve.runtime.part import Part, run
from releve.runtime.records import use_records
from releve.runtime.settings import LOOPBACK
from releve.runtime.tls import presented

_STOP_SECONDS = 3
_DRAIN_SECONDS = 0.5
#: uvicorn's loop ticks ten times a second: once an hour a renewed certificate is taken up.
_RELOAD_TICKS = 36_000


class _Server(uvicorn.Server):
    """Says « ready » once the sockets are served: one in clear on loopback, the others over TLS."""

    def __init__(self, config: uvicorn.Config, part: Part, address: str) -> None:
        super().__init__(config)
        self._part = part
        self._address = address
        self._context: ssl.SSLContext | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        endpoints = {"web": self._address}
        for number, descriptor in enumerate(self._part.tls_fds, 1):
            name = "https" if number == 1 else f"https{number}"
            endpoints[name] = await self._secure(socket.socket(fileno=descriptor))
        _say_first_access(self._address)
        self._part.ready(**endpoints)

    async def _secure(self, listener: socket.socket) -> str:
        """Serve one more socket, over TLS, in this same loop; its address."""
        if self._context is None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._take_certificate(self._context)

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        loop = asyncio.get_running_loop()
        self.servers.append(
            await loop.create_server(protocol, sock=listener, ssl=self._context, backlog=512)
        )
        host, port = listener.getsockname()[:2]
        return f"https://[{host}]:{port}/" if ":" in host else f"https://{host}:{port}/"

    async def on_tick(self, counter: int) -> bool:
        if self._context is not None and counter and counter % _RELOAD_TICKS == 0:
            self._take_certificate(self._context)
        return await super().on_tick(counter)

    def _take_certificate(self, context: ssl.SSLContext) -> None:
        held = presented(self._part.home, SystemClock().now())
        if held is not None:
            context.load_cert_chain(held.path)


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
