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
    Small,
    Steps,
    Table,
)
from releve.incident.binder.director import national_lines
from releve.incident.binder.material import Delegation, Material
from releve.incident.binder.reach import named, phone_of, watch_lines
from releve.incident.binder.rules import Wake, minutes, origin

POINTS = 14
NO_DELEGATION = "aucune délégation signée : appelez le directeur avant de couper"
_SIGN = "Faites signer une délégation par le directeur (page « Délégations »)."


def first_minutes(material: Material) -> Document:
    """Recto: the gestes and what may be cut. Verso: the evidence and whom to wake."""
    known = minutes()
    cuts = Table(
        (
            Column("Coupé à la main", 82),
            Column("Cela arrête", 58),
            Column("Heure, qui", 33),
        ),
        tuple((cut.what, cut.stops, "") for cut in known.cut),
    )
    recto: tuple[Block, ...] = (Steps(known.first), *_alone(material))
    middle: tuple[Block, ...] = (Head("Ce qui se coupe, dans cet ordre"), cuts)
    verso: tuple[Block, ...] = (
        Head("Gardez comme preuve"),
        Steps(known.keep),
        Box("Ne le faites pas", known.never),
    )
    wake: tuple[Block, ...] = (
        Head("Qui réveiller"),
        Table(
            (Column("Qui", 62, strong=True), Column("Numéro", 55), Column("Heure, réponse", 56)),
            tuple(row for each in known.wake for row in _wake(material, each)),
        ),
        Small(origin("minutes")),
    )
    title = "Informatique : les dix premières minutes"
    sheets = (
        Sheet(f"{title} (1)", recto),
        Sheet(f"{title} (2)", middle + wake),
        Sheet(f"{title} (3)", verso),
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
    title = f"{each.who} : {each.why}"
    if each.national:
        return tuple((title, number, "") for _, number in national_lines(material, (each.national,)))
    if each.rota:
        lines = watch_lines(material, each.rota)[:2]
        return tuple(
            (f"{each.who}, {whom} : {each.why}" if whom else title, number, "")
            for whom, number in lines
        )
    for person in material.establishment.people:
        if person.profession.casefold() == each.profession:
            phone = phone_of(material, person.phone, each.who)
            return ((f"{each.who}, {named(person)} : {each.why}", phone, ""),)
    words = f"{each.who} : nom et numéro non renseignés"
    return ((title, Absent(words, "Complétez people.csv avec cette fonction."), ""),)
