"""The establishment's graph: blast radius at 50,000 nodes beside networkx, worth of a plan.

    ./run bench graph

(a) 50,000 nodes, 125,000 links: the blast radius of the node that reaches most, beside networkx's
``ancestors`` on the same graph in the same run.
(b) 300 lost nodes, 6 teams, 20 seeds: time of the whole plan (reasons included), its cost ÷ that of
first come, first served (geometric mean and worst), and ÷ the lower bound (printed beside).
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import networkx
from bench.rows import Row

from releve.establishment.graph import Graph
from releve.establishment.model import (
    Application,
    Dependency,
    Establishment,
    Hosting,
    LegalEntity,
    Machine,
    MachineKind,
    Priority,
    Service,
    ServiceKind,
    Site,
)
from releve.establishment.recovery import Plan, plan
from releve.kernel.ids import Finess

NODES, LINKS = 50_000, 125_000
TASKS, TEAMS, SEEDS = 300, 6, 20
_EJ, _EG = Finess("990000010"), Finess("990000028")


def measure() -> list[Row]:
    """For ``./run bench``: the five goals of the graph."""
    ours, theirs = blast_times(random.Random(1))
    plans = [timed(seed) for seed in range(SEEDS)]
    ratios = [made.cost / made.fifo_cost for _, made in plans]
    bounds = [made.cost / made.lower_bound for _, made in plans]
    sys.stderr.write(
        f"coût ÷ borne inférieure : {statistics.geometric_mean(bounds):.2f} en moyenne géométrique,"
        f" {max(bounds):.2f} au pire ; règles gardées :"
        f" {sorted({made.method for _, made in plans})}\n"
    )
    return [
        Row("rayon d'impact, 50 000 nœuds", ours * 1000, "ms", "<=", 50.0),
        Row("networkx ÷ rayon d'impact", theirs / ours, "×", ">=", 5.0),
        Row("plan de 300 tâches (médiane)", _median(plans) * 1000, "ms", "<=", 100.0),
        Row("coût ÷ PAPS (moy. géométrique)", statistics.geometric_mean(ratios), "×", "<=", 0.8),
        Row("coût ÷ PAPS (pire graine)", max(ratios), "×", "<=", 1.0),
    ]


def _median(plans: list[tuple[float, Plan]]) -> float:
    return statistics.median(seconds for seconds, _ in plans)


def blast_times(draw: random.Random) -> tuple[float, float]:
    """Seconds of ours and of networkx (medians of 5), for the widest of 50 nodes."""
    links = {(low, draw.randrange(low)) for low in (draw.randrange(1, NODES) for _ in range(LINKS))}
    while len(links) < LINKS:
        low = draw.randrange(1, NODES)
        links.add((low, draw.randrange(low)))
    names = [f"N{number}" for number in range(NODES)]
    rows = [Dependency(names[node], names[needed], "") for node, needed in sorted(links)]
    graph = Graph(names, rows)
    root = max(names[:50], key=lambda node: len(graph.dependants(node)))
    oracle = networkx.DiGraph([(row.node, row.needs) for row in rows])
    assert graph.dependants(root) == networkx.ancestors(oracle, root)
    return _seconds(lambda: graph.dependants(root)), _seconds(
        lambda: networkx.ancestors(oracle, root)
    )


def _seconds(act: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def timed(seed: int) -> tuple[float, Plan]:
    """Seconds of the plan of one hospital, and the plan."""
    establishment, lost = lost_hospital(seed)
    start = time.perf_counter()
    made = plan(establishment, lost, TEAMS)
    return time.perf_counter() - start, made


def lost_hospital(seed: int) -> tuple[Establishment, list[str]]:
    """Everything of a hospital lost: 10 foundations, 90 servers, 200 applications, 60 services
    whose patients per hour spread as they do in life (few have many); listed in no order.
    """
    draw = random.Random(seed)
    base = [f"BASE-{n}" for n in range(10)]
    servers = [f"SRV-{n}" for n in range(90)]
    applications = [f"APP-{n}" for n in range(200)]
    services = tuple(_service(n, draw) for n in range(60))
    rows = [Dependency(a, b, "") for a, b in zip(base[1:], base, strict=False)][:4]
    rows += [Dependency(n, each, "") for n in servers for each in draw.sample(base, 2)]
    rows += [Dependency(n, each, "") for n in applications for each in draw.sample(servers, 2)]
    for service in services:
        used = draw.sample(applications, draw.randint(2, 8))
        rows += [Dependency(service.node, each, "") for each in used]
    machines = tuple(_machine(name, draw) for name in base + servers)
    lost = [*base, *servers, *applications]
    draw.shuffle(lost)
    return (
        Establishment(
            "Région fictive",
            None,
            (LegalEntity(_EJ, "EJ"),),
            (Site(_EG, _EJ, "EG", 0),),
            services,
            tuple(_application(name, draw) for name in applications),
            machines,
            (),
            (),
            tuple(rows),
            (),
            (),
            (),
        ),
        lost,
    )


def _service(number: int, draw: random.Random) -> Service:
    code, patients = f"S{number}", round(draw.lognormvariate(0, 1.2), 2)
    kind = ServiceKind.MEDICINE
    return Service(code, code, _EG, kind, 0, (code,), Priority.P1, None, None, patients)


def _machine(name: str, draw: random.Random) -> Machine:
    minutes = timedelta(minutes=draw.randint(20, 240))
    return Machine(name, MachineKind.SERVER, name, _EG, "", "", "", minutes)


def _application(name: str, draw: random.Random) -> Application:
    minutes = timedelta(minutes=draw.randint(10, 180))
    return Application(name, name, (), (), Priority.P1, None, None, "", minutes, Hosting.LOCAL)
