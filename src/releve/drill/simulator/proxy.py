"""A network between the machines and the receiver, that notes what the receiver acknowledged.

``python -m releve.drill.simulator.proxy MODE UPSTREAM-HOST:PORT LOG STORAGE ASIDE``: it says
``{"url": …}`` once it listens on a free loopback port; each control line on standard input is
answered by ``{"done": …}``; it ends when its input is closed. An object's POST that was answered
200 is written in LOG (JSON lines) before the machine hears it. While the receiver is down it
answers 502 or closes, as a network would.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import h11

from releve.drill.simulator.errors import SimulatorFailed
from releve.drill.simulator.processes import Child, ignore_ctrl_c, say
from releve.drill.simulator.proxy_modes import Call, Honest, mode, read_call
from releve.kernel.clock import SystemClock, iso
from releve.kernel.units import KIB

_CHUNK = 256 * KIB
_HOP_BY_HOP = (b"connection", b"keep-alive", b"transfer-encoding", b"expect", b"proxy-connection")
_CLOCK = SystemClock()
_Headers = list[tuple[bytes, bytes]]


class Proxy:
    """The engine's handle on a proxy process."""

    def __init__(self, mode: str, upstream: str, log: Path, storage: Path, aside: Path) -> None:
        """``upstream`` is the receiver's ``http://127.0.0.1:PORT/``."""
        self.log = log
        address = upstream.removeprefix("http://").strip("/")
        arguments = [mode, address, str(log), str(storage), str(aside)]
        self._child = Child("releve.drill.simulator.proxy", arguments)
        ready = self._child.read()
        if ready is None:
            raise SimulatorFailed(who="réseau", why="le mandataire n'a pas démarré")
        self.url = str(ready["url"])

    def tell(self, **order: object) -> None:
        """Give a control line and wait until it is done."""
        self._child.send(order)
        if self._child.read() is None:
            raise SimulatorFailed(who="réseau", why="le mandataire s'est arrêté")

    def through(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The enrolment's lines with the receiver's address replaced by the proxy's."""
        scheme, _, rest = environment["RESTIC_REPOSITORY"].rpartition("://")
        credential, _, place = rest.rpartition("@")
        path = place.partition("/")[2]
        door = self.url.removeprefix("http://")
        return {**environment, "RESTIC_REPOSITORY": f"{scheme}://{credential}@{door}/{path}"}

    def acknowledged(self) -> list[dict[str, str]]:
        """Objects whose 200 passed: ``at``, ``machine``, ``kind``, ``name``, oldest first."""
        return [json.loads(line) for line in self.log.read_bytes().split(b"\n")[:-1]]

    def stop(self) -> None:
        """End it; idempotent."""
        self._child.stop()


class _Side:
    """One end of a connection: bytes through h11, which knows where a message ends."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        role: type[h11.CLIENT] | type[h11.SERVER],
    ) -> None:
        self.http = h11.Connection(role)
        self._reader, self._writer = reader, writer

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                self.http.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, type):
                return h11.PAUSED
            else:
                return event

    async def send(self, event: h11.Event) -> None:
        data = self.http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def body(self) -> bytes:
        """The rest of the message being read."""
        parts = []
        while isinstance(event := await self.event(), h11.Data):
            parts.append(bytes(event.data))
        if not isinstance(event, h11.EndOfMessage):
            raise h11.RemoteProtocolError("message interrompu")
        return b"".join(parts)

    def next_cycle(self) -> bool:
        """Ready for another message on the same connection; False when it must be closed."""
        if self.http.our_state is h11.DONE and self.http.their_state is h11.DONE:
            self.http.start_next_cycle()
            return True
        return False

    @property
    def gone(self) -> bool:
        """The other end closed while nothing was asked of it."""
        return self._reader.at_eof() or self._reader.exception() is not None

    def close(self) -> None:
        self._writer.close()


class _Network:
    """Serves connections; each client connection has its own connection to the receiver."""

    def __init__(self, mode: Honest, host: str, port: int, log: int) -> None:
        self.mode = mode
        self._host, self._port, self._log = host, port, log

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client connection, until either side ends it."""
        client, far = _Side(reader, writer, h11.SERVER), _Far(self._host, self._port)
        try:
            while isinstance(request := await client.event(), h11.Request):
                await self._exchange(client, far, request)
                if not client.next_cycle():
                    break
        except h11.RemoteProtocolError:
            await _say_bad(client)
        except (OSError, asyncio.IncompleteReadError, h11.LocalProtocolError):
            pass  # the network went away: so does this connection
        finally:
            client.close()
            far.close()

    async def _exchange(self, client: _Side, far: _Far, request: h11.Request) -> None:
        call = read_call(request.method.decode(), request.target.decode("latin-1"))
        if client.http.they_are_waiting_for_100_continue:
            await client.send(h11.InformationalResponse(status_code=100, headers=[]))
        status, body = self.mode.answer(call), self.mode.body(call)
        if status is not None or body is not None:
            await client.body()
            await self._reply(client, call, status or 200, [], body or b"")
            return
        try:
            receiver = await far.side()
        except OSError:
            await _reply(client, 502, [(b"connection", b"close")], b"")
            return
        copy = await self._forward(client, receiver, request, keep=self.mode.copies(call))
        await self._bring_back(client, receiver, call, copy)
        far.done()

    async def _forward(
        self, client: _Side, receiver: _Side, request: h11.Request, *, keep: bool
    ) -> bytes:
        headers = _end_to_end(list(request.headers))
        if not any(name == b"content-length" for name, _ in headers) and request.method == b"POST":
            headers.append((b"transfer-encoding", b"chunked"))
        await receiver.send(
            h11.Request(method=request.method, target=request.target, headers=headers)
        )
        copy = b""
        while isinstance(event := await client.event(), h11.Data):
            await receiver.send(event)
            copy += bytes(event.data) if keep else b""
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionResetError
        await receiver.send(h11.EndOfMessage())
        return copy

    async def _bring_back(self, client: _Side, receiver: _Side, call: Call, copy: bytes) -> None:
        while isinstance(response := await receiver.event(), h11.InformationalResponse):
            continue
        if not isinstance(response, h11.Response):
            raise ConnectionResetError
        if response.status_code == 200 and self.mode.copies(call):
            self.mode.posted(call, copy)
        headers = _end_to_end(list(response.headers))
        if response.status_code == 200 and self.mode.rewrites(call):
            sized = any(b".v2" in value for name, value in headers if name == b"content-type")
            body = self.mode.rewrite(call, await receiver.body(), sized=sized)
            kept = [(name, value) for name, value in headers if name != b"content-length"]
            await self._reply(client, call, 200, kept, body)
            return
        self._note(call, response.status_code)
        await client.send(h11.Response(status_code=response.status_code, headers=headers))
        while isinstance(event := await receiver.event(), h11.Data):
            await client.send(event)
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionResetError
        await client.send(h11.EndOfMessage())

    async def _reply(
        self, client: _Side, call: Call, status: int, headers: _Headers, body: bytes
    ) -> None:
        self._note(call, status)
        await _reply(client, status, headers, body)

    def _note(self, call: Call, status: int) -> None:
        if call.method == "POST" and call.object and status == 200:
            said = {"at": iso(_CLOCK.now()), "machine": call.machine, "kind": call.kind}
            os.write(self._log, json.dumps({**said, "name": call.name}).encode() + b"\n")


class _Far:
    """The connection to the receiver, opened when needed and again when it was lost."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._side: _Side | None = None

    async def side(self) -> _Side:
        if self._side is not None and self._side.gone:
            self.close()
        if self._side is None:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            self._side = _Side(reader, writer, h11.CLIENT)
        return self._side

    def done(self) -> None:
        """A request was answered; the connection is kept when both ends agree."""
        if self._side is not None and not self._side.next_cycle():
            self.close()

    def close(self) -> None:
        if self._side is not None:
            self._side.close()
            self._side = None


async def _reply(client: _Side, status: int, headers: _Headers, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await client.send(h11.Response(status_code=status, headers=[*headers, length]))
    if body:
        await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


async def _say_bad(client: _Side) -> None:
    if client.http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        await _reply(client, 400, [(b"connection", b"close")], b"")


def _end_to_end(headers: _Headers) -> _Headers:
    return [(name, value) for name, value in headers if name not in _HOP_BY_HOP]


async def _run(network: _Network) -> None:
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    say(url=f"http://127.0.0.1:{port}")
    while line := await orders.readline():
        order = json.loads(line)
        network.mode.told(order)
        say(done=order.get("do"))
    server.close()


def main() -> None:
    """Entry point of the process."""
    ignore_ctrl_c()
    name, upstream, log, storage, aside = sys.argv[1:]
    host, _, port = upstream.rpartition(":")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    lies = mode(name, Path(storage), Path(aside))
    asyncio.run(_run(_Network(lies, host, int(port), descriptor)))


if __name__ == "__main__":
    main()
