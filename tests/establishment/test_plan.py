"""A plan never crosses an open gate, never starts a node before what it needs, never gives a team
two things at once, and is never worse than first come, first served.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import networkx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from releve.establishment.errors import NobodyNamed, NoTeam, UnknownGate, UnknownNode
from releve.establishment.graph import Graph
from releve.establishment.model import Bootstrap, Dependency, Establishment, Gate
from releve.establishment.recovery import Plan, plan
from tests.establishment.hospitals import hospital, hospitals, machine, service


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Establishment, list[str], int, Mapping[str, str]]:
    made = draw(hospitals())
    names = [each.id for each in made.machines]
    lost = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    closed = {gate.name: "Mme Roux" for gate in made.gates if draw(st.booleans())}
    return made, lost, draw(st.integers(1, 4)), closed


def _held(made: Establishment, closed: Mapping[str, str]) -> set[str]:
    """Nodes behind an open gate, and what cannot do without them: by hand."""
    needs: dict[str, dict[str, set[str]]] = {}
    cycles = {node: set(cycle) for cycle in Graph.of(made).cycles for node in cycle}
    for row in made.dependencies:
        label = f"~{row.alternative}" if row.alternative else row.needs
        needs.setdefault(row.node, {}).setdefault(label, set()).add(row.needs)
    held = {n for gate in made.gates if gate.name not in closed for n in gate.before}
    while True:
        more = set()
        for node, each in needs.items():
            inside = cycles.get(node, {node})
            for choices in each.values():
                if not choices & inside and all(cycles.get(c, {c}) & held for c in choices):
                    more |= inside
        more |= {n for gate in made.gates for n in gate.before if set(gate.after) & held}
        for cycle in Graph.of(made).cycles:  # the rest of a start waits for its first
            stopped = [place for place, node in enumerate(cycle) if node in held]
            more |= set(cycle[min(stopped) :]) if stopped else set()
        if more <= held:
            return held
        held |= more


@given(_cases())
@settings(max_examples=300)
def test_no_plan_crosses_an_open_gate(
    case: tuple[Establishment, list[str], int, Mapping[str, str]],
) -> None:
    made, lost, teams, closed = case
    found = plan(made, lost, teams, closed)
    held = _held(made, closed)
    assert not held.intersection(found.order)
    assert sorted([*found.order, *(w.node for w in found.waiting)]) == sorted(lost)
    assert {w.node for w in found.waiting} == held & set(lost)
    names = {gate.name for gate in made.gates if gate.name not in closed}
    for each in found.waiting:
        assert each.gates
        assert set(each.gates) <= names
        assert all(name in each.why for name in each.gates)
    assert set(found.services_back) == set(made.service_of) - held


@given(_cases())
@settings(max_examples=300)
def test_each_step_comes_after_all_it_needs_on_a_free_team(
    case: tuple[Establishment, list[str], int, Mapping[str, str]],
) -> None:
    made, lost, teams, closed = case
    found = plan(made, lost, teams, closed)
    ends = {step.node: step.end for step in found.steps}
    restore = made.restore_times
    _check_teams(found, teams)
    certain: networkx.DiGraph[str] = networkx.DiGraph()
    certain.add_nodes_from(made.names)
    rows = (row for row in made.dependencies if not row.alternative)
    certain.add_edges_from((row.node, row.needs) for row in rows)
    cycles = {node: cycle for cycle in Graph.of(made).cycles for node in cycle}
    for step in found.steps:
        assert step.end - step.start == restore[step.node].total_seconds() / 60
        own = cycles.get(step.node, (step.node,))
        for needed in networkx.descendants(certain, step.node) - set(own):
            assert ends.get(needed, 0) <= step.start
        for before in own[: own.index(step.node)]:
            assert ends.get(before, 0) <= step.start
        for gate in made.gates:
            if step.node in gate.before:
                assert all(ends.get(node, 0) <= step.start for node in gate.after)


def _check_teams(found: Plan, teams: int) -> None:
    for team, steps in itertools.groupby(
        sorted(found.steps, key=lambda s: (s.team, s.start, s.end)), key=lambda s: s.team
    ):
        assert 1 <= team <= teams
        for first, second in itertools.pairwise(steps):
            assert first.end <= second.start


@given(_cases())
@settings(max_examples=200)
def test_the_cost_lies_between_the_bound_and_fifo_and_is_the_patients_counted(
    case: tuple[Establishment, list[str], int, Mapping[str, str]],
) -> None:
    made, lost, teams, closed = case
    found = plan(made, lost, teams, closed)
    assert found.lower_bound <= found.cost + 1e-9
    assert found.cost <= found.fifo_cost
    counted = sum(
        s.patients_per_hour * found.services_back.get(s.node, 0) / 60 for s in made.services
    )
    if set(closed) == {gate.name for gate in made.gates}:
        assert found.cost == pytest.approx(counted)
    else:
        assert found.cost >= counted - 1e-9
    assert plan(made, lost, teams, closed) == found


@given(hospitals(most=5, cycles=False, alternatives=False))
@settings(max_examples=60)
def test_no_order_whatever_goes_under_the_bound(made: Establishment) -> None:
    """Every order of a single team is tried."""
    assume(not made.gates)
    lost = [each.id for each in made.machines]
    needs = {n: Graph.of(made).needed_by(n) for n in made.names}
    minutes = {n: t.total_seconds() / 60 for n, t in made.restore_times.items()}
    costs = []
    for order in itertools.permutations(lost):
        if any(needs[node] & set(order[place:]) for place, node in enumerate(order)):
            continue
        ends = dict(zip(order, itertools.accumulate(minutes[n] for n in order), strict=True))
        back = {
            s: max((ends[n] for n in needs[s.node] & set(lost)), default=0) for s in made.services
        }
        costs.append(sum(s.patients_per_hour * minute for s, minute in back.items()) / 60)
    found = plan(made, lost, 1)
    assert found.lower_bound <= min(costs) + 1e-9
    assert found.cost >= min(costs) - 1e-9


_CHAIN = hospital(
    (machine("NET", 10), machine("AD", 30), machine("FIC", 60), machine("PAIE", 60)),
    (service("URG", 6), service("ADM", 0.5)),
    (
        Dependency("AD", "NET", ""),
        Dependency("FIC", "AD", ""),
        Dependency("PAIE", "NET", ""),
        Dependency("service:URG", "FIC", ""),
        Dependency("service:ADM", "PAIE", ""),
    ),
    (Gate("identité assainie", "RSSI", ("FIC",), ("AD",)),),
)


def test_patients_decide_and_each_step_says_why_now() -> None:
    found = plan(_CHAIN, ["PAIE", "FIC", "AD", "NET"], 1, {"identité assainie": "Mme Roux"})
    assert found.order == ("NET", "AD", "FIC", "PAIE")
    why = {step.node: step.why for step in found.steps}
    assert why["NET"] == (
        "débloque URG et 1 autre service, 6,5 patients par heure ; rien ne le retient"
    )
    assert why["FIC"] == (
        "débloque URG, 6 patients par heure ; sa dépendance AD est revenue ;"
        " porte « identité assainie » fermée par Mme Roux"
    )
    assert found.cost == 6 * 100 / 60 + 0.5 * 160 / 60
    assert found.cost < found.fifo_cost
    assert dict(found.services_back) == {"service:URG": 100, "service:ADM": 160}


def test_an_open_gate_holds_what_is_behind_and_says_from_when_it_can_be_closed() -> None:
    found = plan(_CHAIN, ["PAIE", "FIC", "AD", "NET"], 1)
    assert found.order == ("NET", "AD", "PAIE")
    (waiting,) = found.waiting
    assert (waiting.node, waiting.gates) == ("FIC", ("identité assainie",))
    assert waiting.why == "attend la porte « identité assainie » (gardien : RSSI)"
    (gate,) = found.gates
    assert (gate.keeper, gate.closed_by, gate.opens) == ("RSSI", None, 40)
    assert "service:URG" not in found.services_back


def test_what_was_not_lost_is_not_rebuilt_but_waits_for_what_it_needs() -> None:
    found = plan(_CHAIN, ["PAIE", "NET"], 2, {"identité assainie": "Mme Roux"})
    assert found.order == ("NET", "PAIE")
    assert dict(found.services_back) == {"service:URG": 10, "service:ADM": 70}


def test_a_circle_starts_in_its_written_order() -> None:
    rows = (
        Dependency("AD", "DNS", ""),
        Dependency("DNS", "AD", ""),
        Dependency("FIC", "DNS", ""),
    )
    machines = tuple(machine(name, 10) for name in ("AD", "DNS", "FIC"))
    for order in (("AD", "DNS"), ("DNS", "AD")):
        made = hospital(machines, (service("URG", 1),), rows, (), (Bootstrap(order),))
        found = plan(made, ["FIC", "DNS", "AD"], 3)
        assert found.order == (*order, "FIC")
        assert "n° 1 du démarrage" in found.steps[0].why


def test_one_of_two_alternatives_is_enough_to_go_on() -> None:
    rows = (
        Dependency("FIC", "AD1", "", "annuaire"),
        Dependency("FIC", "AD2", "", "annuaire"),
        Dependency("service:URG", "FIC", ""),
    )
    machines = (machine("AD1", 60), machine("AD2", 20), machine("FIC", 10))
    made = hospital(machines, (service("URG", 1),), rows)
    found = plan(made, ["AD1", "AD2", "FIC"], 2)
    assert dict(found.services_back) == {"service:URG": 30}
    assert plan(made, ["AD1", "FIC"], 2).services_back == {"service:URG": 10}


def test_bad_questions_are_refused_with_what_to_write() -> None:
    with pytest.raises(UnknownNode):
        plan(_CHAIN, ["RIEN"], 1)
    with pytest.raises(NoTeam):
        plan(_CHAIN, ["NET"], 0)
    with pytest.raises(UnknownGate) as refusal:
        plan(_CHAIN, ["NET"], 1, {"zone propre": "Mme Roux"})
    assert "identité assainie" in refusal.value.remedy
    with pytest.raises(NobodyNamed):
        plan(_CHAIN, ["NET"], 1, {"identité assainie": "  "})
