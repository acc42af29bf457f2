"""A tiny MLLP receiver for tests: keeps what it is sent, acknowledges, can be cut and come back."""

from __future__ import annotations

import asyncio
import socket
import threading

from releve.drill.simulator.his.link import END, START

#: What it answers to a message, by its rank: AA, AE, AR, « late » (keeps it and hangs up).
Script = dict[int, str]


class Receiver:
    """Listens on a loopback port in a thread of its own. ``kept`` holds messages as received."""

    def __init__(self, script: Script | None = None, port: int = 0) -> None:
        self.kept: list[bytes] = []
        self._script = script or {}
        self._seen = 0
        self._socket = socket.create_server(("127.0.0.1", port), backlog=16)
        self.port = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close every connection at once, as a killed process does; idempotent."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._loop.close()

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._socket)
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                message = (await reader.readuntil(END)).removeprefix(START).removesuffix(END)
                self._seen += 1
                said = self._script.get(self._seen, "AA")
                if said != "AR":
                    self.kept.append(message)
                if said == "late":
                    return
                control = message.split(b"\r")[0].split(b"|")[9].decode()
                ack = f"MSH|^~\\&|X|X|Y|Y|20261122||ACK|1|P|2.5\rMSA|{said}|{control}\r"
                writer.write(START + ack.encode() + END)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()
