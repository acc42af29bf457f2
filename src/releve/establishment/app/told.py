"""What the pages say of the map: sentences, and the tables that say the same as the drawing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from releve.establishment import Establishment, MachineKind, Priority, Service, Supplier
from releve.establishment.drawing import State, layers
from releve.establishment.durations import span_words
from releve.establishment.errors import NoTeam, UnknownNode
from releve.establishment.faults import shown
from releve.establishment.graph import Demand, Graph, demands, single_points
from releve.kernel.errors import ReleveError
from releve.pages.wording import english, grouped, translated
from releve.pages.wording import told as told_in_words

_KINDS = {
    MachineKind.SERVER: "serveur",
    MachineKind.WORKSTATION: "poste",
    MachineKind.HYPERVISOR: "hôte",
    MachineKind.NETWORK: "réseau",
    MachineKind.STORAGE: "stockage",
}
#: What the drawing asks its ``say`` for, beside titles and states.
DRAWN = (
    gettext_noop(
        "Carte : %(services)d services, %(applications)d applications,"
        " %(machines)d serveurs et équipements, %(posts)d postes."
    ),
    gettext_noop("et %(n)d autres, au tableau"),
    gettext_noop("Services perdus : %(names)s."),
    gettext_noop("Services arrêtés : %(names)s."),
    gettext_noop("lits"),
    gettext_noop("postes"),
)
#: Names that a table gives of a longer list; the node's own page gives them all.
_NAMED = 3


@dataclass(frozen=True)
class Row:
    """One node: its id as links want it, its name, its state in words, and what else is known.
    ``stops`` and ``needs`` are cut to a count and the first names; ``hinders`` counts services.
    """

    id: str
    code: str
    name: str
    mark: str
    word: str
    about: SafeString
    beds: int = 0
    patients: str = ""
    posts: int = 0
    needs: str = ""
    stops: str = ""
    hinders: int = 0


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


@dataclass(frozen=True)
class Alone:
    """What stops services by itself: ``vital`` = the single points of ``./run establishment
    demands``, in its order; ``other`` = those that stop services of which none is P0.
    """

    vital: tuple[Point, ...]
    other: tuple[Point, ...]

    @property
    def all(self) -> tuple[Point, ...]:
        return self.vital + self.other


def alone(establishment: Establishment, graph: Graph) -> Alone:
    """Single points first; the others by services, then patients, then nodes stopped."""

    def point(node: str) -> Point:
        stopped = graph.stopped_by(node)
        hit = tuple(s for s in establishment.services if s.node in stopped)
        return Point(node, shown(establishment.names[node]), hit, len(stopped))

    vital = tuple(point(each.node) for each in single_points(establishment, graph))
    services = establishment.service_of
    known = {*services, *(each.node for each in vital)}
    candidates = {node for each in services for node in graph.needed_by(each)} - known
    other = [point(node) for node in sorted(candidates, key=graph.index.__getitem__)]
    other.sort(key=_weight, reverse=True)
    return Alone(vital, tuple(each for each in other if each.services))


def _weight(point: Point) -> tuple[float, ...]:
    patients = sum(service.patients_per_hour for service in point.services)
    return len(point.services), patients, point.stopped


def per_hour(services: Iterable[Service]) -> str:
    """Patients per hour of several services, as people write a number."""
    return number(sum(service.patients_per_hour for service in services))


def number(value: float) -> str:
    """« 59 », « 4,5 »; “4.5”."""
    if value == int(value):
        return grouped(int(value))
    said = f"{value:.1f}"
    return said if english() else said.replace(".", ",")


def span(value: timedelta) -> str:
    """« 4 h », « 1 j »; “1 d”."""
    said = span_words(value)
    return said.replace(" j", " d") if english() else said


def in_french(name: str) -> SafeString:
    """Words of the hospital, marked as such whatever the reader's language."""
    return format_html('<bdi lang="fr">{}</bdi>', shown(name))


def sentence(text: str, **data: str | int) -> SafeString:
    """A text of ours, already in the reader's language, around data that is not ours."""
    held = {k: v if isinstance(v, int) else conditional_escape(v) for k, v in data.items()}
    return mark_safe(conditional_escape(text) % held)  # noqa: S308


def joined(names: Iterable[SafeString]) -> SafeString:
    """« A, B »."""
    return format_html_join(", ", "{}", ((name,) for name in names))


def named(establishment: Establishment, node: str) -> SafeString:
    """« SRV-IDENTITE (Annuaire principal) », « Urgences »."""
    name = establishment.names[node]
    if node in establishment.service_of:
        return in_french(name)
    return code_and_name(node, name)


def code_and_name(node: str, name: str) -> SafeString:
    """« SRV-IDENTITE (Annuaire principal) », « SRV-2 »."""
    code = conditional_escape(shown(node))
    return code if name == node else format_html("{} ({})", code, in_french(name))


def worst(establishment: Establishment, found: Alone) -> str:
    """What stops most if it falls, in one sentence."""
    if not establishment.services:
        return _("Aucun service de votre périmètre n'est sur la carte.")
    if not found.all:
        return _("Aucune panne d'un seul élément n'arrête un service.")
    first = found.all[0]
    return sentence(
        _("Si %(node)s tombe, %(stopped)s sur %(all)d : %(beds)s lits."),
        node=named(establishment, first.node),
        stopped=_services_stop(len(first.services)),
        all=len(establishment.services),
        beds=grouped(first.beds),
    )


def equals(establishment: Establishment, found: Alone) -> str:
    """The others that stop exactly the same services as the worst; empty when none does."""
    same = [p for p in found.all[1:] if p.services == found.all[0].services]
    return joined(named(establishment, point.node) for point in same)


def _services_stop(count: int) -> str:
    return ngettext("%(n)d service s'arrête", "%(n)d services s'arrêtent", count) % {"n": count}


def fall(establishment: Establishment, node: str, stopped: tuple[Service, ...]) -> str:
    """What the loss of the node chosen stops, in one sentence."""
    said = named(establishment, node)
    if not stopped:
        return sentence(_("Si %(node)s tombe, aucun service ne s'arrête."), node=said)
    if node in establishment.service_of and len(stopped) == 1:
        return sentence(_("Si %(node)s s'arrête, aucun autre service ne s'arrête."), node=said)
    return sentence(
        _("Si %(node)s tombe, %(stopped)s : %(beds)s lits, %(patients)s patients par heure."),
        node=said,
        stopped=_services_stop(len(stopped)),
        beds=grouped(sum(service.beds for service in stopped)),
        patients=per_hour(stopped),
    )


def refused(establishment: Establishment, error: ReleveError) -> tuple[str, str]:
    """What was asked that cannot be, and the remedy on a page, where no verb is typed."""
    if isinstance(error, UnknownNode):
        asked = str(error.data["node"])
        codes = [node.removeprefix("service:") for node in establishment.names]
        close = dict.fromkeys(difflib.get_close_matches(asked, codes, 3, 0.5))
        meant = _("Vouliez-vous %(names)s ?") % {"names": ", ".join(close)} if close else ""
        return (
            _("« %(node)s » n'est le nom d'aucun nœud de l'établissement.") % {"node": asked},
            meant or _("Choisissez un identifiant de la carte."),
        )
    if isinstance(error, NoTeam):
        asked = str(error.data["teams"])
        return (
            _("Il faut au moins une équipe, et %(teams)s n'en fait pas.") % {"teams": asked},
            _("Écrivez un nombre entre 1 et 1000."),
        )
    return told_in_words(error)


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
            about=self._role(node) or self.about(node),
            beds=service.beds if service else 0,
            patients=number(service.patients_per_hour) if service else "",
            posts=self._posts.get(service.code, 0) if service else 0,
            needs=_brief(self._choices(node)),
            stops=_brief([[code] for code in self._stops(node)]),
            hinders=len(application.used_by) if application else 0,
        )

    def about(self, node: str) -> SafeString:
        """Priority and DMIA, or the kind and role of a machine."""
        owner = self._establishment.service_of.get(node) or self._applications.get(node)
        if owner is not None:
            rto = span(owner.rto) if owner.rto is not None else _("non renseignée")
            said = f"{owner.priority} · {_('DMIA')}\u00a0" + rto.replace(" ", "\u00a0")
            return conditional_escape(said)
        machine = self._machines.get(node)
        if machine is None:
            return conditional_escape(_("fournisseur"))
        kind = translated(_KINDS[machine.kind])
        role = self._role(node)
        return format_html("{} · {}", kind, role) if role else conditional_escape(kind)

    def _role(self, node: str) -> SafeString | None:
        """The hospital's word for what a machine does, when it says more than its kind."""
        machine = self._machines.get(node)
        if machine is None or machine.role in ("", _KINDS[machine.kind]):
            return None
        return in_french(machine.role)

    def needs(self, node: str) -> str:
        """« BASE-01, HOTE-1 ou HOTE-2 »: direct needs, alternatives joined by « ou »."""
        return ", ".join(map(_either, self._choices(node)))

    def _choices(self, node: str) -> list[list[str]]:
        """Each direct need: the nodes of which one suffices."""
        graph = self._graph
        return [
            [graph.nodes[each].removeprefix("service:") for each in choices]
            for choices in graph.needs[graph.index[node]]
        ]

    def _stops(self, node: str) -> list[str]:
        """Codes of the services that the loss of the node stops."""
        stopped = self._graph.stopped_by(node)
        return [s.code for s in self._establishment.services if s.node in stopped]

    def demand(self, node: str) -> Demand | None:
        """The DMIA demanded of the node; None when nobody's constrains it."""
        found = demands(self._establishment, self._graph)
        return next((each for each in found if each.node == node), None)

    def supplier(self, node: str) -> Supplier | None:
        """Whom to call about an application, or the supplier itself."""
        application = self._applications.get(node)
        wanted = application.supplier if application else node
        return next((s for s in self._establishment.suppliers if s.id == wanted), None)


def _either(choices: list[str]) -> str:
    return f" {_('ou')} ".join(choices)


def _brief(needs: list[list[str]]) -> str:
    """« DPI, GAP »; « 7 : SRV-BASE, SRV-IDENTITE… »: a count and the first names when there are
    more, what nothing replaces first, no alternative cut.
    """
    if sum(map(len, needs)) <= _NAMED:
        return ", ".join(map(_either, needs))
    alone = [choices for choices in needs if len(choices) == 1][:_NAMED]
    said = ", ".join(map(_either, alone or needs[:1]))
    if len(needs) == 1:
        return said
    return _("%(n)d : %(names)s…") % {"n": len(needs), "names": said}
