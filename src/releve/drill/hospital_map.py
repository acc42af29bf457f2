"""What a night reached on the hospital's map, and what is back: read from its folder, not measured.

Only what the report can draw on a page: each lost server, the applications that name one, the
others grouped, and every service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from releve.drill.account import Spot
from releve.establishment import Establishment
from releve.establishment.drawing import State, states
from releve.establishment.graph import Graph
from releve.establishment.model import Application, Machine, MachineKind, Service

#: Applications that name no lost machine are drawn together.
_BACK, _STILL, _WORKING = "autres-revenues", "autres-arretees", "autres-en-marche"


def spots(
    hospital: Establishment, down: Iterable[str], again: Mapping[str, datetime]
) -> tuple[Spot, ...]:
    """The map after ``down`` was lost and the machines of ``again`` answered; names that the folder
    does not know are left out. Machines first, then applications, then services.
    """
    names = set(down)
    lost = [machine for machine in hospital.machines if machine.id in names]
    if not lost:
        return ()
    graph = Graph.of(hospital)
    stopped = _down(hospital, graph, (machine.id for machine in lost))
    still = _down(hospital, graph, (machine.id for machine in lost if machine.id not in again))
    reach = _Reach(hospital, graph, [machine.id for machine in lost], stopped, still)
    places = {one.id: reach.place(one) for one in hospital.applications}
    services = (reach.service(service, places) for service in hospital.services)
    return (*_machines(lost, again), *reach.applications(places), *services)


def _down(hospital: Establishment, graph: Graph, lost: Iterable[str]) -> frozenset[str]:
    """What is lost, and what stops with it."""
    known = states(hospital, graph, [*lost])
    return frozenset(node for node, state in known.items() if state in (State.LOST, State.STOPPED))


def _machines(lost: list[Machine], again: Mapping[str, datetime]) -> list[Spot]:
    """Workstations stand together: their files come back, nothing of theirs has to answer."""
    places = [
        Spot(one.id, one.name or one.id, "machine", "lost", one.id in again, again.get(one.id))
        for one in lost
        if one.kind is not MachineKind.WORKSTATION
    ]
    posts = [one for one in lost if one.kind is MachineKind.WORKSTATION]
    if posts:
        name = posts[0].id if len(posts) == 1 else f"{len(posts)} postes de travail"
        places.append(Spot("postes", name, "machine", "lost", back=False, count=len(posts)))
    return places


@dataclass(frozen=True)
class _Reach:
    """How far the loss goes: ``stopped`` by it, ``still`` stopped once machines answered again."""

    hospital: Establishment
    graph: Graph
    machines: list[str]
    stopped: frozenset[str]
    still: frozenset[str]

    def needs(self, node: str) -> set[str]:
        """What it needs itself, alternatives included."""
        needs = self.graph.needs[self.graph.number(node)]
        return {self.graph.nodes[each] for choices in needs for each in choices}

    def place(self, one: Application) -> str:
        """Where it is drawn: by itself when it names a lost machine, else in a group."""
        if one.id not in self.stopped:
            return _WORKING
        if self.needs(one.id).intersection(self.machines):
            return one.id
        return _STILL if one.id in self.still else _BACK

    def applications(self, places: Mapping[str, str]) -> Iterator[Spot]:
        for one in self.hospital.applications:
            if places[one.id] == one.id:
                needs = tuple(filter(self.needs(one.id).__contains__, self.machines))
                back = one.id not in self.still
                yield Spot(one.id, one.name, "application", "stopped", back, needs=needs)
        counted = Counter(places.values())
        for group in filter(counted.__contains__, (_BACK, _STILL, _WORKING)):
            count = counted[group]
            many = "s" if count > 1 else ""
            name = f"{count} autre{many} application{many}"
            if group == _WORKING:
                yield Spot(group, name, "application", "working", back=False, count=count)
                continue
            causes = self._causes({id for id, place in places.items() if place == group})
            yield Spot(
                group, name, "application", "stopped", group == _BACK, count=count, needs=causes
            )

    def _causes(self, group: set[str]) -> tuple[str, ...]:
        """The first lost machine whose loss alone stops the group; every one when none does."""
        alone = (one for one in self.machines if group <= _down(self.hospital, self.graph, [one]))
        first = next(alone, None)
        return tuple(self.machines) if first is None else (first,)

    def service(self, one: Service, places: Mapping[str, str]) -> Spot:
        needed = {places[id] for id in self.needs(one.node) if id in places} - {_WORKING}
        stopped = one.node in self.stopped
        return Spot(
            one.node,
            one.name,
            "service",
            "stopped" if stopped else "working",
            stopped and one.node not in self.still,
            beds=one.beds,
            needs=tuple(sorted(needed)),
        )
