"""What the proxy does to the traffic: nothing, or one of three lies told for a sabotage.

The lies are told between the machines and the receiver, or on the receiver's bytes, so that the
product is the same program with and without them.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.units import MIB

_OBJECT = re.compile(
    r"/(?P<machine>[A-Za-z0-9-]{1,63})/"
    r"(?:(?P<kind>data|index|keys|locks|snapshots)/(?P<name>[0-9a-f]{64})?|config)"
)
_KEPT_FOR_EVER = ("data", "index", "snapshots", "keys", "config")


@dataclass(frozen=True)
class Call:
    """A request as the proxy reads it; ``kind`` is empty when it names no object or list."""

    method: str
    machine: str = ""
    kind: str = ""
    name: str = ""

    @property
    def object(self) -> bool:
        """It names one object, not a list."""
        return bool(self.name)


def read_call(method: str, target: str) -> Call:
    """Read a request line of restic's REST protocol; anything else names nothing."""
    found = _OBJECT.fullmatch(target.partition("?")[0])
    if found is None:
        return Call(method)
    kind = found["kind"] or "config"
    return Call(
        method, found["machine"], kind, "config" if kind == "config" else found["name"] or ""
    )


class Honest:
    """Everything passes as it is; also the base of the lies."""

    def answer(self, call: Call) -> int | None:
        """A status to answer without asking the receiver; None = forward."""
        return None

    def body(self, call: Call) -> bytes | None:
        """A body to answer with, status 200, without asking the receiver; None = forward."""
        return None

    def copies(self, call: Call) -> bool:
        """True when :meth:`posted` wants the request's body."""
        return False

    def posted(self, call: Call, data: bytes) -> None:
        """A body that the receiver answered 200 to, for calls that :meth:`copies` wanted."""

    def rewrites(self, call: Call) -> bool:
        """True when the receiver's answer goes through :meth:`rewrite`."""
        return False

    def rewrite(self, call: Call, body: bytes, *, sized: bool) -> bytes:
        """The body to give instead of the receiver's; ``sized``: a list of the protocol's v2."""
        return body

    def told(self, order: dict[str, object]) -> None:
        """A control line from the engine."""


class DeleteAllowed(Honest):
    """DELETE really takes the object's bytes away, into a side folder, and says 200."""

    def __init__(self, storage: Path, aside: Path) -> None:
        self._storage, self._aside = storage, aside
        self._moved: list[tuple[Path, Path]] = []

    def answer(self, call: Call) -> int | None:
        if call.method != "DELETE" or not call.object or call.kind not in _KEPT_FOR_EVER:
            return None
        place = self._storage / call.machine / _place(call)
        if not place.exists():
            return 404
        kept = self._aside / call.machine / _place(call)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place, kept)
        self._moved.append((kept, place))
        return 200

    def told(self, order: dict[str, object]) -> None:
        """``put-back``: every object taken away lies again where it was."""
        if order.get("do") == "put-back":
            for kept, place in self._moved:
                shutil.move(kept, place)
            self._moved.clear()


class IndexPoisoned(Honest):
    """While ``poison`` is on, what is posted under index/ is listed back, checked by nobody."""

    def __init__(self) -> None:
        self._on = False
        self._posted: dict[tuple[str, str], bytes] = {}

    def copies(self, call: Call) -> bool:
        return self._on and call.method == "POST" and call.kind == "index" and call.object

    def posted(self, call: Call, data: bytes) -> None:
        if len(data) <= MIB:
            self._posted[call.machine, call.name] = data

    def body(self, call: Call) -> bytes | None:
        if not self._on or call.kind != "index" or call.method != "GET":
            return None
        return self._posted.get((call.machine, call.name))

    def rewrites(self, call: Call) -> bool:
        return self._on and call.method == "GET" and call.kind == "index" and not call.object

    def rewrite(self, call: Call, body: bytes, *, sized: bool) -> bytes:
        rows = json.loads(body)
        known = {row["name"] if isinstance(row, dict) else row for row in rows}
        for (machine, name), data in self._posted.items():
            if machine == call.machine and name not in known:
                rows.append({"name": name, "size": len(data)} if sized else name)
        return json.dumps(rows).encode()

    def told(self, order: dict[str, object]) -> None:
        """``poison`` with ``on``; once off, nothing that was listed is listed any more."""
        if order.get("do") == "poison":
            self._on = bool(order["on"])
            if not self._on:
                self._posted.clear()


class AckBeforeWrite(Honest):
    """In its window, says 200 to every other new pack of data and forwards nothing of it."""

    def __init__(self) -> None:
        self._on = False
        self._machine: str | None = None
        self._seen = 0

    def answer(self, call: Call) -> int | None:
        if not self._on or call.method != "POST" or call.kind != "data" or not call.object:
            return None
        if self._machine not in (None, call.machine):
            return None
        self._seen += 1
        return 200 if self._seen % 2 else None

    def told(self, order: dict[str, object]) -> None:
        """``window`` with ``on`` and, to aim at one machine, ``machine``."""
        if order.get("do") == "window":
            self._on = bool(order["on"])
            machine = order.get("machine")
            self._machine = str(machine) if machine else None


def mode(name: str, storage: Path, aside: Path) -> Honest:
    """The mode of that name; raises ``KeyError`` for an unknown one."""
    return {
        "honest": Honest,
        "delete-allowed": lambda: DeleteAllowed(storage, aside),
        "index-poisoned": IndexPoisoned,
        "ack-before-write": AckBeforeWrite,
    }[name]()


def _place(call: Call) -> str:
    """Where a repository keeps an object (restic's own layout)."""
    if call.kind == "config":
        return "config"
    inner = f"{call.name[:2]}/" if call.kind == "data" else ""
    return f"{call.kind}/{inner}{call.name}"
