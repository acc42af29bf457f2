"""Was the hospital brought back in an order that holds? Judged from its folder, by a reading of its
own: the product's plan is what is being judged.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Revived:
    """One machine brought back; times on the simulator's monotonic clock, in seconds."""

    node: str
    ordered: float
    answered: float


@dataclass(frozen=True)
class Gate:
    """What a named person must confirm before the nodes behind it are brought back."""

    name: str
    before: frozenset[str]


@dataclass(frozen=True)
class Needs:
    """What each node of the hospital needs, directly, and its gates."""

    needs: Mapping[str, frozenset[str]]
    gates: tuple[Gate, ...]

    def reaches(self, node: str) -> set[str]:
        """Everything ``node`` needs, directly or not."""
        found: set[str] = set()
        left = [node]
        while left:
            for other in self.needs.get(left.pop(), ()):
                if other not in found:
                    found.add(other)
                    left.append(other)
        return found


def read_needs(folder: Path) -> Needs:
    """From ``dependencies.csv`` and ``establishment.toml`` of an establishment's folder."""
    needs: dict[str, set[str]] = {}
    with (folder / "dependencies.csv").open(encoding="utf-8-sig", newline="") as lines:
        told = (line for line in lines if not line.startswith("#"))
        for row in csv.DictReader(told, delimiter=";"):
            needs.setdefault(row["node"], set()).add(row["needs"])
    whole = tomllib.loads((folder / "establishment.toml").read_text("utf-8"))
    gates = tuple(Gate(gate["name"], frozenset(gate["before"])) for gate in whole.get("gate", ()))
    return Needs({node: frozenset(others) for node, others in needs.items()}, gates)


def faults(
    needs: Needs, revived: Sequence[Revived], closed: Mapping[str, float]
) -> tuple[str, ...]:
    """What was done too soon, in French; empty when the order holds.

    ``closed``: when each gate was closed. Two nodes that need each other have no order of their
    own: it is written as a bootstrap order, and not judged here.
    """
    by_node = {one.node: one for one in revived}
    return (*_too_soon(needs, by_node), *_through_gates(needs, revived, closed))


def _too_soon(needs: Needs, revived: Mapping[str, Revived]) -> Iterable[str]:
    for one in revived.values():
        for name in sorted(needs.reaches(one.node) & revived.keys() - {one.node}):
            other = revived[name]
            if one.node not in needs.reaches(name) and one.ordered < other.answered:
                yield f"{one.node} a été relevé avant {name}, dont il dépend"


def _through_gates(
    needs: Needs, revived: Sequence[Revived], closed: Mapping[str, float]
) -> Iterable[str]:
    for gate in needs.gates:
        for one in revived:
            behind = gate.before & (needs.reaches(one.node) | {one.node})
            if behind and closed.get(gate.name, float("inf")) > one.ordered:
                yield f"{one.node} a été relevé avant que la porte « {gate.name} » soit fermée"
