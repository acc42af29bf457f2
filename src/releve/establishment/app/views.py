"""« Établissement »: the map, what a loss reaches, the order to rebuild in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
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
from releve.establishment.app.importing import may_import
from releve.establishment.app.seen import READERS, Seen, seen
from releve.establishment.drawing import State, draw_map, states
from releve.establishment.errors import NoTeam, UnknownNode
from releve.establishment.graph import Graph
from releve.establishment.recovery import GateState, Plan, Step, Waiting, foreseen, plan
from releve.kernel.errors import ReleveError
from releve.pages.rights import needs
from releve.pages.wording import translated

_POINTS = 9
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
    late: bool = False


@dataclass(frozen=True)
class Held:
    """Lost nodes that wait for the same gates."""

    nodes: tuple[Waiting, ...]
    why: str


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
        return render(request, "establishment/absent.html", {"imports": may_import(request)})
    node = request.GET.get("noeud", "").strip()
    graph = Graph.of(found.establishment)
    if node:
        return _fall(request, found, graph, node)
    points = told.alone(found.establishment, graph)
    main = points.vital or points.other
    teller = told.Teller(found.establishment, graph, {})
    context = {
        "first": told.worst(found.establishment, points),
        "same": told.equals(found.establishment, points) if points.all else "",
        "points": main[:_POINTS],
        "more_points": max(0, len(main) - _POINTS),
        "other_points": points.other if points.vital else (),
        "vital": bool(points.vital),
        "map": _drawn(found.establishment),
        "parts": teller.parts(),
        **_around(found, imports=may_import(request)),
    }
    return render(request, "establishment/map.html", context)


def _fall(request: HttpRequest, found: Seen, graph: Graph, node: str) -> HttpResponse:
    establishment = found.establishment
    if f"service:{node}" in graph.index and node not in graph.index:
        node = f"service:{node}"
    try:
        known = states(establishment, graph, [node])
    except UnknownNode as error:
        message, remedy = told.refused(establishment, error)
        said = {"message": message, "remedy": remedy, "asked": node, **_around(found)}
        return render(request, "establishment/unknown.html", said, status=400)
    stopped = _in_state(establishment, known, State.LOST, State.STOPPED)
    teller = told.Teller(establishment, graph, known)
    context = {
        "first": told.fall(establishment, node, stopped),
        "chosen": teller.row(node),
        "about": teller.about(node),
        "all_needs": teller.needs(node),
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
            "demanded": told.span(demand.rto),
            "because": told.named(establishment, demand.because),
            "reachable": told.span(demand.reachable),
        }
    return render(request, "establishment/fall.html", context)


@needs(*READERS)
@require_safe
def recovery(request: HttpRequest) -> HttpResponse:
    """In which order to rebuild what ``?perdus=`` names with ``?equipes=`` teams, and why."""
    found = seen(request)
    if found is None:
        return render(request, "establishment/absent.html", {"imports": may_import(request)})
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
        made, after = _plans(found.establishment, asked)
    except ReleveError as error:
        context["error"] = told.refused(found.establishment, error)
        return render(request, "establishment/recovery.html", context, status=400)
    planned = _planned(found, made, after)
    return render(request, "establishment/recovery.html", {**context, **planned})


def _plans(establishment: Establishment, asked: Asked) -> tuple[Plan, Plan | None]:
    """The order to follow now, and the one to prepare for what waits at open gates."""
    known = {gate.name for gate in establishment.gates}
    closed = {name: who for name, who in closed_gates().items() if name in known and who.strip()}
    text = asked.teams or str(_TEAMS)
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NoTeam(teams=f"« {text[:20]} »")
    lost, teams = _lost(establishment, asked.names), int(text)
    made = plan(establishment, lost, teams, closed)
    return made, foreseen(establishment, lost, teams, closed) if made.waiting else None


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


def _planned(found: Seen, made: Plan, after: Plan | None) -> dict[str, Any]:
    open_gates = [gate for gate in made.gates if gate.closed_by is None]
    back = _returns(found.establishment, made)
    return {
        "plan": made,
        "first": _first(made, open_gates),
        "steps": [(step, _clock(step.start), _clock(step.end)) for step in made.steps],
        "waiting": _held(made.waiting),
        "prepared": _prepared(made, after) if after else [],
        "gates": [(g, "" if g.opens is None else _clock(g.opens)) for g in made.gates],
        "returns": back,
        "late": sum(each.late for each in back),
        "costs": []
        if made.waiting
        else [told.number(round(x, 1)) for x in (made.cost, made.fifo_cost, made.lower_bound)],
    }


def _held(waiting: Iterable[Waiting]) -> list[Held]:
    """One line per set of gates, in the order first met."""
    groups: dict[str, list[Waiting]] = {}
    for each in waiting:
        groups.setdefault(each.why, []).append(each)
    return [Held(tuple(nodes), why) for why, nodes in groups.items()]


def _prepared(made: Plan, after: Plan) -> list[tuple[Step, str, str]]:
    """What waits, in the order foreseen: each step, how long it takes (no hour: nobody knows when
    the gates will be closed), and what it unlocks, the first of its reasons.
    """
    held = {each.node for each in made.waiting}
    kept = [step for step in after.steps if step.node in held]
    return [
        (step, told.span(timedelta(minutes=step.end - step.start)), step.why.split(" ; ")[0])
        for step in kept
    ]


def _first(made: Plan, open_gates: list[GateState]) -> str:
    """The one thing to do now."""
    ready = [gate for gate in open_gates if gate.opens == 0]
    if made.steps:
        starts = [step for step in made.steps if step.start == made.steps[0].start]
        names = [told.code_and_name(step.node, step.name) for step in starts]
        return told.sentence(_("Commencez par %(names)s."), names=told.joined(names))
    if ready:
        gate = ready[0]
        return told.sentence(
            _("Rien ne commence avant la porte « %(gate)s ». La ferme : %(keeper)s."),
            gate=told.in_french(gate.name),
            keeper=told.in_french(gate.keeper),
        )
    return _("Rien à reconstruire.")


#: How a service stands against its DMIA.
_HELD, _LATE, _STUCK = "tenue", "dépassée", "attend une porte"


def _returns(establishment: Establishment, made: Plan) -> list[Return]:
    """Services that the loss stops, in the order they come back."""
    graph = Graph.of(establishment)
    stopped = _in_state(establishment, states(establishment, graph, made.lost), *_DOWN)
    never = max(made.services_back.values(), default=0) + 1
    rows = []
    for service in sorted(stopped, key=lambda s: made.services_back.get(s.node, never)):
        minutes = made.services_back.get(service.node)
        rto = told.span(service.rto) if service.rto is not None else ""
        late = service.rto is not None and (minutes or 0) * 60 > service.rto.total_seconds()
        if minutes is None:
            rows.append(Return(service.name, "", rto, "○", translated(_STUCK)))
        elif service.rto is None:
            rows.append(Return(service.name, _clock(minutes), "", "–", _("DMIA non renseignée")))
        else:
            mark, word = ("○", _LATE) if late else ("●", _HELD)
            rows.append(Return(service.name, _clock(minutes), rto, mark, translated(word), late))
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
    drawn = draw_map(establishment, highlight=node, address=address, say=translated)
    return mark_safe(drawn)  # noqa: S308


def _around(found: Seen, *, imports: bool = False) -> dict[str, Any]:
    """What every page of the room says: whose map, how old, whether it is whole."""
    posts = _posts(found.establishment)
    return {
        "establishment": found.establishment,
        "generation": found.generation,
        "whole": found.whole,
        "all_posts": len(posts),
        "imports": imports,
        "nodes": [name for name in found.establishment.names if name not in posts],
    }


def _posts(establishment: Establishment) -> set[str]:
    return {m.id for m in establishment.machines if m.kind is MachineKind.WORKSTATION}
