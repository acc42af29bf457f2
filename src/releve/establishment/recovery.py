"""In which order to rebuild what is lost, with how many teams, and why each step comes now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from releve.establishment.errors import GatesKnotted, NobodyNamed, NoTeam, UnknownGate
from releve.establishment.faults import listed, shown
from releve.establishment.graph import Graph
from releve.establishment.model import Establishment, Gate
from releve.establishment.precedence import Precedence
from releve.establishment.schedule import (
    Problem,
    Schedule,
    Slot,
    bits_of,
    closures,
    greedy_keys,
    lower_bound,
    run,
    service_keys,
    topological,
)

_MOST_TEAMS = 1000


@dataclass(frozen=True)
class Step:
    """One node rebuilt by one team (numbered from 1), minutes from the start of the plan."""

    node: str
    name: str
    start: int
    end: int
    team: int
    why: str
    #: Nodes of the services that wait for it, those with most patients first.
    unlocks: tuple[str, ...]
    patients_per_hour: float


@dataclass(frozen=True)
class GateState:
    """A gate in a plan. ``opens``: the minute from which its keeper can close it, None when what
    comes before it never comes back; ``closed_by``: who did, None when nobody has.
    """

    name: str
    keeper: str
    closed_by: str | None
    opens: int | None
    before: tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """A lost node that no step rebuilds, and the open gates that hold it."""

    node: str
    name: str
    gates: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Plan:
    """``cost``: patients reached until their service is back, or, behind an open gate, until it
    waits for nothing but the gate; ``fifo_cost``: the same, first come first served; no plan goes
    under ``lower_bound``.
    """

    teams: int
    lost: tuple[str, ...]
    steps: tuple[Step, ...]
    gates: tuple[GateState, ...]
    waiting: tuple[Waiting, ...]
    #: service node → the minute it is back; those that wait for a gate are absent.
    services_back: Mapping[str, int]
    cost: float
    fifo_cost: float
    lower_bound: float
    #: ``greedy``, ``by-service`` or ``fifo``: whichever was the cheapest.
    method: str

    @property
    def order(self) -> tuple[str, ...]:
        """The nodes in order of start."""
        return tuple(step.node for step in self.steps)


def plan(
    establishment: Establishment,
    lost: Iterable[str],
    teams: int,
    closed_gates: Mapping[str, str] | None = None,
) -> Plan:
    """The recovery order; the same arguments give the same plan.

    ``closed_gates``: gate's name → the person who closed it. A gate that nobody closed stops every
    node it stands before, lost or not, and all that needs them. A lost node starts when all it
    needs, from near or far, is back; one that is not lost is back with what it needs.

    Raises ``UnknownNode``, ``UnknownGate``, ``NobodyNamed``, ``NoTeam``, ``GatesKnotted``.
    """
    return _Planner(establishment, lost, teams, closed_gates or {}).plan()


def foreseen(
    establishment: Establishment,
    lost: Iterable[str],
    teams: int,
    closed_gates: Mapping[str, str] | None = None,
) -> Plan | None:
    """What would come next if each open gate were closed by its keeper: to prepare, not to follow.
    None when no gate is open. Raises as :func:`plan`.
    """
    closed = dict(closed_gates or {})
    open_gates = [gate for gate in establishment.gates if gate.name not in closed]
    if not open_gates:
        return None
    promised = {gate.name: f"{gate.keeper} (à confirmer)" for gate in open_gates}
    return plan(establishment, lost, teams, closed | promised)


class _Planner:
    def __init__(
        self,
        establishment: Establishment,
        lost: Iterable[str],
        teams: int,
        closed: Mapping[str, str],
    ) -> None:
        if not 1 <= teams <= _MOST_TEAMS:
            raise NoTeam(teams=teams)
        self._establishment = establishment
        self._graph = Graph.of(establishment)
        self._lost = tuple(dict.fromkeys(lost))
        self._closed = _checked(establishment.gates, closed)
        self._precedence = Precedence(establishment, self._graph)
        self._problem, self._whole = self._reduced(teams)
        self._place = {number: place for place, number in enumerate(self._whole)}

    def _reduced(self, teams: int) -> tuple[Problem, list[int]]:
        """The problem over the nodes that the loss or an open gate reaches; the rest works."""
        lost = [self._graph.number(node) for node in self._lost]
        gates = self._precedence.gates_of
        shut = [n for n, held in gates.items() if any(self._is_open(gate) for gate in held)]
        whole = sorted(_reach(self._precedence.waits, [*lost, *shut]))
        place = {number: rank for rank, number in enumerate(whole)}
        restore = self._establishment.restore_times
        names = [self._graph.nodes[number] for number in whole]
        own = {place[n]: int(restore[self._graph.nodes[n]].total_seconds() // 60) for n in lost}
        services = self._establishment.service_of
        waits = [_inside(self._precedence.waits[number], place) for number in whole]
        self._never = _held(waits, {place[number] for number in shut})
        problem = Problem(
            [None if rank in self._never else own.get(rank) for rank in range(len(whole))],
            waits,
            [services[n].patients_per_hour if n in services else 0.0 for n in names],
            [place[number] for number in lost],
            teams,
        )
        return problem, whole

    def _is_open(self, gate: int) -> bool:
        return self._establishment.gates[gate].name not in self._closed

    def plan(self) -> Plan:
        problem = self._problem
        try:
            order = topological(problem)
        except ValueError:
            raise GatesKnotted() from None
        fifo = run(problem, None)
        method, best = min(
            (
                ("greedy", run(problem, greedy_keys(problem, order))),
                ("by-service", run(problem, service_keys(problem, order))),
                ("fifo", fifo),
            ),
            key=lambda each: each[1].cost,
        )
        masks = closures(problem, order)
        return Plan(
            problem.teams,
            self._lost,
            tuple(self._step(slot, masks[slot.task]) for slot in best.slots),
            tuple(self._gate(gate, best) for gate in self._establishment.gates),
            tuple(self._waiting(order)),
            self._services_back(best),
            best.cost,
            fifo.cost,
            lower_bound(problem, order),
            method,
        )

    def _name(self, place: int) -> str:
        return self._establishment.names[self._graph.nodes[self._whole[place]]]

    def _node(self, place: int) -> str:
        return self._graph.nodes[self._whole[place]]

    def _services_back(self, best: Schedule) -> dict[str, int]:
        """Services that the loss does not reach are back at 0."""
        back = {}
        for service in self._establishment.services:
            place = self._place.get(self._graph.index[service.node])
            if place not in self._never:
                back[service.node] = 0 if place is None else best.back[place]
        return back

    def _step(self, slot: Slot, mask: int) -> Step:
        weights = self._problem.weights
        waiting = sorted((n for n in bits_of(mask) if n != slot.task), key=lambda n: -weights[n])
        patients = sum(weights[n] for n in waiting)
        why = [self._unlocking(waiting, patients), self._free(slot.task)]
        why += self._start_of_group(slot.task) + self._gates_passed(slot.task)
        return Step(
            self._node(slot.task),
            self._name(slot.task),
            slot.start,
            slot.end,
            slot.team,
            " ; ".join(why),
            tuple(self._node(n) for n in waiting),
            patients,
        )

    def _unlocking(self, waiting: list[int], patients: float) -> str:
        if not waiting:
            return "aucun service connu ne l'attend : après ceux que des patients attendent"
        first = shown(self._name(waiting[0]))
        others = len(waiting) - 1
        more = f" et {others} autre{'s' if others > 1 else ''} service{'s' if others > 1 else ''}"
        number = f"{patients:.4g}".replace(".", ",")
        return f"débloque {first}{more if others else ''}, {number} patients par heure"

    def _free(self, task: int) -> str:
        """Which of its needs it waited for."""
        near = self._behind(task)
        if not near:
            return "rien ne le retient"
        names = [self._node(n) for n in near]
        if len(names) == 1:
            return f"sa dépendance {names[0]} est revenue"
        return f"ses dépendances {listed(names)} sont revenues"

    def _behind(self, task: int) -> list[int]:
        """The lost nodes it waited for, those that are not lost seen through."""
        found: dict[int, None] = {}
        seen, stack = {task}, [task]
        while stack:
            for choices in self._problem.waits[stack.pop()]:
                for needed in choices:
                    if needed in seen:
                        continue
                    seen.add(needed)
                    if self._problem.minutes[needed] is None:
                        stack.append(needed)
                    else:
                        found[needed] = None
        return sorted(found)

    def _start_of_group(self, task: int) -> list[str]:
        number = self._whole[task]
        group = self._graph.groups[self._graph.group_of[number]]
        if len(group) == 1:
            return []
        names = [self._graph.nodes[each] for each in group]
        return [f"n° {group.index(number) + 1} du démarrage de {listed(names)}"]

    def _gates_passed(self, task: int) -> list[str]:
        held = self._precedence.gates_of.get(self._whole[task], ())
        names = [self._establishment.gates[gate].name for gate in held]
        return [f"porte « {n} » fermée par {shown(self._closed[n])}" for n in names]

    def _gate(self, gate: Gate, best: Schedule) -> GateState:
        places = [self._place.get(self._graph.index[node]) for node in gate.after]
        minutes = [0 if place is None else best.back[place] for place in places]
        opens = None if self._never.intersection(places) else max(minutes, default=0)
        return GateState(gate.name, gate.keeper, self._closed.get(gate.name), opens, gate.before)

    def _waiting(self, order: list[int]) -> Iterable[Waiting]:
        """Lost nodes that never come back, in the order they were named."""
        held: dict[int, dict[int, None]] = {}
        for place in order:
            if place not in self._never:
                continue
            gates = self._precedence.gates_of.get(self._whole[place], ())
            mine = dict.fromkeys(gate for gate in gates if self._is_open(gate))
            for choices in self._problem.waits[place]:
                if self._never.issuperset(choices):
                    mine |= {gate: None for each in choices for gate in held.get(each, ())}
            held[place] = mine
        for place in self._problem.queue:
            if place in held:
                gates_held = [self._establishment.gates[gate] for gate in held[place]]
                said = [f"« {shown(g.name)} » (gardien : {shown(g.keeper)})" for g in gates_held]
                noun = "la porte" if len(said) == 1 else "les portes"
                why = f"attend {noun} {listed(said)}"
                names = tuple(gate.name for gate in gates_held)
                yield Waiting(self._node(place), self._name(place), names, why)


def _checked(gates: Collection[Gate], closed: Mapping[str, str]) -> dict[str, str]:
    known = {gate.name for gate in gates}
    for name, person in closed.items():
        if name not in known:
            said = listed([f"« {each} »" for each in sorted(known)]) or "aucune"
            raise UnknownGate(gate=shown(name), known=said)
        if not person.strip():
            raise NobodyNamed(gate=shown(name))
    return {name: person.strip() for name, person in closed.items()}


def _reach(waits: list[list[tuple[int, ...]]], starts: Iterable[int]) -> set[int]:
    """The starts and all that waits for them, from near or far."""
    users: dict[int, list[int]] = {}
    for node, each in enumerate(waits):
        for choices in each:
            for needed in choices:
                users.setdefault(needed, []).append(node)
    seen = set(starts)
    stack = list(seen)
    while stack:
        for user in users.get(stack.pop(), ()):
            if user not in seen:
                seen.add(user)
                stack.append(user)
    return seen


def _held(waits: list[list[tuple[int, ...]]], shut: set[int]) -> frozenset[int]:
    """What an open gate holds: those it stands before, and all that cannot do without them."""
    held = set(shut)
    while True:
        more = {
            node
            for node, each in enumerate(waits)
            if node not in held and any(held.issuperset(choices) for choices in each)
        }
        if not more:
            return frozenset(held)
        held |= more


def _inside(waits: list[tuple[int, ...]], place: Mapping[int, int]) -> list[tuple[int, ...]]:
    """Waits of which every choice is still to come: one working choice satisfies a wait."""
    return list(
        dict.fromkeys(
            tuple(place[each] for each in choices)
            for choices in waits
            if all(each in place for each in choices)
        )
    )
