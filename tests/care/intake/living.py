"""A real listener on a real port, in this process or in its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvloop

from releve.care import durable_line
from releve.care.durable_line import DurableLine
from releve.care.intake import Intake
from releve.care.listener import Limits, Listener
from releve.care.senders import read_senders
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home

Address = tuple[str, int]


@dataclass
class Living:
    """Where it listens, and how it can be ended."""

    address: Address
    listener: Listener
    loop: asyncio.AbstractEventLoop

    def stop(self) -> None:
        """As SIGTERM does."""
        self.loop.call_soon_threadsafe(self.listener.stop)


@contextmanager
def listening(home: Home, intake: Intake, limits: Limits | None = None) -> Iterator[Living]:
    """In a thread of this process, with limits small enough to reach."""
    started = threading.Event()
    found: list[Living] = []

    async def serve() -> None:
        line = DurableLine(len(intake))
        await line.serve(durable_line.bind(home))
        listener = Listener(intake, read_senders(home.path), SystemClock(), line, limits)
        peers = socket.create_server(("127.0.0.1", 0))
        found.append(Living(peers.getsockname(), listener, asyncio.get_running_loop()))
        try:
            await listener.serve(peers, started.set)
        finally:
            line.close()

    thread = threading.Thread(target=lambda: uvloop.run(serve()), daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield found[0]
    finally:
        if thread.is_alive():
            found[0].stop()
        thread.join(20)


@contextmanager
def part(
    name: str, home: Home, *before: str, fd: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A part's own process, and the endpoints it said; killed at the end if it still lives."""
    command = [*before, sys.executable, "-m", f"releve.runtime.{name}", "--home", str(home.path)]
    if fd is not None:
        command += ["--fd", str(fd)]
    handed = () if fd is None else (fd,)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, pass_fds=handed, env=dict(os.environ)
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"{name} n'a pas démarré"
            yield process, json.loads(line)["endpoints"]
        finally:
            if process.poll() is None:
                process.kill()


def address_of(endpoint: str) -> Address:
    """``mllp://127.0.0.1:2575/`` → (host, port)."""
    host, _, port = endpoint.removeprefix("mllp://").rstrip("/").rpartition(":")
    return host, int(port)
