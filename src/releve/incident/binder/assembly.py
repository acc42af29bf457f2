"""The whole binder: which documents a copy holds, in which order, and what they lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from releve.incident.binder.blocks import Document, Missing, missing
from releve.incident.binder.cards import cards
from releve.incident.binder.director import director
from releve.incident.binder.first_minutes import first_minutes
from releve.incident.binder.front import back, divider, front
from releve.incident.binder.instead import instead
from releve.incident.binder.joining import joining
from releve.incident.binder.laid import Frame
from releve.incident.binder.material import Material
from releve.incident.binder.paper import paper
from releve.incident.binder.rebuilding import rebuilding
from releve.incident.binder.tree import tree
from releve.incident.binder.typeset import compose
from releve.incident.binder.ward import wards
from releve.incident.binder.writings import filings, logsheets
from releve.kernel.units import PARIS, moment
from releve.kernel.world import World

WHOLE = "classeur"


@dataclass(frozen=True)
class Made:
    """``files``: name of PDF → bytes, the whole first; ``pages``: pages of the whole."""

    files: Mapping[str, bytes]
    pages: int
    parts: Mapping[str, int]
    missing: tuple[Missing, ...]


def documents(material: Material) -> tuple[Document, ...]:
    """What this copy holds. A service's copy leaves out what only the cell decides."""
    parts: tuple[Document, ...]
    if material.for_cell:
        parts = (
            director(material),
            first_minutes(material),
            joining(material),
            tree(material),
            cards(material),
            logsheets(material),
            filings(material),
        )
    else:
        parts = (joining(material), tree(material), logsheets(material))
    parts += (instead(material), *wards(material))
    if material.for_cell:
        parts += (rebuilding(material),)
    return (*parts, paper(material))


def make(material: Material) -> Made:
    """Compose it. Raises ``BinderRefused``."""
    body = documents(material)
    lacks = missing(body)
    body = (*body, back(material, lacks))
    bound: list[Document] = [*front(material, lacks, body)]
    for rank, document in enumerate(body, 1):
        if document.divider:
            bound.append(divider(rank, document))
        bound.append(document)
    composed = compose(frame(material), tuple(bound), material.made)
    files = {WHOLE: composed.whole, **composed.parts}
    return Made(files, composed.count, composed.pages, lacks)


def frame(material: Material, title: str = "Classeur de crise") -> Frame:
    """What every page of a copy bears."""
    real = material.world is World.REAL
    copy = material.copy
    holder = f", remis à : {copy.holder}" if copy.holder else ", remis à : …"
    source = (
        f"établissement version {material.generation} ({material.fingerprint[:8]})"
        if material.generation
        else "sans établissement chargé"
    )
    census = material.census
    if census is None:
        source += " · sans recensement"
    else:
        at = (
            f" de {census.at.astimezone(PARIS):%H:%M le %d/%m}" if census.at else ", heure inconnue"
        )
        source += f" · recensement : {census.source}{at}"
    return Frame(
        title=f"{title} · {material.hospital}",
        band="RÉEL" if real else "SIMULATION",
        real=real,
        hospital=material.hospital,
        copy=f"exemplaire n° {copy.number} · {copy.variant}",
        made=f"Fait le {moment(material.made)}{holder}",
        source=f"D'après : {source}",
    )
