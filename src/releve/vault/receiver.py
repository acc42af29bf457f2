"""The receiver: restic's REST protocol, each machine in its own append-only repository.

It knows no repository password. What a machine sends is kept on the disk before the answer; what it
asks to remove or to overwrite is refused and counted; what it posts under ``index`` and
``snapshots`` is listed back only once the worker has read it (decision 0006).
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from releve.kernel.ids import MachineName
from releve.kernel.units import GIB, KIB, MIB
from releve.vault.asgi import Exchange, Hangup, Headers, Receive, Scope, Send
from releve.vault.credentials import Credential, Credentials, matches
from releve.vault.objects import Kind, Ref
from releve.vault.protocol import (
    Act,
    Cause,
    Refusal,
    Request,
    Room,
    content_length,
    may_remove,
    may_store,
    read_credentials,
    read_range,
    read_request,
    render_list,
)
from releve.vault.register import Register
from releve.vault.stores.folder import Upload

T = TypeVar("T")

#: Bytes gathered before a thread writes them, and read before they are sent.
_BATCH = 512 * KIB
#: Refused bodies up to this size are read and dropped; beyond, the connection is closed.
_DRAIN = 192 * MIB
_UNKNOWN = MachineName("inconnue")
_REALM = (("www-authenticate", 'Basic realm="releve"'),)


@dataclass(frozen=True)
class Reserve:
    """Disk that backups never take: the larger of a share and a floor (10 %, at least 2 GiB)."""

    share: float = 0.10
    floor: int = 2 * GIB

    def spare(self, free: int, total: int) -> int:
        """Bytes that may still be received."""
        return max(0, free - max(self.floor, int(total * self.share)))


class Receiver:
    """The machines' door of one home. Blocking work runs in threads; tables are the register's."""

    def __init__(
        self, register: Register, credentials: Credentials, reserve: Reserve, threads: int = 8
    ) -> None:
        self.register = register
        #: Set when something was received; whoever waits clears it first.
        self.news = asyncio.Event()
        #: Another one at each start, so that counts are never mistaken for older ones.
        self.life = secrets.token_hex(8)
        self._credentials = credentials
        self._reserve = reserve
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="vault")
        self._refusals: Counter[tuple[MachineName, Cause]] = Counter()
        self._counting = threading.Lock()
        for ref in register.recovery.without_object:
            self._count(ref.machine, Cause.VANISHED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI application for restic."""
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send)
        with suppress(Hangup):
            machine, refusal = await self._serve(exchange)
            if refusal is not None:
                await self._refuse(refusal, machine, exchange)

    def refusals(self) -> dict[tuple[MachineName, Cause], int]:
        """How often each cause was met by each machine, in this life."""
        with self._counting:
            return dict(self._refusals)

    async def thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Run blocking work aside."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def send_object(
        self, exchange: Exchange, ref: Ref, start: int, end: int, status: int, headers: Headers
    ) -> Refusal | None:
        """Send bytes ``start`` to ``end`` of an object; 404 when its file is no longer there."""
        begun = False
        while not begun or start < end:
            stop = min(end, start + _BATCH)
            part = await self.thread(self._part, ref, start, stop)
            if part is None:
                self._count(ref.machine, Cause.VANISHED)
                if begun:
                    raise ConnectionAbortedError(f"{ref.kind}/{ref.name} tronqué sur le disque")
                return Refusal(404)
            if not begun:
                sized = [*headers, ("content-length", str(end - start))]
                await exchange.start(status, sized)
                begun = True
            start = stop
            await exchange.send(part, more=start < end)
        return None

    def _part(self, ref: Ref, start: int, end: int) -> bytes | None:
        try:
            part = self.register.store.read(ref, start, end)
        except FileNotFoundError:
            return None
        return part if len(part) == end - start else None

    async def _serve(self, exchange: Exchange) -> tuple[MachineName, Refusal | None]:
        credential = self._admit(exchange.headers)
        if credential is None:
            return _UNKNOWN, Refusal(401, headers=_REALM)
        request = read_request(exchange.method, exchange.path, exchange.query)
        machine = credential.machine
        if isinstance(request, Refusal):
            return machine, request
        if request.machine != machine:
            return machine, Refusal(403, Cause.FOREIGN)
        return machine, await self._do(request, credential, exchange)

    async def _do(
        self, request: Request, credential: Credential, exchange: Exchange
    ) -> Refusal | None:
        if request.act is Act.LIST and request.kind is not None:
            await self._list(request.kind, credential, exchange)
            return None
        if request.act is Act.CREATE:
            await exchange.answer(200)
            return None
        if request.act in (Act.DESTROY, Act.REMOVE):
            return await self._remove(request, exchange)
        if request.act is Act.STORE:
            return await self._store(request, credential, exchange)
        return await self._read(request, credential, exchange)

    def _admit(self, headers: dict[str, str]) -> Credential | None:
        given = read_credentials(headers.get("authorization"))
        if given is None:
            return None
        name, secret = given
        plain = name.isascii() and name.replace("-", "").isalnum()
        credential = self._credentials.find(name) if plain else None
        if not matches(credential, secret):
            self._count(credential.machine if credential else _UNKNOWN, Cause.PASSWORD)
            return None
        return credential

    async def _list(self, kind: Kind, credential: Credential, exchange: Exchange) -> None:
        rows = self._listed(credential, kind)
        media, body = render_list(exchange.headers.get("accept", ""), rows)
        await exchange.answer(200, body, (("content-type", media),))

    def _listed(self, credential: Credential, kind: Kind) -> list[tuple[str, int]]:
        if kind is Kind.KEYS:
            size = self._size(Ref(credential.machine, kind, credential.key_name), credential)
            return [] if size is None else [(credential.key_name, size)]
        if kind is Kind.LOCKS:
            return []  # one machine per repository: there is nobody to keep out
        return self.register.valid(credential.machine, kind)

    def _size(self, ref: Ref, credential: Credential) -> int | None:
        entry = self.register.get(ref)
        if entry is not None:
            return entry.size
        if ref.kind is Kind.CONFIG or ref.name == credential.key_name:
            with suppress(FileNotFoundError):
                return self.register.store.path(ref).stat().st_size
        return None

    async def _read(
        self, request: Request, credential: Credential, exchange: Exchange
    ) -> Refusal | None:
        size = self._size(request.ref, credential)
        if size is None:
            return Refusal(404)
        if request.act is Act.SIZE:
            await exchange.start(200, (("content-length", str(size)),))
            await exchange.send()
            return None
        span = read_range(exchange.headers.get("range"), size)
        if isinstance(span, Refusal):
            return span
        where = f"bytes {span.start}-{span.end - 1}/{size}"
        headers = [("content-range", where)] if span.partial else []
        status = 206 if span.partial else 200
        return await self.send_object(exchange, request.ref, span.start, span.end, status, headers)

    async def _remove(self, request: Request, exchange: Exchange) -> Refusal | None:
        present = request.act is Act.REMOVE and (
            request.kind is Kind.CONFIG or self.register.get(request.ref) is not None
        )
        refusal = may_remove(request, present=present)
        if refusal is None:
            await self.thread(self.register.remove_lock, request.ref)
            await exchange.answer(200)
        return refusal

    async def _store(
        self, request: Request, credential: Credential, exchange: Exchange
    ) -> Refusal | None:
        ref = request.ref
        entry = self.register.get(ref)
        refusal = may_store(
            request,
            exchange.headers,
            self._room(credential),
            present=entry is not None or self._size(ref, credential) is not None,
            earlier_life=entry is not None and entry.earlier,
        )
        if refusal is None:
            refusal = await self._keep(ref, exchange)
        if refusal is None:
            self.news.set()
            await exchange.answer(200)
        return refusal

    def _room(self, credential: Credential) -> Room:
        machine = credential.machine
        spare = self._reserve.spare(*self.register.store.free())
        share = spare
        if credential.quota is not None:
            share = max(0, credential.quota - self.register.stored(machine))
        return Room(spare, share, self.register.count(machine, Kind.LOCKS))

    async def _keep(self, ref: Ref, exchange: Exchange) -> Refusal | None:
        """Receive the body: hash while writing, then object and receipt, both on the disk."""
        upload = await self.thread(self.register.store.upload)
        try:
            batch: list[bytes] = []
            gathered = 0
            async for part in exchange.body():
                batch.append(part)
                gathered += len(part)
                if gathered >= _BATCH:
                    await self.thread(upload.write, batch)
                    batch, gathered = [], 0
            return await self.thread(self._finish, upload, batch, ref)
        except OSError:
            return Refusal(507, Cause.ROOM)
        finally:
            upload.drop()

    def _finish(self, upload: Upload, batch: list[bytes], ref: Ref) -> Refusal | None:
        upload.write(batch)
        if ref.kind is not Kind.CONFIG and upload.digest != ref.name:
            return Refusal(400, Cause.HASH)
        if self.register.receive(upload, ref) is None:
            return Refusal(403, Cause.OVERWRITE)
        return None

    async def _refuse(self, refusal: Refusal, machine: MachineName, exchange: Exchange) -> None:
        if refusal.cause is not None:
            self._count(machine, refusal.cause)
        headers = list(refusal.headers)
        announced = content_length(exchange.headers)
        if "transfer-encoding" in exchange.headers or (announced or 0) > _DRAIN:
            headers.append(("connection", "close"))
        else:
            await exchange.drain()
        await exchange.answer(refusal.status, headers=headers)

    def _count(self, machine: MachineName, cause: Cause) -> None:
        with self._counting:
            self._refusals[machine, cause] += 1
