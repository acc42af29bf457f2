"""The MLLP listener part: ``python -m releve.runtime.listener --home DIR [--fd N]``.

It alone writes the messages' journal. Without ``--fd`` it binds a free port of loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket

import uvloop

from releve.care import durable_line
from releve.care.durable_line import DurableLine
from releve.care.intake import Intake
from releve.care.listener import Listener
from releve.care.senders import Senders, read_senders
from releve.kernel.clock import SystemClock
from releve.runtime.part import Part, run
from releve.runtime.settings import LOOPBACK, mllp_address


def serve(part: Part) -> None:
    """Serve until SIGTERM or SIGINT."""
    senders = read_senders(part.home.path)
    with (
        contextlib.closing(Intake.open(part.home)) as intake,
        _listener(part) as peers,
        part.handed("care.sock") or durable_line.bind(part.home) as followers,
    ):
        uvloop.run(_serve(part, intake, senders, peers, followers))


async def _serve(
    part: Part, intake: Intake, senders: Senders, peers: socket.socket, followers: socket.socket
) -> None:
    line = DurableLine(len(intake))
    listener = Listener(intake, senders, SystemClock(), line)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, listener.stop)
    await line.serve(followers)
    address = mllp_address(peers)
    try:
        await listener.serve(peers, lambda: part.ready(listener=address))
    finally:
        line.close()


def _listener(part: Part) -> socket.socket:
    if part.fd is not None:
        return socket.socket(fileno=part.fd)
    return socket.create_server((LOOPBACK, 0), backlog=512)


if __name__ == "__main__":
    run("listener", serve)
