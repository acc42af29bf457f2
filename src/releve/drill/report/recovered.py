"""The recovery order in words: what came back, when, and why each step came then."""

from __future__ import annotations

from dataclasses import dataclass

from releve.drill.account import Account, Passage, Revival
from releve.drill.report import hours
from releve.drill.report.inert import inert
from releve.kernel.units import NARROW_SPACE, duration


@dataclass(frozen=True)
class Returned:
    """A numbered line: a gate that a person confirmed, or a server brought back. ``when`` and
    ``took`` are measured; ``planned`` is the hospital's own figure, empty for a gate.
    """

    name: str
    why: str
    when: str
    took: str
    planned: str


def returned(account: Account) -> tuple[Returned, ...]:
    """Gates and servers, in the order they were passed or asked for; those never asked last."""
    late = max(
        [one.story for one in account.passages]
        + [one.ordered for one in account.revivals if one.ordered is not None],
        default=None,
    )
    if late is None:
        return tuple(map(_server, account.revivals))
    gates = [(one.story, 0, _gate(one)) for one in account.passages]
    servers = [(one.ordered or late, 1, _server(one)) for one in account.revivals]
    return tuple(line for _, _, line in sorted([*gates, *servers], key=lambda each: each[:2]))


def _gate(one: Passage) -> Returned:
    return Returned(
        f"Porte « {inert(one.gate, 80)} »",
        "aucun serveur derrière elle n'est relevé avant",
        f"confirmée à {hours.story_hour(one.story)} par {inert(one.by, 80)}",
        "",
        "",
    )


def _why(text: str) -> str:
    """The plan's reasons; the gates are lines of their own."""
    reasons = (reason for reason in text.split(" ; ") if not reason.startswith("porte «"))
    return inert(" ; ".join(reasons))


def _server(one: Revival) -> Returned:
    name = f"{inert(one.name, 80)} ({inert(one.node, 80)})"
    planned = f"{one.planned_minutes:g}{NARROW_SPACE}min"
    if one.ordered is None or one.answered is None:
        return Returned(name, _why(one.why), "n'est pas revenu", "", planned)
    took = duration(one.answered - one.ordered)
    return Returned(
        name, _why(one.why), f"répond à {hours.story_hour(one.answered)}", took, planned
    )
