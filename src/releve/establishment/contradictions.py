"""Where what the heads of service say and what the folder says do not agree: each with its words,
its remedy and, where the folder can be made to say the same, the amendment.

Pure: sheets × establishment × the time → a list, vital services first. A contradiction's ``key``
holds the two values that differ: a new answer or a new folder makes another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from releve.establishment.degraded import (
    DegradedSheet,
    Reliance,
    State,
    Way,
    rules,
    silent_vital,
    state,
)
from releve.establishment.durations import span_words
from releve.establishment.faults import listed, shown
from releve.establishment.graph import Graph, chains
from releve.establishment.model import Application, Establishment, Service
from releve.establishment.spoken import Vocabulary


class Kind(StrEnum):
    """What does not agree; the value is stable."""

    TOO_SHORT = "dmia-too-short"
    DMIA = "dmia-differs"
    PDMA = "pdma-differs"
    NOT_IN_GRAPH = "not-in-graph"
    NOT_IN_FOLDER = "not-in-folder"
    NOT_SAID = "not-said"
    SAID_UNUSED = "said-unused"
    MUTUAL = "mutual"
    LOST_TOO = "lost-too"
    OLD = "old"
    SILENT = "silent"

    @property
    def words(self) -> str:
        return _KINDS[self]


_KINDS = {
    Kind.TOO_SHORT: "DMIA dite trop courte pour ce qui la porte",
    Kind.DMIA: "DMIA dite et DMIA du dossier",
    Kind.PDMA: "PDMA dite et PDMA du dossier",
    Kind.NOT_IN_GRAPH: "dépendance dite, absente de la carte",
    Kind.NOT_IN_FOLDER: "chose dite, inconnue du dossier",
    Kind.NOT_SAID: "dépendance de la carte, non dite",
    Kind.SAID_UNUSED: "dépendance de la carte, dite inutile",
    Kind.MUTUAL: "deux services comptent l'un sur l'autre",
    Kind.LOST_TOO: "le secours tombe avec ce qu'il remplace",
    Kind.OLD: "entretien de plus d'un an",
    Kind.SILENT: "service vital sans entretien",
}


class Edit(StrEnum):
    """What accepting an answer changes in the folder."""

    DMIA = "dmia"
    PDMA = "pdma"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Amendment:
    """``value`` is a duration as the folder writes it, or the node to add or remove."""

    edit: Edit
    service: str
    value: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """``said``: what the head says; ``known``: what the folder or the graph says; ``remedy``: what
    to do. ``amendment`` None = the folder cannot be made to agree by itself.
    """

    kind: Kind
    service: str
    said: str
    known: str
    remedy: str
    subject: str = ""
    amendment: Amendment | None = None

    @property
    def key(self) -> str:
        """Stable while both sides say the same."""
        parts = (self.kind, self.service, self.subject, self.said, self.known)
        return sha256("\0".join(parts).encode()).hexdigest()[:32]


def contradictions(
    sheets: Mapping[str, DegradedSheet], establishment: Establishment, now: datetime
) -> tuple[Contradiction, ...]:
    """Every contradiction, the services in order of priority then of the folder. Sheets of services
    that are no longer in the folder are left out.
    """
    judge = _Judge(establishment, dict(sheets))
    ranked = sorted(establishment.services, key=lambda service: service.priority)
    found: list[Contradiction] = []
    for service in ranked:
        sheet = sheets.get(service.code)
        if sheet is not None:
            found += judge.about(service, sheet, now)
    for service in silent_vital(establishment, dict(sheets)):
        said = "n'a pas encore répondu"
        known = f"{service.name} est de priorité {service.priority}"
        remedy = "Demandez à son responsable deux pages de réponses : une dizaine de minutes."
        found.append(Contradiction(Kind.SILENT, service.code, said, known, remedy))
    return tuple(found)


class _Judge:
    """One reading of the establishment, for every sheet."""

    def __init__(self, establishment: Establishment, sheets: dict[str, DegradedSheet]) -> None:
        self._establishment = establishment
        self._sheets = sheets
        self._graph = Graph.of(establishment)
        self._words = Vocabulary(establishment)
        self._roots: dict[str, frozenset[str]] = {}

    @cached_property
    def _times(self) -> tuple[list[timedelta], list[list[int]]]:
        return chains(self._establishment, self._graph)

    def about(
        self, service: Service, sheet: DegradedSheet, now: datetime
    ) -> Iterator[Contradiction]:
        yield from self._too_short(service, sheet)
        yield from self._dmia(service, sheet)
        yield from self._pdma(service, sheet)
        for each in sheet.relies_on:
            yield from self._reliance(service, each)
            yield from self._lost_too(service, each)
        yield from self._not_said(service, sheet)
        yield from self._mutual(service, sheet)
        if state(sheet, now) is State.OLD:
            said = f"répondu le {sheet.answered:%d/%m/%Y}"
            known = f"un entretien vaut {rules().max_age.days} jours"
            remedy = "Demandez au service de relire ses réponses : deux pages, déjà remplies."
            yield Contradiction(Kind.OLD, service.code, said, known, remedy)

    def _too_short(self, service: Service, sheet: DegradedSheet) -> Iterator[Contradiction]:
        times, paths = self._times
        group = self._graph.group_of[self._graph.index[service.node]]
        if sheet.dmia is None or times[group] <= sheet.dmia:
            return
        longest = [
            self._graph.nodes[n] for place in paths[group] for n in self._graph.groups[place]
        ]
        restore = self._establishment.restore_times
        slowest = sorted(longest, key=lambda node: -restore[node])[:3]
        steps = listed([f"{node} ({span_words(restore[node])})" for node in slowest])
        known = f"il faut {span_words(times[group])} pour le remettre en route, dont {steps}"
        remedy = (
            "Raccourcissez ces remises en service, doublez ce qui est seul, ou préparez un mode"
            f" dégradé qui tienne {span_words(times[group])}."
        )
        yield Contradiction(Kind.TOO_SHORT, service.code, _said(sheet.dmia), known, remedy)

    def _dmia(self, service: Service, sheet: DegradedSheet) -> Iterator[Contradiction]:
        said, known = sheet.dmia, service.rto
        if said is None or said == known:
            return
        limit = sheet.first_unacceptable
        amendment = Amendment(Edit.DMIA, service.code, span_words(said))
        if known is None:
            remedy = "Acceptez la réponse : la DMIA entrera dans le dossier."
        elif known < said:
            remedy = "Le dossier exige plus que le service : acceptez, ou dites pourquoi il exige."
        elif limit is not None and known >= limit:
            remedy = (
                f"À {span_words(limit)}, le service ne l'accepte plus : acceptez, ou dites comment"
                " il tiendra jusque-là."
            )
        else:
            remedy = (
                "Le service n'a rien dit entre les deux : précisez avec lui, acceptez la plus"
                " courte, ou gardez."
            )
        written = f"DMIA {span_words(known)}" if known is not None else "DMIA non renseignée"
        kind, code = Kind.DMIA, service.code
        yield Contradiction(kind, code, _said(said), written, remedy, "", amendment)

    def _pdma(self, service: Service, sheet: DegradedSheet) -> Iterator[Contradiction]:
        said, known = sheet.pdma, service.rpo
        if said is None or said == known:
            return
        amendment = Amendment(Edit.PDMA, service.code, span_words(said))
        written = f"PDMA {span_words(known)}" if known is not None else "PDMA non renseignée"
        if known is not None and known > said:
            remedy = "Sauvegardez plus souvent ce qui porte ce service, ou acceptez et mesurez."
        else:
            remedy = "Acceptez la réponse, ou dites pourquoi le dossier en dit une autre."
        words = f"PDMA {span_words(said)}"
        yield Contradiction(Kind.PDMA, service.code, words, written, remedy, "", amendment)

    def _reliance(self, service: Service, relied: Reliance) -> Iterator[Contradiction]:
        if not relied.used:
            if relied.node in self._direct(service):
                name = self._named(relied.node)
                known = f"la carte dit que {service.name} en a besoin"
                remedy = "Acceptez : la dépendance sera ôtée ; ou gardez-la en disant pourquoi."
                edit = Amendment(Edit.REMOVE, service.code, relied.node)
                said = f"on ne se sert pas de {name}"
                kind, code = Kind.SAID_UNUSED, service.code
                yield Contradiction(kind, code, said, known, remedy, relied.node, edit)
            return
        nodes = (
            (relied.node,) if relied.node in self._graph.index else self._words.nodes(relied.words)
        )
        if not nodes:
            said = f"compte sur « {shown(relied.words)} »"
            remedy = "Déclarez-la dans le dossier, ou dites pourquoi elle n'y est pas."
            known = "rien de ce nom dans le dossier"
            kind, code = Kind.NOT_IN_FOLDER, service.code
            yield Contradiction(kind, code, said, known, remedy, relied.words)
            return
        needed = self._graph.needed_by(service.node)
        unsure = bool(relied.node) and relied.way is Way.UNKNOWN
        if unsure or needed.intersection(nodes) or service.node in nodes:
            return
        node = nodes[0]
        hinders = any(a.id == node and service.code in a.used_by for a in self._applications)
        known = (
            "la carte le dit gêné, non arrêté, sans elle" if hinders else "aucun lien sur la carte"
        )
        remedy = "Acceptez : la dépendance s'ajoutera à dependencies.csv ; ou dites pourquoi non."
        edit = Amendment(Edit.ADD, service.code, node)
        said = f"compte sur {self._named(node)}"
        yield Contradiction(Kind.NOT_IN_GRAPH, service.code, said, known, remedy, node, edit)

    def _not_said(self, service: Service, sheet: DegradedSheet) -> Iterator[Contradiction]:
        said = {each.node for each in sheet.relies_on}
        said |= {
            node
            for each in sheet.relies_on
            if not each.node
            for node in self._words.nodes(each.words)
        }
        for node in self._direct(service):
            if node not in said:
                known = f"sans {self._named(node)}, {service.name} s'arrête, dit la carte"
                remedy = "Demandez-lui ce qu'il fait sans elle ; si rien n'en dépend, ôtez le lien."
                kind, words = Kind.NOT_SAID, "n'en a rien dit"
                yield Contradiction(kind, service.code, words, known, remedy, node)

    def _lost_too(self, service: Service, relied: Reliance) -> Iterator[Contradiction]:
        if not relied.used:
            return
        lost = (
            (relied.node,) if relied.node in self._graph.index else self._words.nodes(relied.words)
        )
        words = f"on téléphone {relied.instead}" if relied.way is Way.PHONE else relied.instead
        for node in lost[:1]:
            for other in self._words.nodes(words):
                why = self._falls_with(other, node)
                if why:
                    said = f"sans {self._named(node)} : {relied.said}"
                    remedy = (
                        "Demandez une autre façon de faire (papier, coursier, ligne hors du"
                        " réseau), ou séparez les deux."
                    )
                    kind, code = Kind.LOST_TOO, service.code
                    yield Contradiction(kind, code, said, why, remedy, f"{node} {other}")
                    return

    def _falls_with(self, other: str, lost: str) -> str:
        """Why ``other`` is not there when ``lost`` is not; empty when it may be."""
        if other == lost:
            return f"{self._named(lost)} est ce qui est perdu"
        if other in self._graph.stopped_by(lost):
            return f"{self._named(other)} s'arrête sans {self._named(lost)}"
        common = self._roots_of(other) & self._roots_of(lost)
        if not common:
            return ""
        root = max(sorted(common), key=lambda each: len(self._graph.dependants(each)))
        return f"si {self._named(root)} tombe, {self._named(other)} et {self._named(lost)} tombent"

    def _roots_of(self, node: str) -> frozenset[str]:
        """The nodes whose loss alone stops ``node``, itself included."""
        if node not in self._roots:
            needed = self._graph.needed_by(node)
            alone = {each for each in needed if node in self._graph.stopped_by(each)}
            self._roots[node] = frozenset({*alone, node})
        return self._roots[node]

    def _mutual(self, service: Service, sheet: DegradedSheet) -> Iterator[Contradiction]:
        for other in self._helpers(service, sheet):
            theirs = self._sheets.get(other.code)
            if theirs is None or service not in self._helpers(other, theirs):
                continue
            if self._rank(service) < self._rank(other):
                said = f"compte sur {other.name} quand rien ne marche"
                known = f"{other.name} compte sur {service.name} au même moment"
                remedy = "Réunissez-les : l'un des deux doit pouvoir faire sans l'autre."
                yield Contradiction(Kind.MUTUAL, service.code, said, known, remedy, other.code)

    def _helpers(self, service: Service, sheet: DegradedSheet) -> tuple[Service, ...]:
        words = [each.instead for each in sheet.relies_on if each.used]
        words += [at.instead for at in sheet.horizons]
        found = dict.fromkeys(s for each in words for s in self._words.services(each))
        return tuple(each for each in found if each.code != service.code)

    def _rank(self, service: Service) -> int:
        return self._graph.index[service.node]

    def _direct(self, service: Service) -> tuple[str, ...]:
        nodes = (d.needs for d in self._establishment.dependencies if d.node == service.node)
        return tuple(dict.fromkeys(nodes))

    @property
    def _applications(self) -> tuple[Application, ...]:
        return self._establishment.applications

    def _named(self, node: str) -> str:
        name = self._establishment.names[node]
        return (
            name if node in self._establishment.service_of or name == node else f"{node} ({name})"
        )


def _said(dmia: timedelta) -> str:
    return f"DMIA {span_words(dmia)}" if dmia else "aucune interruption n'est acceptée"
