"""The receiver part: ``python -m releve.runtime.receiver --home DIR [--fd N]``."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
import uvloop

from releve.kernel.clock import SystemClock
from releve.kernel.durable import make_folder
from releve.kernel.home import sole_writer
from releve.runtime.part import Part, run
from releve.runtime.settings import LOOPBACK, receiver_port
from releve.vault.credentials import Credentials
from releve.vault.line import listen
from releve.vault.receiver import Receiver, Reserve
from releve.vault.register import Register
from releve.vault.worker_door import WorkerDoor

_GRACE_SECONDS = 3


class _Server(uvicorn.Server):
    """Two of these share a process: signals are caught once, by :func:`_serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(part: Part) -> None:
    """Serve until SIGTERM or SIGINT."""
    make_folder(part.home.secrets("receiver"))
    with (
        sole_writer(part.home, "receiver"),
        contextlib.closing(Register(part.home, SystemClock())) as register,
        _listener(part) as machines,
        part.handed("receiver.sock") or listen(part.home) as worker,
    ):
        receiver = Receiver(register, Credentials(part.home), Reserve())
        uvloop.run(_serve(part, receiver, machines, worker))


async def _serve(
    part: Part, receiver: Receiver, machines: socket.socket, worker: socket.socket
) -> None:
    doors = [
        (_Server(_config(receiver)), machines),
        (_Server(_config(WorkerDoor(receiver))), worker),
    ]
    serving = [asyncio.create_task(server.serve(sockets=[sock])) for server, sock in doors]

    def stop() -> None:
        for server, _ in doors:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    while not all(server.started for server, _ in doors):
        await asyncio.sleep(0.005)
    part.ready(receiver=f"http://{LOOPBACK}:{machines.getsockname()[1]}/")
    await asyncio.gather(*serving)


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        interface="asgi3",
        proxy_headers=False,
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listener(part: Part) -> socket.socket:
    if part.fd is not None:
        return socket.socket(fileno=part.fd)
    return socket.create_server((LOOPBACK, receiver_port(part.home)))


if __name__ == "__main__":
    run("receiver", serve)
