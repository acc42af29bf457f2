"""A card for each role of the crisis cell: mission, first three acts, who, who replaces."""

from __future__ import annotations

from releve.establishment import Person
from releve.incident.binder.blocks import (
    Absent,
    Cell,
    Document,
    Field,
    Fields,
    Head,
    Ruled,
    Say,
    Sheet,
    Small,
    Steps,
)
from releve.incident.binder.fonts import cut
from releve.incident.binder.material import Material
from releve.incident.binder.reach import contact, named, on_watch, phone_of, turns
from releve.incident.binder.rules import RoleCard, origin, role_cards

POINTS = 13
_FILL = "Écrivez le nom à la main, ou complétez oncall.ics et people.csv."


def cards(material: Material) -> Document:
    """One page each: it is handed over."""
    sheets = tuple(_card(material, role) for role in role_cards())
    about = (
        "Une carte par rôle, à remettre en main : mission, trois premiers actes, qui, remplaçant."
    )
    return Document("cartes", "Cartes de rôle de la cellule de crise", sheets, POINTS, about=about)


def _card(material: Material, role: RoleCard) -> Sheet:
    holders = _holders(material, role)
    holder = holders[0] if holders else _nobody(role.title, "titulaire non renseigné")
    second = holders[1] if len(holders) > 1 else _nobody(role.title, "remplaçant non renseigné")
    rows = [Field("Titulaire", holder), Field("Remplaçant", second)]
    return Sheet(
        f"Carte de rôle : {role.title}",
        (
            Say(role.mission, strong=True),
            Head("Vos trois premiers actes"),
            Steps(role.acts),
            Head("Qui"),
            Fields((*rows, Field("Pris par (nom, heure)"), Field("Passé à (nom, heure)"))),
            Head("À transmettre à votre remplaçant"),
            Ruled(5),
            Small(origin("roles")),
        ),
    )


def _nobody(title: str, words: str) -> Absent:
    return Absent(words, _FILL, f"cellule de crise, {words}", title)


def _holders(material: Material, role: RoleCard) -> list[Cell]:
    """Those on watch now, then those of the next turns, then those of the profession."""
    found: dict[str, str] = {}
    for rota in role.rotas:
        for turn in (*on_watch(material, rota), *turns(material, rota)):
            found.setdefault(turn.name, _with_number(material, turn.phone, role.title))
    for line in contact(material, role.contact) if role.contact else ():
        if isinstance(line.number, str):
            name = line.name or line.label
            found.setdefault(name, f", {line.number}")
    for person in _of_profession(material, role):
        found.setdefault(named(person), _with_number(material, person.phone, role.title))
    return [f"{cut(name, 60)}{said}" for name, said in found.items()]


def _with_number(material: Material, phone: str, title: str) -> str:
    said = phone_of(material, phone, title)
    return f", {said}" if isinstance(said, str) else f" ({said.words})"


def _of_profession(material: Material, role: RoleCard) -> list[Person]:
    wanted = [word.casefold() for word in role.professions]
    return [p for p in material.establishment.people if p.profession.casefold() in wanted][:4]
