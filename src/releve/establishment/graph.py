"""Who needs whom: blast radius, single points of failure, groups, the DMIA each node must hold.

Edges run from a node to what it needs. A node's needs are an « and » of alternatives: each need is
a set of nodes of which one suffices (most sets hold one node).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import rustworkx

from releve.establishment.errors import UnknownNode
from releve.establishment.faults import shown
from releve.establishment.model import Bootstrap, Dependency, Establishment, Priority, Service


@dataclass(frozen=True)
class Blast:
    """What the loss of one node reaches, in the folder's order.

    ``reached`` need it directly or not; ``stopped`` have no alternative left. ``services``,
    ``beds`` and ``patients_per_hour`` are those of the services reached, the node itself included.
    """

    node: str
    reached: tuple[str, ...]
    stopped: tuple[str, ...]
    services: tuple[Service, ...]
    stopped_services: tuple[Service, ...]
    hindered: tuple[str, ...]

    @property
    def beds(self) -> int:
        return sum(service.beds for service in self.services)

    @property
    def patients_per_hour(self) -> float:
        return sum(service.patients_per_hour for service in self.services)


@dataclass(frozen=True)
class SinglePoint:
    """A node whose loss alone stops ``services``, of which at least one is P0."""

    node: str
    services: tuple[Service, ...]

    @property
    def vital(self) -> int:
        """How many of them are P0."""
        return sum(service.priority is Priority.P0 for service in self.services)


@dataclass(frozen=True)
class Demand:
    """The DMIA a node must hold (``rto``), the node whose own DMIA sets it, and how long the node
    takes once the longest chain of what it needs is back (``reachable``).
    """

    node: str
    rto: timedelta
    because: str
    reachable: timedelta

    @property
    def met(self) -> bool:
        return self.reachable <= self.rto


class Graph:
    """Nodes by name. Raises :class:`UnknownNode` for a name that is not one."""

    def __init__(
        self,
        nodes: Iterable[str],
        dependencies: Iterable[Dependency],
        bootstraps: Sequence[Bootstrap] = (),
    ) -> None:
        self.nodes = tuple(nodes)
        self.index = {node: number for number, node in enumerate(self.nodes)}
        self._edges = [
            (self.index[each.node], self.index[each.needs], each.alternative)
            for each in dependencies
            if each.node in self.index and each.needs in self.index
        ]
        self._bootstraps = bootstraps
        self._digraph: rustworkx.PyDiGraph[None, None] = rustworkx.PyDiGraph(multigraph=False)
        self._digraph.add_nodes_from([None] * len(self.nodes))
        self._digraph.add_edges_from_no_data([(node, needed) for node, needed, _ in self._edges])

    @classmethod
    def of(cls, establishment: Establishment) -> Graph:
        """The graph of a whole establishment."""
        return cls(establishment.names, establishment.dependencies, establishment.bootstraps)

    def number(self, node: str) -> int:
        """Raises :class:`UnknownNode`, with the closest names."""
        if node not in self.index:
            raise UnknownNode(node=shown(node), hint=self._closest(node))
        return self.index[node]

    def _closest(self, node: str) -> str:
        import difflib

        names = [*self.nodes, *(name.partition(":")[2] for name in self.nodes if ":" in name)]
        close = difflib.get_close_matches(node, names, 3, 0.5)
        whole = [name if name in self.index else f"service:{name}" for name in close]
        meant = f"Vouliez-vous {', '.join(dict.fromkeys(whole))} ? " if whole else ""
        return f"{meant}Un service s'écrit service:CODE, les autres par leur identifiant."

    def dependants(self, node: str) -> frozenset[str]:
        """Every node that needs ``node``, directly or not; never itself."""
        found = rustworkx.ancestors(self._digraph, self.number(node))
        return frozenset(map(self.nodes.__getitem__, found))

    def needed_by(self, node: str) -> frozenset[str]:
        """Every node that ``node`` needs, directly or not; never itself."""
        found = rustworkx.descendants(self._digraph, self.number(node))
        return frozenset(map(self.nodes.__getitem__, found))

    @cached_property
    def needs(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For each node number, its needs: tuples of node numbers of which one suffices."""
        sets: list[dict[object, list[int]]] = [{} for _ in self.nodes]
        for node, needed, alternative in self._edges:
            sets[node].setdefault(alternative or needed, []).append(needed)
        return tuple(tuple(tuple(dict.fromkeys(x)) for x in each.values()) for each in sets)

    @cached_property
    def _users(self) -> dict[int, list[tuple[int, int]]]:
        """needed → (node, place of the need in its needs)."""
        users: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for node, needs in enumerate(self.needs):
            for place, choices in enumerate(needs):
                for needed in choices:
                    users[needed].append((node, place))
        return users

    def stopped_by(self, node: str) -> frozenset[str]:
        """Every other node that the loss of ``node`` stops: one of its needs has no choice left."""
        first = self.number(node)
        lost, open_nodes = {first}, [first]
        gone: Counter[tuple[int, int]] = Counter()
        while open_nodes:
            for user, place in self._users.get(open_nodes.pop(), ()):
                gone[user, place] += 1
                if user not in lost and gone[user, place] == len(self.needs[user][place]):
                    lost.add(user)
                    open_nodes.append(user)
        return frozenset(self.nodes[each] for each in lost - {first})

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Strongly connected groups, what is needed first; each in its bootstrap order, in the
        folder's order when none is written.
        """
        found = rustworkx.strongly_connected_components(self._digraph)
        return tuple(self._ordered(each) if len(each) > 1 else (each[0],) for each in found)

    def _ordered(self, members: Iterable[int]) -> tuple[int, ...]:
        wanted = {self.nodes[number] for number in members}
        for bootstrap in self._bootstraps:
            if wanted <= set(bootstrap.order):
                return tuple(self.index[node] for node in bootstrap.order if node in wanted)
        return tuple(sorted(self.index[node] for node in wanted))

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """The groups of several nodes, each in its bootstrap order."""
        several = [group for group in self.groups if len(group) > 1]
        return tuple(tuple(self.nodes[each] for each in group) for group in sorted(several))

    @cached_property
    def group_of(self) -> tuple[int, ...]:
        """For each node number, the place of its group in :attr:`groups`."""
        places = [0] * len(self.nodes)
        for place, group in enumerate(self.groups):
            for number in group:
                places[number] = place
        return tuple(places)


def blast(establishment: Establishment, node: str, graph: Graph | None = None) -> Blast:
    """What the loss of ``node`` reaches; raises :class:`UnknownNode`."""
    graph = graph or Graph.of(establishment)
    reached, stopped = graph.dependants(node), graph.stopped_by(node)
    touched = {*reached, node}
    services = tuple(s for s in establishment.services if s.node in touched)
    used = {
        code for each in establishment.applications if each.id in touched for code in each.used_by
    }
    return Blast(
        node,
        tuple(sorted(reached, key=graph.index.__getitem__)),
        tuple(sorted(stopped, key=graph.index.__getitem__)),
        services,
        tuple(s for s in services if s.node in stopped or s.node == node),
        tuple(s.code for s in establishment.services if s.code in used and s not in services),
    )


def single_points(
    establishment: Establishment, graph: Graph | None = None
) -> tuple[SinglePoint, ...]:
    """Nodes other than services whose loss alone stops at least one P0 service, alternatives
    counted; those that stop most P0 services, then most patients, first.
    """
    graph = graph or Graph.of(establishment)
    services = establishment.service_of
    vital = [s.node for s in establishment.services if s.priority is Priority.P0]
    candidates = {node for each in vital for node in graph.needed_by(each)} - set(services)
    found = []
    for node in sorted(candidates, key=graph.index.__getitem__):
        stopped = graph.stopped_by(node)
        hit = tuple(s for s in establishment.services if s.node in stopped)
        if any(s.priority is Priority.P0 for s in hit):
            found.append(SinglePoint(node, hit))
    found.sort(key=lambda p: (-p.vital, -sum(s.patients_per_hour for s in p.services)))
    return tuple(found)


def chains(establishment: Establishment, graph: Graph) -> tuple[list[timedelta], list[list[int]]]:
    """For each group of :attr:`Graph.groups`: how long until it is back when all it needs is lost
    and teams are not lacking, and the groups of the chain that sets it, first to start first.
    """
    restore = establishment.restore_times
    times: list[timedelta] = []
    paths: list[list[int]] = []
    for place, group in enumerate(graph.groups):
        longest = timedelta(0)
        behind: list[int] = []
        for number in group:
            for choices in graph.needs[number]:
                outside = [graph.group_of[each] for each in choices]
                if place in outside:
                    continue
                quickest = min(outside, key=lambda each: times[each])
                if times[quickest] > longest:
                    longest, behind = times[quickest], paths[quickest]
        own = sum((restore[graph.nodes[number]] for number in group), timedelta(0))
        times.append(longest + own)
        paths.append([*behind, place] if own else behind)
    return times, paths


def demands(establishment: Establishment, graph: Graph | None = None) -> tuple[Demand, ...]:
    """The DMIA demanded of each application, machine and supplier that somebody's DMIA constrains:
    the least, over those that need it, of (their DMIA − their own restore time), step by step.
    """
    graph = graph or Graph.of(establishment)
    restore = establishment.restore_times
    limits = _declared(establishment, graph)
    for place in range(len(graph.groups) - 1, -1, -1):
        group = graph.groups[place]
        before: tuple[timedelta, int] | None = None
        for number in reversed(group):
            limit = min(filter(None, (limits.get(number), before)), default=None)
            if limit is not None:
                limits[number] = limit
                before = (limit[0] - restore[graph.nodes[number]], limit[1])
        if before is None:
            continue
        for choices in (each for number in group for each in graph.needs[number]):
            for needed in choices:
                if graph.group_of[needed] != place:
                    limits[needed] = min(limits.get(needed, before), before)
    times, _ = chains(establishment, graph)
    return tuple(
        Demand(node, limits[n][0], graph.nodes[limits[n][1]], times[graph.group_of[n]])
        for n, node in enumerate(graph.nodes)
        if n in limits and node not in establishment.service_of
    )


def _declared(establishment: Establishment, graph: Graph) -> dict[int, tuple[timedelta, int]]:
    """node number → (its own DMIA, itself)."""
    stated = {service.node: service.rto for service in establishment.services}
    stated |= {application.id: application.rto for application in establishment.applications}
    return {
        graph.index[node]: (rto, graph.index[node])
        for node, rto in stated.items()
        if rto is not None
    }
