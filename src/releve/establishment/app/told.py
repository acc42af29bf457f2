"""What the pages say of the map: sentences, and the tables that say the same as the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from releve.establishment import Establishment, MachineKind, Priority, Service, Supplier
from releve.establishment.drawing import State, layers
from releve.establishment.durations import span_words
from releve.establishment.faults import shown
from releve.establishment.graph import Demand, Graph, demands
from releve.kernel.units import thousands

_KINDS = {
    MachineKind.SERVER: "serveur",
    MachineKind.WORKSTATION: "poste",
    MachineKind.HYPERVISOR: "hôte",
    MachineKind.NETWORK: "réseau",
    MachineKind.STORAGE: "stockage",
}


@dataclass(frozen=True)
class Row:
    """One node: its id as links want it, its name, its state in words, and what else is known."""

    id: str
    code: str
    name: str
    mark: str
    word: str
    about: str = ""
    beds: int = 0
    patients: str = ""
    posts: int = 0
    needs: str = ""
    stops: str = ""
    hinders: str = ""


@dataclass(frozen=True)
class Part:
    """One layer of the drawing as a table."""

    slug: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Point:
    """A node whose loss alone stops ``services``, alternatives counted; ``stopped`` = how many
    nodes in all.
    """

    node: str
    name: str
    services: tuple[Service, ...]
    stopped: int

    @property
    def vital(self) -> int:
        """How many of them are P0."""
        return sum(service.priority is Priority.P0 for service in self.services)

    @property
    def beds(self) -> int:
        return sum(service.beds for service in self.services)

    @property
    def patients(self) -> str:
        return per_hour(self.services)


def points(establishment: Establishment, graph: Graph) -> tuple[Point, ...]:
    """Nodes other than services that alone stop one, whatever its priority: those that stop most
    vital services, then most services, then most patients, then most of the rest, first.
    """
    services = establishment.service_of
    candidates = {node for each in services for node in graph.needed_by(each)} - set(services)
    found = []
    for node in sorted(candidates, key=graph.index.__getitem__):
        stopped = graph.stopped_by(node)
        hit = tuple(s for s in establishment.services if s.node in stopped)
        if hit:
            found.append(Point(node, shown(establishment.names[node]), hit, len(stopped)))
    return tuple(sorted(found, key=_weight, reverse=True))


def _weight(point: Point) -> tuple[float, ...]:
    patients = sum(service.patients_per_hour for service in point.services)
    return point.vital, len(point.services), patients, point.stopped


def per_hour(services: Iterable[Service]) -> str:
    """Patients per hour of several services, as people write a number."""
    return number(sum(service.patients_per_hour for service in services))


def number(value: float) -> str:
    """« 59 », « 4,5 »."""
    return thousands(int(value)) if value == int(value) else f"{value:.1f}".replace(".", ",")


def named(establishment: Establishment, node: str) -> str:
    """« SRV-IDENTITE (Annuaire principal) », « Urgences »."""
    name = shown(establishment.names[node])
    return name if node in establishment.service_of or name == node else f"{node} ({name})"


def worst(establishment: Establishment, found: tuple[Point, ...]) -> str:
    """What stops most if it falls, in one sentence."""
    if not establishment.services:
        return _("Aucun service de votre périmètre n'est sur la carte.")
    if not found:
        return _("Aucune panne d'un seul élément n'arrête un service.")
    first = found[0]
    return _("Si %(node)s tombe, %(stopped)s sur %(all)d : %(beds)s lits.") % {
        "node": named(establishment, first.node),
        "stopped": _services_stop(len(first.services)),
        "all": len(establishment.services),
        "beds": thousands(first.beds),
    }


def equals(establishment: Establishment, found: tuple[Point, ...]) -> str:
    """The others that stop exactly the same services as the worst; empty when none does."""
    same = [p for p in found[1:] if p.services == found[0].services]
    return ", ".join(named(establishment, point.node) for point in same)


def _services_stop(count: int) -> str:
    return ngettext("%(n)d service s'arrête", "%(n)d services s'arrêtent", count) % {"n": count}


def fall(establishment: Establishment, node: str, stopped: tuple[Service, ...]) -> str:
    """What the loss of the node chosen stops, in one sentence."""
    said = named(establishment, node)
    if not stopped:
        return _("Si %(node)s tombe, aucun service ne s'arrête.") % {"node": said}
    if node in establishment.service_of and len(stopped) == 1:
        return _("Si %(node)s s'arrête, aucun autre service ne s'arrête.") % {"node": said}
    return _("Si %(node)s tombe, %(stopped)s : %(beds)s lits, %(patients)s patients par heure.") % {
        "node": said,
        "stopped": _services_stop(len(stopped)),
        "beds": thousands(sum(service.beds for service in stopped)),
        "patients": per_hour(stopped),
    }


class Teller:
    """Rows of one map in one state."""

    def __init__(
        self, establishment: Establishment, graph: Graph, known: Mapping[str, State]
    ) -> None:
        self._establishment = establishment
        self._graph = graph
        self._known = known
        self._machines = {each.id: each for each in establishment.machines}
        self._applications = {each.id: each for each in establishment.applications}
        self._posts: dict[str, int] = {}
        for machine in establishment.machines:
            if machine.kind is MachineKind.WORKSTATION:
                self._posts[machine.service] = self._posts.get(machine.service, 0) + 1

    def parts(self) -> tuple[Part, ...]:
        """Every layer."""
        found = layers(self._establishment, self._graph)
        slugs = ("services", "applications", "serveurs", "socle")
        return tuple(
            Part(slug, layer.title, tuple(map(self.row, layer.nodes)))
            for slug, layer in zip(slugs, found, strict=True)
        )

    def touched(self) -> tuple[Part, ...]:
        """Only what is not in service, the worst first; layers with nothing are left out."""
        ranks = {state.value: rank for rank, state in enumerate(State)}
        kept = []
        for part in self.parts():
            rows = [row for row in part.rows if row.mark]
            if rows:
                rows.sort(key=lambda row: ranks[row.word])
                kept.append(Part(part.slug, part.title, tuple(rows)))
        return tuple(kept)

    def posts(self) -> int:
        """Workstations that the loss stops."""
        fallen = (State.LOST, State.STOPPED)
        return sum(
            self._known.get(each.id) in fallen
            for each in self._establishment.machines
            if each.kind is MachineKind.WORKSTATION
        )

    def row(self, node: str) -> Row:
        """Everything a table says of one node."""
        state = self._known.get(node, State.PLAIN)
        service = self._establishment.service_of.get(node)
        application = self._applications.get(node)
        return Row(
            id=node,
            code=service.code if service else node,
            name=shown(self._establishment.names[node]),
            mark=state.mark,
            word=state.value,
            about=self.about(node),
            beds=service.beds if service else 0,
            patients=number(service.patients_per_hour) if service else "",
            posts=self._posts.get(service.code, 0) if service else 0,
            needs=self.needs(node),
            stops=", ".join(application.services) if application else self._stops(node),
            hinders=", ".join(application.used_by) if application else "",
        )

    def about(self, node: str) -> str:
        """Priority and DMIA, or the kind and role of a machine."""
        owner = self._establishment.service_of.get(node) or self._applications.get(node)
        if owner is not None:
            rto = span_words(owner.rto) if owner.rto is not None else _("non renseignée")
            return f"{owner.priority} · DMIA\u00a0" + rto.replace(" ", "\u00a0")
        machine = self._machines.get(node)
        if machine is None:
            return _("fournisseur")
        role = "" if machine.role in ("", _KINDS[machine.kind]) else f" · {shown(machine.role)}"
        return _KINDS[machine.kind] + role

    def needs(self, node: str) -> str:
        """« BASE-01, HOTE-1 ou HOTE-2 »: direct needs, alternatives joined by « ou »."""
        graph = self._graph
        names = [
            f" {_('ou')} ".join(graph.nodes[each].removeprefix("service:") for each in choices)
            for choices in graph.needs[graph.index[node]]
        ]
        return ", ".join(names)

    def _stops(self, node: str) -> str:
        stopped = self._graph.stopped_by(node)
        codes = [s.code for s in self._establishment.services if s.node in stopped]
        return ", ".join(codes)

    def demand(self, node: str) -> Demand | None:
        """The DMIA demanded of the node; None when nobody's constrains it."""
        found = demands(self._establishment, self._graph)
        return next((each for each in found if each.node == node), None)

    def supplier(self, node: str) -> Supplier | None:
        """Whom to call about an application, or the supplier itself."""
        application = self._applications.get(node)
        wanted = application.supplier if application else node
        return next((s for s in self._establishment.suppliers if s.id == wanted), None)
