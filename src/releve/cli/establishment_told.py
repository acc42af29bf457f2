"""How blast, demands and plan read in the terminal, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releve.cli.options import printable
from releve.establishment.durations import span_words
from releve.establishment.faults import listed
from releve.establishment.graph import Blast, Demand, Graph, demands, single_points
from releve.establishment.model import Establishment, MachineKind, Service
from releve.establishment.recovery import Plan
from releve.kernel.units import thousands

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from rich.console import Console
    from rich.table import Table

    from releve.establishment.degraded import DegradedSheet

_METHODS = {
    "greedy": "le plus de patients par heure pour le temps passé",
    "by-service": "service par service, le plus de patients par heure d'abord",
    "fifo": "premier arrivé, premier servi (rien de mieux trouvé)",
}


def tell_blast(console: Console, establishment: Establishment, graph: Graph, found: Blast) -> None:
    """One sentence, then the services, then what the node must hold."""
    name = printable(establishment.names[found.node])
    if not found.services:
        console.print(f"La perte de {found.node} ({name}) n'atteint aucun service.")
    else:
        console.print(
            f"La perte de {found.node} ({name}) atteint {len(found.services)} service(s),"
            f" {thousands(found.beds)} lits, {_number(found.patients_per_hour)} patients par heure."
        )
        console.print(_services_table(found))
    console.print(
        f"Nœuds atteints : {thousands(len(found.reached))}, dont"
        f" {thousands(len(found.stopped))} sans alternative."
    )
    if found.hindered:
        console.print(f"Services gênés sans être arrêtés : {', '.join(found.hindered)}")
    for cycle in graph.cycles:
        if found.node in cycle:
            console.print(f"Démarre avec son groupe, dans cet ordre : {' → '.join(cycle)}")
    for demand in demands(establishment, graph):
        if demand.node == found.node:
            console.print(_demand_words(demand))


def _services_table(found: Blast) -> object:
    from rich.table import Table

    table = Table("service", "nom", "priorité", "lits", "patients/h", "état", box=None)
    for service in found.services:
        state = "arrêté" if service in found.stopped_services else "alternative"
        number = _number(service.patients_per_hour)
        row = (service.code, printable(service.name), service.priority, str(service.beds), number)
        table.add_row(*row, state)
    return table


def _demand_words(demand: Demand) -> str:
    state = "tenue" if demand.met else "NON TENUE"
    return (
        f"DMIA exigée : {span_words(demand.rto)} (par {demand.because}) ; remise en service, tout"
        f" compris : {span_words(demand.reachable)} · {state}"
    )


def blast_figures(establishment: Establishment, graph: Graph, found: Blast) -> dict[str, object]:
    held = [each for each in demands(establishment, graph) if each.node == found.node]
    alone = [p for p in single_points(establishment, graph) if p.node == found.node]
    return {
        "node": found.node,
        "name": establishment.names[found.node],
        "reached": list(found.reached),
        "stopped": list(found.stopped),
        "services": [_service_figures(s, s in found.stopped_services) for s in found.services],
        "hindered": list(found.hindered),
        "beds": found.beds,
        "patients_per_hour": found.patients_per_hour,
        "required": _demand_figures(held[0]) if held else None,
        "single_point": bool(alone),
        "group": next((list(cycle) for cycle in graph.cycles if found.node in cycle), None),
    }


def _service_figures(service: Service, stopped: bool) -> dict[str, object]:
    return {
        "code": service.code,
        "name": service.name,
        "priority": str(service.priority),
        "beds": service.beds,
        "patients_per_hour": service.patients_per_hour,
        "stopped": stopped,
    }


def tell_demands(console: Console, establishment: Establishment, graph: Graph) -> None:
    """Single points, groups, then the DMIA of each node but the workstations."""
    from rich.table import Table

    points = single_points(establishment, graph)
    console.print(f"{thousands(len(points))} points uniques : leur perte arrête un service P0.")
    table = Table("nœud", "nom", "services P0", "services", "patients/h", box=None)
    for point in points:
        patients = _number(sum(service.patients_per_hour for service in point.services))
        name = printable(establishment.names[point.node])
        table.add_row(point.node, name, str(point.vital), str(len(point.services)), patients)
    console.print(table)
    for cycle in graph.cycles:
        console.print(f"Groupe, à démarrer dans cet ordre : {' → '.join(cycle)}")
    table = Table("nœud", "DMIA exigée", "par", "remise en service", "", box=None)
    hidden = {m.id for m in establishment.machines if m.kind is MachineKind.WORKSTATION}
    for demand in demands(establishment, graph):
        if demand.node not in hidden:
            spans = (span_words(demand.rto), demand.because, span_words(demand.reachable))
            table.add_row(demand.node, *spans, "tenue" if demand.met else "NON TENUE")
    console.print(table)


def demands_figures(establishment: Establishment, graph: Graph) -> dict[str, object]:
    return {
        "single_points": [
            {"node": point.node, "services": [service.code for service in point.services]}
            for point in single_points(establishment, graph)
        ],
        "groups": [list(cycle) for cycle in graph.cycles],
        "required": [_demand_figures(demand) for demand in demands(establishment, graph)],
    }


def _demand_figures(demand: Demand) -> dict[str, object]:
    return {
        "node": demand.node,
        "dmia_minutes": _minutes(demand.rto),
        "because": demand.because,
        "reachable_minutes": _minutes(demand.reachable),
        "met": demand.met,
    }


def tell_plan(console: Console, establishment: Establishment, made: Plan) -> None:
    """The steps, each with its reason; then what waits for a gate; then what the plan is worth."""
    if made.steps:
        console.print(_steps(made))
    for gate in made.gates:
        console.print(_gate_words(gate.name, gate.keeper, gate.closed_by, gate.opens))
    for why in dict.fromkeys(waiting.why for waiting in made.waiting):
        nodes = [waiting.node for waiting in made.waiting if waiting.why == why]
        console.print(f"PAS DANS LE PLAN ({printable(why)}) : {', '.join(nodes)}")
    late = [s for s in establishment.services if s.node not in made.services_back]
    if late:
        names = listed([printable(service.name) for service in late])
        console.print(f"Ces services ne reviennent pas sans leurs portes : {names}")
    if not made.steps:
        return
    until = " (ou jusqu'à ce qu'il n'attende plus que sa porte)" if late else ""
    console.print(
        f"Patients atteints avant le retour de leur service{until} : {_number(made.cost)}"
        f" (premier arrivé, premier servi : {_number(made.fifo_cost)} ; aucun plan ne descend sous"
        f" {_number(made.lower_bound)}). Règle : {_METHODS[made.method]}."
    )


def tell_foreseen(console: Console, after: Plan) -> None:
    """What to prepare while the gates are open."""
    console.print("À préparer, dans cet ordre, pour quand ces portes seront fermées :")
    console.print(_steps(after))


def _steps(made: Plan) -> Table:
    from rich.table import Table

    steps = Table("de", "à", "équipe", "quoi, et pourquoi maintenant", box=None)
    for step in made.steps:
        what = f"{step.node} · {printable(step.name)}\n{printable(step.why)}"
        steps.add_row(_clock(step.start), _clock(step.end), str(step.team), what)
    return steps


def _gate_words(name: str, keeper: str, closed_by: str | None, opens: int | None) -> str:
    gate = f"Porte « {printable(name)} »"
    if closed_by is not None:
        return f"{gate} : fermée par {printable(closed_by)}"
    when = "dès maintenant" if opens == 0 else f"à partir de {_clock(opens or 0)}"
    if opens is None:
        when = "quand ce qui la précède sera revenu"
    return f"{gate} : OUVERTE ; {printable(keeper)} peut la fermer {when}"


def plan_figures(made: Plan, after: Plan | None = None) -> dict[str, object]:
    return {
        "teams": made.teams,
        "lost": list(made.lost),
        "steps": _step_figures(made),
        "foreseen": _step_figures(after) if after else [],
        "gates": [
            {
                "name": gate.name,
                "keeper": gate.keeper,
                "closed_by": gate.closed_by,
                "opens_minutes": gate.opens,
                "before": list(gate.before),
            }
            for gate in made.gates
        ],
        "waiting": [
            {"node": each.node, "name": each.name, "gates": list(each.gates), "why": each.why}
            for each in made.waiting
        ],
        "services_back_minutes": dict(made.services_back),
        "cost": made.cost,
        "fifo_cost": made.fifo_cost,
        "lower_bound": made.lower_bound,
        "method": made.method,
    }


def _step_figures(made: Plan) -> list[dict[str, object]]:
    return [
        {
            "node": step.node,
            "name": step.name,
            "start_minutes": step.start,
            "end_minutes": step.end,
            "team": step.team,
            "why": step.why,
            "unlocks": list(step.unlocks),
            "patients_per_hour": step.patients_per_hour,
        }
        for step in made.steps
    ]


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _clock(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02d}"


def _number(value: float) -> str:
    return thousands(round(value)) if value >= 100 else f"{value:.3g}".replace(".", ",")


def tell_interviews(
    console: Console,
    establishment: Establishment,
    sheets: dict[str, DegradedSheet],
    now: datetime,
) -> None:
    """One sentence, then a line per service."""
    from rich.table import Table

    from releve.establishment.degraded import State, state
    from releve.kernel.units import moment

    waiting = [s for s in establishment.services if state(sheets.get(s.code), now) != State.FRESH]
    every = len(establishment.services)
    console.print(
        f"{every - len(waiting)} service(s) sur {every} ont répondu depuis moins d'un an."
    )
    table = Table("service", "nom", "priorité", "entretien", "DMIA dite", "PDMA dite", box=None)
    for service in establishment.services:
        sheet = sheets.get(service.code)
        when = f"{state(sheet, now)}, {moment(sheet.answered)}" if sheet else state(sheet, now)
        said = (_said(sheet.dmia), _said(sheet.pdma)) if sheet else ("", "")
        table.add_row(service.code, printable(service.name), service.priority, when, *said)
    console.print(table)


def _said(span: timedelta | None) -> str:
    return "non dit" if span is None else span_words(span)
