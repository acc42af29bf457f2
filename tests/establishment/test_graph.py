"""The graph says what networkx says, and what trying every loss by hand says."""

from __future__ import annotations

from datetime import timedelta

import networkx
import pytest
from hypothesis import given, settings

from releve.establishment.errors import UnknownNode
from releve.establishment.graph import Graph, blast, demands, single_points
from releve.establishment.model import Dependency, Establishment, Priority
from tests.establishment.hospitals import hospital, hospitals, machine, service


def _oracle(made: Establishment) -> networkx.DiGraph[str]:
    oracle: networkx.DiGraph[str] = networkx.DiGraph()
    oracle.add_nodes_from(made.names)
    oracle.add_edges_from((row.node, row.needs) for row in made.dependencies)
    return oracle


@given(hospitals(most=25))
@settings(max_examples=150)
def test_blast_needs_and_groups_are_those_of_networkx(made: Establishment) -> None:
    graph, oracle = Graph.of(made), _oracle(made)
    for node in made.names:
        assert graph.dependants(node) == networkx.ancestors(oracle, node)
        assert graph.needed_by(node) == networkx.descendants(oracle, node)
        found = blast(made, node, graph)
        touched = networkx.ancestors(oracle, node) | {node}
        assert set(found.reached) == touched - {node}
        assert {s.node for s in found.services} == {s.node for s in made.services} & touched
        assert found.patients_per_hour == sum(
            s.patients_per_hour for s in made.services if s.node in touched
        )
    several = [set(c) for c in networkx.strongly_connected_components(oracle) if len(c) > 1]
    assert sorted(map(sorted, graph.cycles)) == sorted(map(sorted, several))
    order = made.bootstraps[0].order
    for cycle in graph.cycles:
        assert list(cycle) == [node for node in order if node in cycle]


def _stopped_by_hand(made: Establishment, lost: str) -> set[str]:
    """Stop whatever has a need with no choice left, until nothing more stops."""
    needs: dict[str, dict[str, set[str]]] = {}
    for row in made.dependencies:
        label = f"~{row.alternative}" if row.alternative else row.needs
        needs.setdefault(row.node, {}).setdefault(label, set()).add(row.needs)
    gone = {lost}
    while True:
        more = {n for n, each in needs.items() if any(x <= gone for x in each.values())} - gone
        if not more:
            return gone
        gone |= more


@given(hospitals())
def test_stopped_and_single_points_are_those_found_by_hand(made: Establishment) -> None:
    graph = Graph.of(made)
    points = {point.node: point for point in single_points(made, graph)}
    vital = {s.node for s in made.services if s.priority is Priority.P0}
    for each in made.machines:
        gone = _stopped_by_hand(made, each.id)
        assert graph.stopped_by(each.id) == gone - {each.id}
        assert (each.id in points) == bool(gone & vital)
        if each.id in points:
            hit = {s.node for s in points[each.id].services}
            assert hit == gone & set(made.service_of)


@given(hospitals(cycles=False, alternatives=False))
def test_the_dmia_demanded_is_the_least_over_all_paths(made: Establishment) -> None:
    rto = timedelta(hours=5)
    services = tuple(service(s.code, s.patients_per_hour, rto) for s in made.services)
    made = hospital(made.machines, services, made.dependencies)
    oracle = _oracle(made)
    restore = made.restore_times
    found = {demand.node: demand for demand in demands(made)}
    for each in made.machines:
        paths = [
            path for s in services for path in networkx.all_simple_paths(oracle, s.node, each.id)
        ]
        longest = max(
            (sum((restore[n] for n in p[:-1]), timedelta(0)) for p in paths), default=None
        )
        assert (each.id in found) == (longest is not None)
        if longest is not None:
            assert found[each.id].rto == rto - longest


def test_a_circle_leaves_each_the_time_of_those_that_follow() -> None:
    machines = (machine("NET", 10), machine("DNS", 20), machine("AD", 30))
    rows = (
        Dependency("service:URG", "AD", ""),
        Dependency("AD", "DNS", ""),
        Dependency("DNS", "AD", ""),
        Dependency("DNS", "NET", ""),
    )
    made = hospital(machines, (service("URG", 1, timedelta(hours=2)),), rows)
    graph = Graph.of(made)
    assert graph.cycles == (("DNS", "AD"),)
    minutes = {d.node: (d.rto, d.reachable, d.because) for d in demands(made, graph)}
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    assert minutes == {
        "NET": (hour + 10 * minute, 10 * minute, "service:URG"),
        "DNS": (hour + 30 * minute, hour, "service:URG"),
        "AD": (2 * hour, hour, "service:URG"),
    }


def test_two_that_replace_each_other_are_no_single_point() -> None:
    machines = (machine("NET", 10), machine("AD1", 10), machine("AD2", 10))
    rows = (
        Dependency("service:URG", "AD1", "", "annuaire"),
        Dependency("service:URG", "AD2", "", "annuaire"),
        Dependency("AD1", "NET", ""),
        Dependency("AD2", "NET", ""),
    )
    made = hospital(machines, (service("URG", 1),), rows)
    assert [point.node for point in single_points(made)] == ["NET"]
    found = blast(made, "AD1")
    assert (found.reached, found.stopped, found.stopped_services) == (("service:URG",), (), ())


def test_an_unknown_node_is_refused_with_the_closest_names() -> None:
    made = hospital((machine("SRV-AD-01", 1),), (service("URG", 1),), ())
    with pytest.raises(UnknownNode) as refusal:
        Graph.of(made).dependants("SRV-AD-1")
    assert "SRV-AD-01" in refusal.value.remedy
    with pytest.raises(UnknownNode) as refusal:
        Graph.of(made).dependants("URG")
    assert "service:URG" in refusal.value.remedy
