"""What the network noted: objects acknowledged to machines, and whether each is still there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from releve.drill.simulator.proxy import Proxy
from releve.kernel.ids import MachineName

#: A machine may remove its own locks: their absence says nothing.
_REMOVABLE = "locks"
_TIMEOUT_S = 20.0


def acknowledged_lost(
    proxy: Proxy, environments: Mapping[MachineName, Mapping[str, str]]
) -> tuple[int, int]:
    """(objects acknowledged, those that are absent or changed), asked at the receiver's door."""
    wanted: dict[str, set[tuple[str, str]]] = {}
    for row in proxy.acknowledged():
        if row["kind"] != _REMOVABLE:
            wanted.setdefault(row["machine"], set()).add((row["kind"], row["name"]))
    lost = 0
    for machine, objects in wanted.items():
        with _door(environments[MachineName(machine)]) as door:
            lost += sum(not _there(door, kind, name) for kind, name in sorted(objects))
    return sum(len(objects) for objects in wanted.values()), lost


def _door(environment: Mapping[str, str]) -> httpx.Client:
    parts = urlsplit(environment["RESTIC_REPOSITORY"].removeprefix("rest:"))
    return httpx.Client(
        base_url=f"http://{parts.hostname}:{parts.port}{parts.path}",
        auth=(parts.username or "", parts.password or ""),
        timeout=_TIMEOUT_S,
        trust_env=False,
    )


def _there(door: httpx.Client, kind: str, name: str) -> bool:
    try:
        answer = door.get("config" if kind == "config" else f"{kind}/{name}")
    except httpx.HTTPError:
        return False
    if answer.status_code != 200:
        return False
    return kind == "config" or hashlib.sha256(answer.content).hexdigest() == name
