"""``serve``: starts the parts as processes, restarts each, and lets none take another down.

The supervisor binds the listening sockets itself and hands them to the parts, so that a part killed
and restarted keeps its port and callers wait instead of being refused. Everything a part writes on
its error output goes to ``HOME/log/<part>.log`` and, for lines a person must see, to the console.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from releve.kernel.clock import SystemClock
from releve.kernel.durable import write_durably
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home, sole_writer
from releve.kernel.units import day
from releve.runtime import tls
from releve.runtime.accounts import MARK
from releve.runtime.addresses import Address, check, listen, parse_all
from releve.runtime.settings import (
    LOOPBACK,
    listener_port,
    read_settings,
    receiver_port,
    remember,
)

#: In the order they are started: the signer first, because the others append to it.
PARTS = ("signer", "receiver", "worker", "listener", "projector", "duty", "web")
_FIRST_PAUSE, _LONGEST_PAUSE, _STEADY = 0.1, 5.0, 10.0
_STOP_SECONDS = 8.0
_CHUNK = 65536
_DAY_SECONDS = 86400.0


class PortTaken(ReleveError):
    """Le port {port} ({part}) est déjà pris sur cette machine."""

    next_step = (
        "Arrêtez le programme qui l'occupe ; pour les pages, --port en choisit un autre, pour le"
        " coffre et les messages, receiver_port et listener_port dans settings.json du dossier."
    )


class InstalledHome(ReleveError):
    """{path} est installé : chaque pièce y a son utilisateur, systemd les met en marche."""

    next_step = (
        "systemctl start releve.target ; une adresse hors de cette machine : releve-address"
        " (dans le dossier bin du programme), en root."
    )


@dataclass
class _Running:
    """One part: its process now, the times it came back, where it answers."""

    name: str
    listener: socket.socket | None = None
    secured: list[socket.socket] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    endpoints: dict[str, str] = field(default_factory=dict)
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Runs the parts of one home until told to stop."""

    def __init__(self, home: Home, say: Callable[[str], None], port: int = 0) -> None:
        self._home = home
        self._say = say
        self._stopping = asyncio.Event()
        web_port = port or read_settings(home).web_port
        listeners = {
            "web": _listen(web_port, "web"),
            "receiver": _listen(receiver_port(home), "receiver"),
            "listener": _listen(listener_port(home), "listener"),
        }
        self._parts = [_Running(name, listeners.get(name)) for name in PARTS]
        remember(home, web_port=listeners["web"].getsockname()[1])
        self._addresses = parse_all(read_settings(home).addresses)
        self._parts[-1].secured = self._open_outside()

    def _open_outside(self) -> list[socket.socket]:
        """The pages' own addresses: their certificate made, their sockets bound."""
        if not self._addresses:
            return []
        check(self._home, self._addresses, given=tls.has_given(self._home))
        held = self._certify()
        served = [each for each in self._addresses if each.private or not held.authority]
        for each in self._addresses:
            if each not in served:
                self._say(f"{each} : pas servie, le certificat de l'hôpital est périmé.")
        for each in tls.unnamed(held, served):
            self._say(f"Le certificat ne nomme pas {each.ip} : un navigateur avertira.")
        self._say(f"empreinte du certificat (jusqu'au {day(held.until)}) : {held.fingerprint}")
        if held.authority:
            self._say(f"empreinte de l'autorité de Relève : {held.authority}")
        return [self._listen_outside(each) for each in served]

    def _listen_outside(self, address: Address) -> socket.socket:
        listener, here = listen(address)
        if not here:
            self._say(f"{address} n'est pas encore sur cette machine : écouté quand même.")
        return listener

    def _certify(self) -> tls.Presented:
        return tls.prepare(self._home, self._addresses, SystemClock().now())

    async def run(self) -> None:
        """Start everything, keep it alive, stop it in reverse order on SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        keepers = [asyncio.create_task(self._keep(part)) for part in self._parts]
        beside = [asyncio.create_task(self._announce()), asyncio.create_task(self._renew())]
        await self._stopping.wait()
        for task in beside:
            task.cancel()
        for part, keeper in reversed(list(zip(self._parts, keepers, strict=True))):
            await self._stop(part, keeper)
        (self._home.run / "endpoints.json").unlink(missing_ok=True)

    async def _announce(self) -> None:
        for part in self._parts:
            await part.ready.wait()
        for name, address in self._endpoints().items():
            self._say(f"{name:9} {address}")
        self._say("En service. Ctrl-C pour arrêter.")

    async def _renew(self) -> None:
        """A service that runs for a year has its certificate made again; the web part takes it."""
        while self._addresses:
            await asyncio.sleep(_DAY_SECONDS)
            self._certify()

    async def _keep(self, part: _Running) -> None:
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            try:
                status = str(await self._live(part))
            except OSError as error:  # no memory, no disk, no descriptor: it may pass
                status = str(error)
            if self._stopping.is_set():
                return
            part.restarts += 1
            self._say(f"{part.name} : arrêt inattendu ({status}), redémarrage")
            pause = _FIRST_PAUSE if loop.time() - began > _STEADY else pause
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _live(self, part: _Running) -> int:
        """One life of a part, from its start to its end."""
        command = [sys.executable, "-m", f"releve.runtime.{part.name}"]
        command += ["--home", str(self._home.path)]
        handed: tuple[int, ...] = ()
        if part.listener is not None:
            handed = (part.listener.fileno(),)
            command += ["--fd", str(handed[0])]
        for each in part.secured:
            handed = (*handed, each.fileno())
            command += ["--tls-fd", str(each.fileno())]
        log = self._home.folder("log") / f"{part.name}.log"
        environment = {k: v for k, v in os.environ.items() if k != "RELEVE_GATE"}
        part.process = process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=handed,
            env=environment,
            start_new_session=True,
        )
        try:
            self._publish()
            if process.stdout is not None and process.stderr is not None:
                await asyncio.gather(
                    self._hear(part, process.stdout), self._log(process.stderr, log)
                )
            return await process.wait()
        finally:
            with suppress(ProcessLookupError):  # whatever it had started goes with it
                os.killpg(process.pid, signal.SIGKILL)

    async def _hear(self, part: _Running, lines: asyncio.StreamReader) -> None:
        async for line in _lines(lines):
            with suppress(ValueError, KeyError, AttributeError):
                part.endpoints = dict(json.loads(line)["endpoints"])
                self._publish()
                part.ready.set()

    async def _log(self, lines: asyncio.StreamReader, path: Path) -> None:
        with path.open("ab", buffering=0) as file:
            async for line in _lines(lines):
                with suppress(OSError):  # a full disk: the part must go on being read
                    file.write(line)
                text = line.decode("utf-8", "replace").rstrip()
                if text.startswith("Premier administrateur"):
                    self._say(text)

    async def _stop(self, part: _Running, keeper: asyncio.Task[None]) -> None:
        process = part.process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        await keeper

    def _endpoints(self) -> dict[str, str]:
        return {name: url for part in self._parts for name, url in part.endpoints.items()}

    def _publish(self) -> None:
        endpoints = json.dumps(self._endpoints(), indent=1).encode()
        write_durably(self._home.run / "endpoints.json", endpoints, mode=0o644)
        lives = {
            part.name: {"pid": part.process.pid, "restarts": part.restarts}
            for part in self._parts
            if part.process is not None
        }
        write_durably(self._home.run / "parts.json", json.dumps(lives).encode(), mode=0o644)


def serve(home: Home, say: Callable[[str], None], port: int = 0) -> None:
    """Serve a home until stopped; a second ``serve`` is refused and says where the first is.

    All parts run as this process's user: an installed home, which has one user per part, is
    refused (:class:`InstalledHome`).
    """
    check_not_installed(home)
    with sole_writer(home, "serve"):
        asyncio.run(_run(home, say, port))


def check_not_installed(home: Home) -> None:
    """Raise :class:`InstalledHome`."""
    if (home.path / MARK).exists():
        raise InstalledHome(path=home.path)


async def _run(home: Home, say: Callable[[str], None], port: int) -> None:
    await Supervisor(home, say, port).run()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length: the stream's own reader gives up on long ones."""
    rest = b""
    while data := await stream.read(_CHUNK):
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > _CHUNK:
            yield rest
            rest = b""
    if rest:
        yield rest


def _listen(port: int, part: str) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port), backlog=512)
    except OSError as error:
        raise PortTaken(port=port, part=part) from error
