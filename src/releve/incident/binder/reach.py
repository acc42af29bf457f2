"""Names and numbers as a copy may bear them: missing ones are said, personal mobiles only stand on
the crisis cell's copy.

A number of 06 or 07 belongs to one person (ARCEP, plan de numérotation, 2023): it is personal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from releve.establishment import Person
from releve.establishment.contacts import asked
from releve.incident.binder.blocks import Absent, Cell, Hidden
from releve.incident.binder.material import Material, Turn
from releve.kernel.units import PARIS

#: How far ahead the rotas are printed.
AHEAD = timedelta(weeks=8)
_MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin",
    "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
NO_PHONE = "numéro non renseigné"
_FILL = "Complétez people.csv (ou réimportez le tableau du personnel)."
_ASK = "Remplissez la page « Numéros de crise », ou contacts.csv."
_OF_PEOPLE = "agents sans numéro de téléphone"
_CELL_ONLY = "mobile : voir l'exemplaire de la cellule"


def pairs(phone: str) -> str:
    """« 06 39 98 00 12 »; what is no French number of ten digits stays as it was written."""
    digits = re.sub(r"[\s.\u00a0\u202f-]|\(0\)", "", phone)
    if re.fullmatch(r"(?:\+|00)33[1-9]\d{8}", digits):
        digits = "0" + digits[-9:]
    if not re.fullmatch(r"0\d{9}", digits):
        return " ".join(phone.split())
    return "\u00a0".join(digits[at : at + 2] for at in range(0, 10, 2))


def personal(phone: str) -> bool:
    """Whether the number is one person's own mobile."""
    return pairs(phone).startswith(("06", "07"))


def day(when: datetime) -> str:
    """« 21 nov. 2026 », Europe/Paris."""
    local = when.astimezone(PARIS)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def named(person: Person) -> str:
    """« Élise MARTIN »."""
    return f"{person.first_name} {person.last_name}".strip()


def phone_of(material: Material, phone: str, whose: str) -> Cell:
    """A number of somebody of the house on this copy; absences are counted under ``whose``."""
    if not phone.strip():
        return Absent(NO_PHONE, _FILL, _OF_PEOPLE, whose)
    if personal(phone) and not material.for_cell:
        return Hidden(_CELL_ONLY)
    return pairs(phone)


@dataclass(frozen=True)
class Line:
    """A crisis contact on this copy: what it is, who, the number; ``more``: hours, last try."""

    label: str
    name: str
    number: Cell
    more: str = ""

    @property
    def details(self) -> str:
        """Who and when in words."""
        return ", ".join(part for part in (self.name, self.more) if part)


def contact(material: Material, slug: str) -> tuple[Line, ...]:
    """One line, or none for an optional contact that was never given. Somebody who was asked and
    does not know is missing like the others, and the words say that they were asked.
    """
    found = material.contacts.get(slug)
    known = next((each for each in asked() if each.slug == slug), None)
    label = known.label if known else (found.name if found else slug)
    if found is not None and found.none:
        return (Line(label, found.name, "sans objet, dit l'hôpital"),)
    if found is not None and found.phone:
        tried = f"essayé le {found.checked:%d/%m/%y}" if found.checked else "jamais essayé"
        more = ", ".join(part for part in (found.hours, tried) if part)
        hidden = personal(found.phone) and not material.for_cell
        number = Hidden(_CELL_ONLY) if hidden else pairs(found.phone)
        return (Line(label, found.name, number, more),)
    if known is None or not (known.needed or found is not None):
        return ()
    said = " (répondu : je ne sais pas)" if found is not None else ""
    name = found.name if found is not None else ""
    return (Line(label, name, Absent(known.missing + said, _ASK, known.missing)),)


def on_watch(material: Material, rota: str) -> tuple[Turn, ...]:
    """Who is on watch in ``rota`` (any case) when the binder is made, first to start first."""
    return tuple(turn for turn in turns(material, rota) if turn.start <= material.made < turn.end)


def turns(material: Material, rota: str | None = None) -> tuple[Turn, ...]:
    """The turns of the eight weeks to come, of one rota or of all, in order of rota then start."""
    people = {person.id: person for person in material.establishment.people}
    wanted = rota.casefold() if rota else None
    last = material.made + AHEAD
    found = []
    for watch in material.watches:
        if watch.end <= material.made or watch.start >= last:
            continue
        if wanted is not None and watch.rota.casefold() != wanted:
            continue
        found += [
            Turn(watch.rota, watch.start, watch.end, named(people[who]), people[who].phone)
            for who in watch.people
            if who in people
        ]
    return tuple(sorted(found, key=lambda turn: (turn.rota.casefold(), turn.start, turn.name)))


def watch_lines(material: Material, rota: str) -> tuple[tuple[str, Cell], ...]:
    """(name, number) of those on watch now; one line that says so when nobody is known."""
    here = on_watch(material, rota)
    if not here:
        words = f"personne de garde connue : {rota}"
        return (("", Absent(words, "Complétez oncall.ics pour les huit semaines à venir.")),)
    return tuple(
        (f"{turn.name}, jusqu'au {turn.end.astimezone(PARIS):%d/%m à %H h}",
         phone_of(material, turn.phone, f"tour « {turn.rota} »"))
        for turn in here
    )  # fmt: skip
