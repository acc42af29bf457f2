"""restic's REST protocol, without I/O: a request in, what to do or what to answer out.

Source: restic, *REST Backend* (13 routes, API v1 and v2). Paths are ``/<machine>/…``; a valid path
holds only letters, digits and hyphens between its slashes, so anything escaped or climbing is not
a path of ours.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from releve.kernel.errors import ReleveError
from releve.kernel.ids import MachineName, machine_name
from releve.kernel.units import KIB, MIB
from releve.vault.objects import Kind, Ref, is_object_name

V1 = "application/vnd.x.restic.rest.v1"
V2 = "application/vnd.x.restic.rest.v2"
#: Largest body accepted, by kind (bytes): restic packs reach 128 MiB and a blob more.
MAX_BODY = {
    Kind.CONFIG: 64 * KIB,
    Kind.KEYS: 64 * KIB,
    Kind.LOCKS: 64 * KIB,
    Kind.SNAPSHOTS: 16 * MIB,
    Kind.INDEX: 64 * MIB,
    Kind.DATA: 192 * MIB,
}
#: Locks are never refused for want of room below this number; an honest machine holds one or two.
MAX_LOCKS = 1000


class Act(Enum):
    """What a well-formed request asks for."""

    CREATE = "create"
    DESTROY = "destroy"
    LIST = "list"
    SIZE = "size"
    READ = "read"
    STORE = "store"
    REMOVE = "remove"


class Cause(Enum):
    """Why a request was refused; counted per machine, one alarm per cause with its count."""

    DELETE = "effacement demandé"
    DESTROY = "destruction du dépôt demandée"
    OVERWRITE = "écrasement demandé"
    CONFIG = "réécriture de la configuration demandée"
    HASH = "contenu différent de son empreinte"
    PASSWORD = "mot de passe refusé"  # noqa: S105
    FOREIGN = "dépôt d'une autre machine demandé"
    PATH = "chemin refusé"
    LENGTH = "taille absente ou trop grande"
    ROOM = "plus de place (réserve du disque)"
    QUOTA = "part de la machine atteinte"
    LOCKS = "trop de verrous"
    VANISHED = "objet reçu puis disparu du disque"

    @property
    def hostile(self) -> bool:
        """False for what an honest machine may meet on a bad day."""
        return self not in (Cause.ROOM, Cause.QUOTA, Cause.LENGTH)


@dataclass(frozen=True)
class Request:
    """A well-formed request of the protocol; ``name`` is empty for lists and whole repositories."""

    act: Act
    machine: MachineName
    kind: Kind | None = None
    name: str = ""

    @property
    def ref(self) -> Ref:
        """The object asked for; only when ``kind`` and ``name`` are set."""
        if self.kind is None or not self.name:
            raise ValueError("cette demande ne désigne pas un objet")
        return Ref(self.machine, self.kind, self.name)


@dataclass(frozen=True)
class Refusal:
    """An answer that ends the request. ``cause`` is None for what is nobody's fault (404, 416)."""

    status: int
    cause: Cause | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` to ``end`` (excluded) of an object; ``partial`` = answer 206."""

    start: int
    end: int
    partial: bool


@dataclass(frozen=True)
class Room:
    """What is left: free bytes of the disk beyond the reserve, and of the machine's share."""

    disk: int
    share: int
    locks: int


_ACTS = {"GET": Act.READ, "HEAD": Act.SIZE, "POST": Act.STORE, "DELETE": Act.REMOVE}


def read_request(method: str, path: str, query: str) -> Request | Refusal:
    """Decide which of the 13 routes ``method path?query`` is; 404 or 405 when none."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] or not re.fullmatch(r"[A-Za-z0-9/-]+", path):
        return Refusal(404, Cause.PATH)
    try:
        machine = machine_name(parts[1])
    except ReleveError:
        return Refusal(404, Cause.PATH)
    rest = parts[2:]
    if rest == [""]:
        return _whole(method, machine, query)
    if rest == [Kind.CONFIG.value]:
        act = _ACTS.get(method)
        return Request(act, machine, Kind.CONFIG, "config") if act else Refusal(405)
    if len(rest) != 2 or rest[0] not in list(Kind) or rest[0] == Kind.CONFIG.value:
        return Refusal(404, Cause.PATH)
    kind = Kind(rest[0])
    if rest[1] == "":
        return Request(Act.LIST, machine, kind) if method == "GET" else Refusal(405)
    if not is_object_name(rest[1]):
        return Refusal(404, Cause.PATH)
    act = _ACTS.get(method)
    return Request(act, machine, kind, rest[1]) if act else Refusal(405)


def _whole(method: str, machine: MachineName, query: str) -> Request | Refusal:
    if method == "POST" and query == "create=true":
        return Request(Act.CREATE, machine)
    if method == "DELETE":
        return Request(Act.DESTROY, machine)
    return Refusal(405)


def read_credentials(header: str | None) -> tuple[str, str] | None:
    """User and secret of an ``Authorization: Basic`` header, None when there is none readable."""
    if header is None or not header.lower().startswith("basic "):
        return None
    try:
        user, colon, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, secret) if colon else None


def may_remove(request: Request, *, present: bool) -> Refusal | None:
    """Append only: nothing but a lock goes away; removing a lock that is gone succeeds."""
    if request.act is Act.DESTROY:
        return Refusal(403, Cause.DESTROY)
    if request.kind is Kind.LOCKS:
        return None
    return Refusal(403, Cause.DELETE) if present else Refusal(404)


def may_store(
    request: Request,
    headers: Mapping[str, str],
    room: Room,
    *,
    present: bool,
    earlier_life: bool,
) -> Refusal | None:
    """None when the body should be received.

    ``earlier_life``: the object was received before this receiver started, so the answer may have
    died with its predecessor; the machine's new attempt is told 200 and nothing is written.
    """
    kind = request.kind
    if kind is None:
        return Refusal(405)
    if present:
        if kind is Kind.CONFIG:
            return Refusal(403, Cause.CONFIG)
        return Refusal(200) if earlier_life else Refusal(403, Cause.OVERWRITE)
    length = content_length(headers)
    if length is None:
        return Refusal(411, Cause.LENGTH)
    if length > MAX_BODY[kind]:
        return Refusal(413, Cause.LENGTH)
    if kind is Kind.LOCKS:
        return Refusal(403, Cause.LOCKS) if room.locks >= MAX_LOCKS else None
    if length > room.disk:
        return _full(headers, Cause.ROOM)
    if length > room.share:
        return _full(headers, Cause.QUOTA)
    return None


def content_length(headers: Mapping[str, str]) -> int | None:
    """The body's announced size in bytes, None when absent or not a number."""
    text = headers.get("content-length", "")
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _full(headers: Mapping[str, str], cause: Cause) -> Refusal:
    """507 is final only since restic 0.18.1 (restic #5429); older ones retry it for minutes."""
    agent = re.match(r"restic/([0-9]+)\.([0-9]+)(?:\.([0-9]+))?", headers.get("user-agent", ""))
    version = tuple(int(part or 0) for part in agent.groups()) if agent else (0, 0, 0)
    return Refusal(507 if version >= (0, 18, 1) else 403, cause)


def read_range(header: str | None, size: int) -> Span | Refusal:
    """The bytes asked for: all when there is no range; 416 when out of the object."""
    if header is None:
        return Span(0, size, partial=False)
    found = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip())
    if found is None or found.groups() == ("", ""):
        return Span(0, size, partial=False)
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        return Refusal(416, headers=(("content-range", f"bytes */{size}"),))
    return Span(start, end, partial=True)


def render_list(accept: str, objects: Iterable[tuple[str, int]]) -> tuple[str, bytes]:
    """Content type and body of a list, API v2 (name and size) when asked for, else v1 (names)."""
    if V2 in accept:
        rows = [{"name": name, "size": size} for name, size in objects]
        return V2, json.dumps(rows, separators=(",", ":")).encode()
    return V1, json.dumps([name for name, _ in objects], separators=(",", ":")).encode()
