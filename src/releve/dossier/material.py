"""What a dossier is made from: plain values that ``runtime`` and ``cli`` fill from the code itself
(parts, settings, stores, verbs) and from the home (who, what is served, what is signed).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Flow:
    """``where``: the address now, or the port that is kept; ``state``: served, stopped, by hand;
    ``port``: a network port, not a file nor a socket of the home.
    """

    source: str
    target: str
    protocol: str
    where: str
    data: str
    content: str
    transport: str
    state: str
    port: bool


@dataclass(frozen=True)
class Kept:
    """A store as article 30 asks it."""

    id: str
    name: str
    holds: str
    people: str
    purpose: str
    basis: str
    duration: str
    key: str
    destruction: str
    source: str
    status: str
    signature: str
    decided: bool
    signed: bool
    outside: bool


@dataclass(frozen=True)
class Verb:
    """A verb of ``./run`` and its sentence."""

    name: str
    does: str


@dataclass(frozen=True)
class RoleLine:
    """A role: how many accounts hold it, which pages it opens, whether a second factor is asked."""

    name: str
    accounts: int
    second_factor: bool
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """Everything. ``served``: the parts that answer now; empty texts are said to be missing."""

    made: datetime
    version: str
    home: str
    world: str
    entity: str
    finess: str
    dpo: str
    overrides: tuple[str, ...]
    users: dict[str, str]
    parts: tuple[str, ...]
    served: tuple[str, ...]
    flows: tuple[Flow, ...]
    stores: tuple[Kept, ...]
    verbs: tuple[Verb, ...]
    roles: tuple[RoleLine, ...]
    shared_acts: tuple[str, ...]
    rotas: tuple[str, ...]
    suppliers: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, int], ...]
    reflexes: tuple[str, ...]


@cache
def described() -> dict[str, list[dict[str, Any]]]:
    """What is said of parts, flows and gestures: ``described.toml``, compared with the code by
    tests.
    """
    return tomllib.loads(Path(__file__).with_name("described.toml").read_text("utf-8"))
