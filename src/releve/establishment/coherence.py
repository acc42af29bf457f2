"""What only the whole graph shows: cycles without a start, gates that wait for themselves, a DMIA
that cannot be held.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from releve.establishment import entities, inventory
from releve.establishment.durations import span_words
from releve.establishment.faults import Findings, listed
from releve.establishment.graph import Graph, chains
from releve.establishment.model import Establishment
from releve.establishment.precedence import Precedence


def check_graph(establishment: Establishment, findings: Findings) -> None:
    """A fault for each of the three; notes for bootstrap orders that no cycle needs."""
    graph = Graph.of(establishment)
    _check_bootstraps(establishment, graph, findings)
    _check_gates(establishment, graph, findings)
    _check_spans(establishment, graph, findings)


def _check_bootstraps(establishment: Establishment, graph: Graph, findings: Findings) -> None:
    orders = [set(bootstrap.order) for bootstrap in establishment.bootstraps]
    for cycle in graph.cycles:
        if not any(set(cycle) <= order for order in orders):
            _without_start(establishment, graph, cycle, findings)
    for bootstrap, order in zip(establishment.bootstraps, orders, strict=True):
        if not any(set(cycle) <= order for cycle in graph.cycles):
            what = f"[[bootstrap]] {listed(bootstrap.order)} : n'amorce aucun cycle en entier"
            findings.note(entities.FILE, bootstrap.line, what)


def _without_start(
    establishment: Establishment, graph: Graph, cycle: tuple[str, ...], findings: Findings
) -> None:
    members = set(cycle)
    partial = [b for b in establishment.bootstraps if members & set(b.order)]
    loop = " → ".join(_shortest_loop(graph, cycle))
    if partial:
        missing = sorted(members - set(partial[0].order))
        what = f"cycle {loop} : l'ordre de démarrage oublie {listed(missing)}"
        remedy = f"Ajoutez à order : {', '.join(missing)}."
        findings.fault(entities.FILE, partial[0].line, "cycle", what, remedy)
        return
    inside = [d.line for d in establishment.dependencies if {d.node, d.needs} <= members and d.line]
    what = f"cycle sans ordre de démarrage : {loop}"
    order = ", ".join(f'"{node}"' for node in cycle)
    remedy = (
        f"Ôtez une dépendance, ou écrivez dans {entities.FILE} : [[bootstrap]] order = [{order}]"
    )
    remedy += " dans l'ordre où on les démarre."
    findings.fault(inventory.DEPENDENCIES, min(inside, default=0), "cycle", what, remedy)


def _shortest_loop(graph: Graph, cycle: tuple[str, ...]) -> list[str]:
    """From the first member back to itself, as short as can be."""
    members = {graph.index[node] for node in cycle}
    start = graph.index[cycle[0]]
    came: dict[int, int] = {}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for needed in (each for choices in graph.needs[here] for each in choices):
            if needed == start:
                path = [start, here]
                while path[-1] != start:
                    path.append(came[path[-1]])
                if here == start:
                    path = [start, start]
                return [graph.nodes[each] for each in reversed(path)]
            if needed in members and needed not in came:
                came[needed] = here
                queue.append(needed)
    return [*cycle, cycle[0]]


def _check_gates(establishment: Establishment, graph: Graph, findings: Findings) -> None:
    for knot in Precedence(establishment, graph).knots():
        gates = [g for g in establishment.gates if set(g.before) & knot and set(g.after) & knot]
        gates = gates or [g for g in establishment.gates if set(g.before) & knot]
        for gate in gates[:1]:
            names = sorted(knot, key=graph.index.__getitem__)
            what = f"la porte « {gate.name} » s'attend elle-même, par {listed(names)}"
            remedy = "Ôtez de « before » ce dont « after » a besoin."
            findings.fault(entities.FILE, gate.line, "gate", what, remedy)


def _check_spans(establishment: Establishment, graph: Graph, findings: Findings) -> None:
    times, paths = chains(establishment, graph)
    stated = [
        *((entities.FILE, s.line, s.node, s.name, s.rto) for s in establishment.services),
        *(
            (inventory.APPLICATIONS, a.line, a.id, a.name, a.rto)
            for a in establishment.applications
        ),
    ]
    for file, line, node, name, rto in stated:
        group = graph.group_of[graph.index[node]]
        if rto is None or times[group] <= rto:
            continue
        steps = [_step(establishment, graph, place) for place in paths[group]]
        what = (
            f"{name} : DMIA {span_words(rto)} impossible, il faut {span_words(times[group])} :"
            f" {', puis '.join(steps)}"
        )
        remedy = "Allongez la DMIA, raccourcissez une remise en service ou ôtez une dépendance."
        findings.fault(file, line, "dmia", what, remedy)


def _step(establishment: Establishment, graph: Graph, place: int) -> str:
    members = [graph.nodes[number] for number in graph.groups[place]]
    restore = establishment.restore_times
    total = sum((restore[node] for node in members), timedelta(0))
    return f"{' + '.join(members)} ({span_words(total)})"
