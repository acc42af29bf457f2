"""The part of the establishment that an account may see: its services, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from django.http import HttpRequest

from releve.establishment import Establishment, Generation, MachineKind, current, stored
from releve.establishment.graph import Graph
from releve.kernel.home import Home
from releve.kernel.perimeter import Perimeter
from releve.pages.house import current_home
from releve.pages.rights import visible
from releve.pages.roles import PROOF_READERS, Role

#: The map shows what is weak: for those who repair, those who decide, those who audit.
READERS = tuple(sorted({*PROOF_READERS, Role.CRISIS_CELL}))


@dataclass(frozen=True)
class Seen:
    """``whole`` False = the account's perimeter leaves something out."""

    establishment: Establishment
    generation: Generation
    whole: bool


def seen(request: HttpRequest) -> Seen | None:
    """What the account may see; None before a folder was loaded. Raises ``StoreDamaged``."""
    kept = whole()
    if kept is None:
        return None
    found, generation = kept

    def within(where: Perimeter) -> bool:
        return visible(request, READERS, where)

    if all(within(Perimeter(entity.finess)) for entity in found.legal_entities):
        return Seen(found, generation, whole=True)
    return Seen(restricted(found, within), generation, whole=False)


def whole() -> tuple[Establishment, Generation] | None:
    """The establishment that counts, for views that decide themselves what to show of it; None
    before a folder was loaded. Raises ``StoreDamaged``.
    """
    home = current_home()
    generation = current(home)
    found = _read(home, str(generation)) if generation else None
    return (found, generation) if generation and found else None


def restricted(establishment: Establishment, within: Callable[[Perimeter], bool]) -> Establishment:
    """The services ``within``, their workstations, the applications that serve them, all that
    these need (services of elsewhere too), and what comes before the gates they wait at. Nothing
    else is named, nor counted; people and watches are left out.
    """
    own = [s for s in establishment.services if within(establishment.perimeter(s))]
    codes = {service.code for service in own}
    starts = [service.node for service in own]
    starts += [a.id for a in establishment.applications if codes.intersection(a.used_by)]
    starts += [
        m.id
        for m in establishment.machines
        if m.kind is MachineKind.WORKSTATION and m.service in codes
    ]
    kept = _closed(establishment, starts)
    services = tuple(s for s in establishment.services if s.node in kept)
    codes |= {service.code for service in services}
    sites = tuple(e for e in establishment.sites if any(s.site == e.finess for s in services))
    editors = {a.supplier for a in establishment.applications if a.id in kept}
    entities = {site.legal_entity for site in sites}

    def only(names: Iterable[str], among: set[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in among)

    return replace(
        establishment,
        legal_entities=tuple(e for e in establishment.legal_entities if e.finess in entities),
        sites=sites,
        services=services,
        applications=tuple(
            replace(a, services=only(a.services, codes), used_by=only(a.used_by, codes))
            for a in establishment.applications
            if a.id in kept
        ),
        machines=tuple(
            replace(m, service=m.service if m.service in codes else "")
            for m in establishment.machines
            if m.id in kept
        ),
        people=(),
        suppliers=tuple(s for s in establishment.suppliers if s.id in kept | editors),
        dependencies=tuple(
            d for d in establishment.dependencies if d.node in kept and d.needs in kept
        ),
        gates=tuple(
            replace(g, before=only(g.before, kept), after=only(g.after, kept))
            for g in establishment.gates
            if kept.intersection(g.before)
        ),
        bootstraps=tuple(b for b in establishment.bootstraps if kept.issuperset(b.order)),
        watches=(),
    )


def _closed(establishment: Establishment, starts: Iterable[str]) -> set[str]:
    """The starts, all they need, and what the gates before these come after."""
    graph = Graph.of(establishment)
    kept: set[str] = set()
    waiting = list(starts)
    while waiting:
        for node in waiting:
            if node not in kept:
                kept |= {node, *graph.needed_by(node)}
        held = [gate for gate in establishment.gates if kept.intersection(gate.before)]
        waiting = [node for gate in held for node in gate.after if node not in kept]
    return kept


@lru_cache(maxsize=4)
def _read(home: Home, generation: str) -> Establishment | None:
    return stored(home)
