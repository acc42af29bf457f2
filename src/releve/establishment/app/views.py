"""« Établissement »: the map, what a loss reaches, the order to rebuild in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from releve.establishment import Establishment, MachineKind, Service
from releve.establishment.app import told
from releve.establishment.app.gates import closed_gates
from releve.establishment.app.seen import READERS, Seen, seen
from releve.establishment.drawing import State, draw_map, states
from releve.establishment.durations import span_words
from releve.establishment.errors import NoTeam
from releve.establishment.graph import Graph
from releve.establishment.recovery import GateState, Plan, plan
from releve.kernel.errors import ReleveError
from releve.pages.rights import needs

_POINTS = 12
_TEAMS = 3
#: The form's word for every machine but the workstations.
ALL_SERVERS = "serveurs"


@dataclass(frozen=True)
class Return:
    """A service, when it is back (empty = it waits for a gate), and whether its DMIA is held."""

    name: str
    when: str
    rto: str
    mark: str
    word: str


@dataclass(frozen=True)
class Asked:
    """The recovery form as it was sent."""

    lost: str
    teams: str

    @property
    def names(self) -> list[str]:
        return [name for name in re.split(r"[\s,;]+", self.lost) if name]


@needs(*READERS)
@require_safe
def chart(request: HttpRequest) -> HttpResponse:
    """The whole map, or what the loss of the node ``?noeud=`` reaches."""
    found = seen(request)
    if found is None:
        return render(request, "establishment/absent.html")
    node = request.GET.get("noeud", "").strip()
    graph = Graph.of(found.establishment)
    if node:
        return _fall(request, found, graph, node)
    points = told.points(found.establishment, graph)
    teller = told.Teller(found.establishment, graph, {})
    context = {
        "first": told.worst(found.establishment, points),
        "same": told.equals(found.establishment, points) if points else "",
        "points": points[:_POINTS],
        "other_points": max(0, len(points) - _POINTS),
        "map": _drawn(found.establishment),
        "parts": teller.parts(),
        **_around(found),
    }
    return render(request, "establishment/map.html", context)


def _fall(request: HttpRequest, found: Seen, graph: Graph, node: str) -> HttpResponse:
    establishment = found.establishment
    if f"service:{node}" in graph.index and node not in graph.index:
        node = f"service:{node}"
    known = states(establishment, graph, [node])
    stopped = _in_state(establishment, known, State.LOST, State.STOPPED)
    teller = told.Teller(establishment, graph, known)
    context = {
        "first": told.fall(establishment, node, stopped),
        "chosen": teller.row(node),
        "stopped": stopped,
        "holding": _in_state(establishment, known, State.HOLDS),
        "hindered": _in_state(establishment, known, State.HINDERED),
        "posts": teller.posts(),
        "demand": teller.demand(node),
        "supplier": teller.supplier(node),
        "map": _drawn(establishment, node),
        "parts": teller.touched(),
        **_around(found),
    }
    if demand := teller.demand(node):
        context |= {
            "demanded": span_words(demand.rto),
            "because": told.named(establishment, demand.because),
            "reachable": span_words(demand.reachable),
        }
    return render(request, "establishment/fall.html", context)


@needs(*READERS)
@require_safe
def recovery(request: HttpRequest) -> HttpResponse:
    """In which order to rebuild what ``?perdus=`` names with ``?equipes=`` teams, and why."""
    found = seen(request)
    if found is None:
        return render(request, "establishment/absent.html")
    asked = Asked(request.GET.get("perdus", "")[:20_000], request.GET.get("equipes", "").strip())
    context: dict[str, Any] = {
        "asked": asked,
        "default_teams": asked.teams or _TEAMS,
        "all_servers": ALL_SERVERS,
        **_around(found),
    }
    if not asked.names:
        return render(request, "establishment/recovery.html", context)
    try:
        made = _plan(found.establishment, asked)
    except ReleveError as error:
        context["error"] = error
        return render(request, "establishment/recovery.html", context, status=400)
    return render(request, "establishment/recovery.html", {**context, **_planned(found, made)})


def _plan(establishment: Establishment, asked: Asked) -> Plan:
    known = {gate.name for gate in establishment.gates}
    closed = {name: who for name, who in closed_gates().items() if name in known and who.strip()}
    text = asked.teams or str(_TEAMS)
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NoTeam(teams=f"« {text[:20]} »")
    return plan(establishment, _lost(establishment, asked.names), int(text), closed)


def _lost(establishment: Establishment, names: list[str]) -> list[str]:
    """Nodes; the word of :data:`ALL_SERVERS` stands for every machine but the workstations."""
    found: list[str] = []
    for name in names:
        if name == ALL_SERVERS and name not in establishment.names:
            machines = establishment.machines
            found += [m.id for m in machines if m.kind is not MachineKind.WORKSTATION]
        else:
            found.append(name)
    return found


def _planned(found: Seen, made: Plan) -> dict[str, Any]:
    open_gates = [gate for gate in made.gates if gate.closed_by is None]
    back = _returns(found.establishment, made)
    return {
        "plan": made,
        "first": _first(made, open_gates),
        "steps": [(step, _clock(step.start), _clock(step.end)) for step in made.steps],
        "gates": [(g, "" if g.opens is None else _clock(g.opens)) for g in made.gates],
        "returns": back,
        "late": sum(each.word == _LATE for each in back),
        "costs": []
        if made.waiting
        else [told.number(round(x, 1)) for x in (made.cost, made.fifo_cost, made.lower_bound)],
    }


def _first(made: Plan, open_gates: list[GateState]) -> str:
    """The one thing to do now."""
    ready = [gate for gate in open_gates if gate.opens == 0]
    if made.steps:
        starts = [step for step in made.steps if step.start == made.steps[0].start]
        names = [f"{step.node} ({step.name})" for step in starts]
        return _("Commencez par %(names)s.") % {"names": ", ".join(names)}
    if ready:
        gate = ready[0]
        return _("Rien ne commence avant la porte « %(gate)s ». La ferme : %(keeper)s.") % {
            "gate": gate.name,
            "keeper": gate.keeper,
        }
    return _("Rien à reconstruire.")


_HELD, _LATE, _STUCK = "tenue", "dépassée", "attend une porte"


def _returns(establishment: Establishment, made: Plan) -> list[Return]:
    """Services that the loss stops, in the order they come back."""
    graph = Graph.of(establishment)
    stopped = _in_state(establishment, states(establishment, graph, made.lost), *_DOWN)
    never = max(made.services_back.values(), default=0) + 1
    rows = []
    for service in sorted(stopped, key=lambda s: made.services_back.get(s.node, never)):
        minutes = made.services_back.get(service.node)
        rto = span_words(service.rto) if service.rto is not None else ""
        if minutes is None:
            rows.append(Return(service.name, "", rto, "○", _STUCK))
        elif service.rto is None:
            rows.append(Return(service.name, _clock(minutes), "", "–", _("DMIA non renseignée")))
        else:
            held = minutes * 60 <= service.rto.total_seconds()
            mark, word = ("●", _HELD) if held else ("○", _LATE)
            rows.append(Return(service.name, _clock(minutes), rto, mark, word))
    return rows


_DOWN = (State.LOST, State.STOPPED)


def _in_state(
    establishment: Establishment, known: dict[str, State], *wanted: State
) -> tuple[Service, ...]:
    return tuple(s for s in establishment.services if known.get(s.node) in wanted)


def _clock(minutes: int) -> str:
    """« 1 h 05 » after the start."""
    return f"{minutes // 60} h {minutes % 60:02d}"


def _drawn(establishment: Establishment, node: str | None = None) -> str:
    """The drawing, links and names already escaped."""
    address = reverse("establishment")
    return mark_safe(draw_map(establishment, highlight=node, address=address))  # noqa: S308


def _around(found: Seen) -> dict[str, Any]:
    """What every page of the room says: whose map, how old, whether it is whole."""
    posts = _posts(found.establishment)
    return {
        "establishment": found.establishment,
        "generation": found.generation,
        "whole": found.whole,
        "all_posts": len(posts),
        "nodes": [name for name in found.establishment.names if name not in posts],
    }


def _posts(establishment: Establishment) -> set[str]:
    return {m.id for m in establishment.machines if m.kind is MachineKind.WORKSTATION}
