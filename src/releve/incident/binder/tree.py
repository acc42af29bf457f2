"""The telephone tree: who is on watch, the crisis's numbers, suppliers, then each service."""

from __future__ import annotations

from datetime import datetime

from releve.establishment import Person, Service
from releve.establishment.contacts import asked
from releve.incident.binder.blocks import (
    Absent,
    Block,
    Cell,
    Column,
    Document,
    Head,
    Say,
    Sheet,
    Small,
    Table,
)
from releve.incident.binder.director import national_lines
from releve.incident.binder.material import Material, Turn
from releve.incident.binder.reach import (
    NO_PHONE,
    Line,
    contact,
    named,
    on_watch,
    pairs,
    phone_of,
    turns,
)
from releve.incident.binder.rules import national
from releve.kernel.units import PARIS

_NAME = (Column("Nom", 66, strong=True), Column("Fonction", 58), Column("Numéro", 49))
#: Whom a service calls first, in this order; the others follow by profession.
_FIRST = ("chef de service", "cadre de santé", "cadre", "médecin")
_NO_WATCH = "aucun tour de garde pour les huit semaines à venir"


def tree(material: Material) -> Document:
    """By cell, then by service; a service's copy only bears its own services."""
    sheets = [_now(material), _outside(material)]
    if material.for_cell:
        sheets += [_rotas(material), _suppliers(material)]
    services = material.establishment.services if not material.wards else material.printed_wards
    sheets += [_service(material, service) for service in services]
    if material.for_cell and not material.wards:
        sheets += _elsewhere(material)
    about = "De garde maintenant, numéros de crise, puis service par service."
    return Document("annuaire", "Annuaire de crise", tuple(sheets), about=about)


def _now(material: Material) -> Sheet:
    rotas = sorted({watch.rota for watch in material.watches}, key=str.casefold)
    rows: list[tuple[Cell, ...]] = []
    for rota in rotas:
        here = on_watch(material, rota)
        rows += [_turn(material, turn) for turn in here]
        if not here:
            words = f"personne de garde maintenant : {rota}"
            rows.append((rota, Absent(words, "Complétez oncall.ics."), "", ""))
    columns = (
        Column("Tour", 56, strong=True),
        Column("Qui", 51),
        Column("Numéro", 38),
        Column("Jusqu'au", 28),
    )
    blocks: tuple[Block, ...] = (
        Say("De garde à l'heure où cette page a été faite. Plus tard : page « Huit semaines »."),
        Table(columns, tuple(rows)),
    )
    if not rotas:
        remedy = "Chargez le tableau des gardes (oncall.ics, ou import du tableur)."
        blocks = (Say(Absent(_NO_WATCH, remedy), strong=True),)
    return Sheet("De garde maintenant", blocks)


def _turn(material: Material, turn: Turn) -> tuple[Cell, ...]:
    until = f"{turn.end.astimezone(PARIS):%d/%m à %H h}"
    phone = phone_of(material, turn.phone, f"tour « {turn.rota} »")
    return (turn.rota, turn.name, phone, until)


def _rotas(material: Material) -> Sheet:
    """The eight weeks to come, one table a rota."""
    blocks: list[Block] = []
    for rota in sorted({watch.rota for watch in material.watches}, key=str.casefold):
        rows = tuple(
            (
                f"{_hour(turn.start)} → {_hour(turn.end)}",
                turn.name,
                phone_of(material, turn.phone, f"tour « {turn.rota} »"),
            )
            for turn in turns(material, rota)
        )
        # the rota heads its column: it comes back with it on each page
        columns = (Column(rota, 68), Column("Qui", 60, strong=True), Column("Numéro", 45))
        blocks.append(Table(columns, rows))
    if not blocks:
        blocks = [Say(Absent(_NO_WATCH, "Chargez le tableau des gardes."), strong=True)]
    return Sheet("Gardes et astreintes : huit semaines", tuple(blocks))


def _hour(when: datetime) -> str:
    return f"{when.astimezone(PARIS):%d/%m %H h}"


def _outside(material: Material) -> Sheet:
    """The numbers of the crisis: the hospital's own, then the national ones."""
    order = [each.slug for each in asked()]
    extra = [slug for slug in material.contacts if slug not in order and slug not in national()]
    slugs = [slug for slug in (*order, *extra) if slug != "papier"]
    lines = [line for slug in slugs for line in contact(material, slug)]
    rows = tuple(_contact(line) for line in lines)
    here = (
        Column("Qui", 62, strong=True),
        Column("Nom, heures, dernier essai", 68),
        Column("Numéro", 43, strong=True),
    )
    told = (Column("Qui", 130, strong=True), Column("Numéro", 43, strong=True))
    everywhere = tuple(national_lines(material, tuple(national()), short=False))
    blocks = (
        Table(here, rows),
        Head("Numéros nationaux"),
        Table(told, everywhere),
        Small("Essayez vous-même chaque numéro. Leurs sources : « D'où vient chaque règle »."),
    )
    return Sheet("Numéros de la crise", blocks)


def _contact(line: Line) -> tuple[Cell, ...]:
    """Whose first; what is missing takes the place of the name, where it is wide enough to read."""
    if isinstance(line.number, Absent):
        return (line.label, line.number, "")
    return (line.label, line.details, line.number)


def _suppliers(material: Material) -> Sheet:
    rows = tuple(
        (
            each.name,
            each.contract or _supplier_lacks("contrat non renseigné", each.name),
            pairs(each.phone) if each.phone else _supplier_lacks(NO_PHONE, each.name),
        )
        for each in material.establishment.suppliers
    )
    columns = (Column("Fournisseur", 80, strong=True), Column("Contrat", 40), Column("Numéro", 53))
    blocks: tuple[Block, ...] = (Table(columns, rows),)
    if not rows:
        words = "aucun fournisseur connu"
        blocks = (Say(Absent(words, "Complétez suppliers.toml ou importez la liste.")),)
    return Sheet("Fournisseurs", blocks)


def _supplier_lacks(words: str, name: str) -> Absent:
    return Absent(words, "Complétez suppliers.toml.", f"fournisseurs : {words}", name)


def _service(material: Material, service: Service) -> Sheet:
    here = [p for p in material.establishment.people if p.service == service.code]
    if not here:
        words = "aucune personne connue dans ce service"
        remedy = "Complétez people.csv (ou importez le tableau du personnel)."
        lacks = Absent(words, remedy, "service sans personne connue", service.name)
        return Sheet("Annuaire du service", (Say(lacks),), service.name)
    blocks: tuple[Block, ...] = (
        Say("Appelez de haut en bas. La personne jointe appelle les deux suivantes."),
        Table(_NAME, tuple(_person(material, person, service.name) for person in _ordered(here))),
    )
    return Sheet("Annuaire du service", blocks, service.name)


def _elsewhere(material: Material) -> list[Sheet]:
    """People of no service that the folder names."""
    known = {service.code for service in material.establishment.services}
    rest = [p for p in material.establishment.people if p.service not in known]
    if not rest:
        return []
    rows = tuple(_person(material, person, "sans service") for person in _ordered(rest))
    return [Sheet("Annuaire : sans service", (Table(_NAME, rows),))]


def _ordered(people: list[Person]) -> list[Person]:
    def rank(person: Person) -> tuple[int, str, str]:
        said = person.profession.casefold()
        first = next((n for n, word in enumerate(_FIRST) if said.startswith(word)), len(_FIRST))
        return first, said if first == len(_FIRST) else "", person.last_name

    return sorted(people, key=rank)


def _person(material: Material, person: Person, whose: str) -> tuple[Cell, ...]:
    return (named(person), person.profession or "–", phone_of(material, person.phone, whose))
