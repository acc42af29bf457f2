"""``esms.toml``, read: what the plan's pages say that the home does not."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from releve.incident.binder.rules import STATUS_WORDS


@dataclass(frozen=True)
class Rule:
    """Words, where they were read, what they are worth."""

    words: str
    source: str
    status: str

    @property
    def told(self) -> str:
        return f"{self.words} {self.source} ({STATUS_WORDS[self.status]})."


@dataclass(frozen=True)
class FirstCall:
    """One of the first calls: the form's ``answer``, a ``second`` one, a ``national`` number."""

    who: str
    say: str
    answer: str
    second: str = ""
    national: str = ""


@dataclass(frozen=True)
class Outage:
    """What to do from a time on, when the record or the internet is down."""

    after: str
    record: str
    internet: str


@dataclass(frozen=True)
class Plan:
    """Everything the file says."""

    rules: tuple[Rule, ...]
    calls: tuple[FirstCall, ...]
    first: tuple[str, ...]
    roles: tuple[tuple[str, str], ...]
    outages: tuple[Outage, ...]
    power: tuple[str, ...]
    boxes: tuple[tuple[str, ...], ...]
    lines: tuple[tuple[str, int], ...]


@cache
def plan_rules() -> Plan:
    """Read once; a file that does not fit its shape fails at the first test."""
    text = files("releve.incident.binder.esms").joinpath("esms.toml").read_text("utf-8")
    found = tomllib.loads(text)
    return Plan(
        rules=tuple(Rule(**each) for each in found["rule"]),
        calls=tuple(FirstCall(**each) for each in found["call"]),
        first=tuple(found["tonight"]["first"]),
        roles=tuple((who, does) for who, does in found["tonight"]["roles"]),
        outages=tuple(Outage(**each) for each in found["outage"]),
        power=tuple(found["power"]["acts"]),
        boxes=tuple(tuple(each) for each in found["declaration"]["boxes"]),
        lines=tuple((label, count) for label, count in found["declaration"]["lines"]),
    )
