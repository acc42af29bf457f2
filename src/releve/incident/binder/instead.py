"""What each service does without its software: its own sheet, or a general reminder."""

from __future__ import annotations

from releve.establishment import Service
from releve.incident.binder.blocks import (
    Absent,
    Block,
    Box,
    Document,
    Head,
    Say,
    Sheet,
    Small,
    Steps,
)
from releve.incident.binder.material import Degraded, Material
from releve.incident.binder.rules import origin, usual

POINTS = 12
#: As many as a page holds; all of them are in « Sources et manques ».
_PROCEDURES = 8
_ASK = "Faites répondre le chef de service à l'entretien de service (deux pages sur un téléphone)."


def instead(material: Material) -> Document:
    """One page a service; a service's copy only bears its own."""
    given = {sheet.service: sheet for sheet in material.degraded}
    services = material.printed_wards if material.wards else material.establishment.services
    sheets = tuple(_sheet(material, service, given.get(service.code)) for service in services)
    about = "Service par service : ce que l'on fait à la place."
    return Document("mode-degrade", "Fiches de mode dégradé", sheets, POINTS, about=about)


def _sheet(material: Material, service: Service, given: Degraded | None) -> Sheet:
    blocks = _own(given) if given else _general(service)
    kept = tuple(p for p in material.procedures if p.service == service.code)
    if kept:
        blocks += (
            Head("Procédures du service, gardées dans Relève"),
            *(Say(f"{p.title} ({p.day})" if p.day else p.title) for p in kept[:_PROCEDURES]),
        )
    return Sheet("Sans informatique : que faire", blocks, service.name)


def _own(given: Degraded) -> tuple[Block, ...]:
    when = f", le {given.signed_on:%d/%m/%Y}" if given.signed_on else ""
    signed = (
        Say(f"Fiche signée par {given.signed_by}{when}.")
        if given.signed_by
        else Say(Absent("fiche non signée", _ASK, "fiche de mode dégradé non signée"))
    )
    blocks: list[Block] = [signed]
    if given.relies_on:
        blocks.append(Say("Compte sur : " + ", ".join(given.relies_on) + "."))
    for each in given.instead:
        blocks += [Head(f"Après {each.after} sans logiciel"), Steps(each.acts)]
    return tuple(blocks)


def _general(service: Service) -> tuple[Block, ...]:
    acts = usual(str(service.kind))
    said = "fiche de mode dégradé non renseignée"
    return (
        Say(Absent(said, _ASK, said, service.name), strong=True),
        Box(
            "Rappel général",
            ("Ce n'est pas la fiche de ce service : son chef ne l'a pas encore écrite.",),
        ),
        Steps(acts),
        Head("À écrire par le service"),
        Steps(("À 1 h : ……………………………………………", "À 4 h : ……………………………………………",
               "À 24 h : …………………………………………", "À 8 jours : ………………………………………")),
        Small(origin("degraded")),
    )  # fmt: skip
