"""The first ten minutes of IT: what one person alone may cut, what to keep, whom to wake."""

from __future__ import annotations

from releve.incident.binder.blocks import (
    Absent,
    Block,
    Box,
    Cell,
    Column,
    Document,
    Head,
    Sheet,
    Steps,
    Table,
)
from releve.incident.binder.director import national_lines
from releve.incident.binder.fonts import cut
from releve.incident.binder.material import Delegation, Material
from releve.incident.binder.reach import named, phone_of, watch_lines
from releve.incident.binder.rules import Wake, minutes

POINTS = 14
NO_DELEGATION = "aucune délégation signée : appelez le directeur avant de couper"
_SIGN = "Faites signer une délégation par le directeur (page « Délégations »)."


def first_minutes(material: Material) -> Document:
    """Two sheets, recto-verso: now, what is cut, whom to wake, the evidence."""
    known = minutes()
    cuts = Table(
        (Column("Coupé à la main", 77), Column("Cela arrête", 58), Column("Heure, qui", 38)),
        tuple((cut.what, cut.stops, "") for cut in known.cut),
    )
    wake = Table(
        (
            Column("Qui", 45, strong=True),
            Column("Numéro, nom", 56, strong=True),
            Column("Pourquoi", 42),
            Column("Heure", 30),
        ),
        tuple(row for each in known.wake for row in _wake(material, each)),
    )
    title = "Informatique : les dix premières minutes"
    sheets = (
        Sheet(title, (Steps(known.first), *_alone(material)), "1. Tout de suite"),
        Sheet(title, (cuts, Box("Ne le faites pas", known.never)), "2. Couper, dans cet ordre"),
        Sheet(title, (wake,), "3. Réveiller"),
        Sheet(title, (Steps(known.keep),), "4. Garder les preuves"),
    )
    about = "Ce qu'une personne seule peut couper, les preuves, qui réveiller."
    return Document("dix-minutes", title, sheets, POINTS, divider=False, about=about)


def _alone(material: Material) -> tuple[Block, ...]:
    """Delegations in force when the binder is made."""
    today = material.made.date()
    valid = tuple(d for d in material.delegations if d.until is None or d.until >= today)
    if not valid:
        return (Box("Ce que vous pouvez couper seul", (Absent(NO_DELEGATION, _SIGN),)),)
    return (
        Head("Ce que vous pouvez faire seul, par écrit du directeur"),
        Table(
            (Column("Acte", 75, strong=True), Column("Par qui", 48), Column("Signé, jusqu'au", 50)),
            tuple(_delegation(each) for each in valid),
        ),
        Box("Faites-le, puis dites-le tout de suite au directeur ; il confirme après."),
    )


def _delegation(each: Delegation) -> tuple[Cell, ...]:
    act = f"{each.act} ({each.limits})" if each.limits else each.act
    until = f"{each.until:%d/%m/%Y}" if each.until else "sans fin écrite"
    signed = f"{each.signed_by}, {each.signed_on:%d/%m/%Y}" if each.signed_on else each.signed_by
    return (act, each.by, f"{signed} → {until}")


def _wake(material: Material, each: Wake) -> tuple[tuple[Cell, ...], ...]:
    return tuple((each.who, number, each.why, "") for number in _numbers(material, each))


def _numbers(material: Material, each: Wake) -> tuple[Cell, ...]:
    if each.national:
        return tuple(number for _, number in national_lines(material, (each.national,)))
    if each.rota:
        lines = watch_lines(material, each.rota)[:2]
        return tuple(_with_name(number, whom.partition(",")[0]) for whom, number in lines)
    for person in material.establishment.people:
        if person.profession.casefold() == each.profession:
            phone = phone_of(material, person.phone, each.who)
            return (_with_name(phone, named(person)),)
    words = f"{each.who} : nom et numéro non renseignés"
    return (Absent(words, "Complétez people.csv avec cette fonction."),)


def _with_name(number: Cell, name: str) -> Cell:
    return f"{number}\n{cut(name, 32)}" if isinstance(number, str) else number
