"""The map, and in which order to rebuild: gates first, a person closes each."""

from __future__ import annotations

import re

from releve.incident.binder.blocks import (
    Absent,
    Block,
    Box,
    Cell,
    Column,
    Document,
    Field,
    Fields,
    Head,
    Picture,
    Say,
    Sheet,
    Table,
)
from releve.incident.binder.material import Material

_MOST = 60
_UNIT_MM, _TALLEST_MM = 0.2526, 225.0


def rebuilding(material: Material) -> Document:
    """The drawn map when there is one, then the order, behind its gates."""
    sheets: list[Sheet] = []
    if material.map_svg:
        sheets.append(Sheet("La carte de l'hôpital", (_map(material.map_svg),)))
    sheets.append(Sheet("Dans quel ordre reconstruire", _order(material)))
    about = "La carte, les portes à fermer par une personne nommée, l'ordre des machines."
    return Document("reprise", "Carte et ordre de reprise", tuple(sheets), about=about)


def _map(svg: str) -> Block:
    """The drawing at its own size, where 14 units are 10 points; words when it is too tall."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg[:400])
    tall = int(found[2]) * _UNIT_MM if found else _TALLEST_MM + 1
    if tall > _TALLEST_MM:
        return Say(
            "La carte ne tient pas sur une page en restant lisible : suivez l'ordre, ci-après."
        )
    said = (
        "De gauche à droite : services, applications, serveurs, socle. Un trait : ne va pas sans."
    )
    return Picture(svg, said, round(tall, 1))


def _order(material: Material) -> tuple[Block, ...]:
    made = material.plan
    if made is None or not made.steps:
        words = "ordre de reprise non calculé : la carte des dépendances est vide"
        remedy = "Complétez machines.csv et dependencies.csv, ou importez GLPI et RVTools."
        return (Say(Absent(words, remedy), strong=True),)
    gates = tuple(
        Field(f"Porte « {gate.name} », tenue par {gate.keeper} : confirmée par, le, à")
        for gate in made.gates
    )
    rows: list[tuple[Cell, ...]] = [
        (str(rank), step.name, f"{step.end - step.start} min", step.why.partition(" ; ")[0], "")
        for rank, step in enumerate(made.steps[:_MOST], 1)
    ]
    columns = (
        Column("N°", 11, strong=True),
        Column("Machine", 47, strong=True),
        Column("Durée", 17),
        Column("Pourquoi maintenant", 75),
        Column("Fait à, par", 23),
    )
    more = len(made.steps) - _MOST
    rest = (Say(f"Puis {more} autres : la page « Reprise » les donne toutes."),) if more > 0 else ()
    return (
        Box(
            "Rien n'est restauré avant que les portes soient fermées.",
            ("Dans le réseau touché, une machine relevée est une machine reperdue.",),
        ),
        Fields(gates),
        Head(f"Ordre prévu, tout étant perdu, avec {made.teams} équipes"),
        Say("Les durées sont celles que l'hôpital a écrites, sans décision ni nettoyage."),
        Table(columns, tuple(rows)),
        *rest,
    )
