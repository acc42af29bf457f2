"""The first ten minutes on paper: the acts, what is known, what is cut, whom to wake."""

from __future__ import annotations

from dataclasses import replace

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
    Sheet,
    Steps,
    Table,
)
from releve.incident.binder.director import national_lines
from releve.incident.binder.fonts import cut
from releve.incident.binder.material import Delegation, Material
from releve.incident.binder.reach import named, phone_of, watch_lines
from releve.incident.binder.rules import Wake, minutes
from releve.incident.known import Reply, questions
from releve.incident.steps import Step, first_steps
from releve.pages.cuts import cuts_with

POINTS = 14
_TOLD = 5
_REPLIES = {Reply.YES: "oui", Reply.NO: "non", Reply.UNKNOWN: "je ne sais pas"}
NO_DELEGATION = "aucune délégation signée : appelez le directeur avant de couper"
_SIGN = "Faites signer une délégation par le directeur (page « Délégations »)."


def first_minutes(material: Material) -> Document:
    """Two sheets, recto-verso: the paper twin of the ten-minute screen, from the same lists."""
    known = minutes()
    title = "Les dix premières minutes"
    sheets = (
        Sheet(
            title,
            (Steps(tuple(map(_act, first_steps())), timed=True),),
            "1. Dans l'ordre, avec l'heure",
        ),
        Sheet(title, _known(), "2. Ce que l'on sait, dit à qui, quand"),
        Sheet(
            title,
            (*_alone(material), _cuts(material), Box("Jamais", known.never)),
            "3. Coupé à la main",
        ),
        Sheet(
            title,
            (_wakes(material), Head("Gardez"), Steps(known.keep)),
            "4. Informatique : réveiller, garder les preuves",
        ),
    )
    about = "Les premiers actes, ce que l'on sait, ce qu'une personne seule peut couper."
    return Document("dix-minutes", title, sheets, POINTS, divider=False, about=about)


def _act(step: Step) -> str:
    """An act as the screen says it, and whose it is."""
    return step.title if step.who == "vous" else f"{step.title} ({step.who})"


def _known() -> tuple[Block, ...]:
    """The questions of the screen, then to whom it was said."""
    asked = tuple(
        Field(
            each.asks,
            boxes=tuple(_REPLIES[reply] for reply in each.replies if reply in _REPLIES),
            lines=2 if each.kind == "words" else 1,
        )
        for each in questions()
    )
    told = Table(
        (Column("Dit à qui", 55), Column("Quoi", 73), Column("Heure", 20), Column("Par", 25)),
        blank=_TOLD,
        tall=9.0,
    )
    return (Fields(asked), told)


def _cuts(material: Material) -> Table:
    """The usual cuts, then those that a delegation names."""
    listed = cuts_with(each.act for each in _valid(material) if each.cut)
    return Table(
        (Column("Coupé à la main", 68), Column("Cela arrête aussi", 67), Column("Heure, qui", 38)),
        tuple((cut.words, cut.also, "") for cut in listed),
    )


def _wakes(material: Material) -> Table:
    return Table(
        (
            Column("Qui", 38, strong=True),
            Column("Numéro, nom", 57, strong=True),
            Column("Pourquoi", 58),
            Column("Heure", 20),
        ),
        tuple(row for each in minutes().wake for row in _wake(material, each)),
    )


def _valid(material: Material) -> tuple[Delegation, ...]:
    today = material.made.date()
    return tuple(d for d in material.delegations if d.until is None or d.until >= today)


def _alone(material: Material) -> tuple[Block, ...]:
    """Delegations in force when the binder is made."""
    valid = _valid(material)
    if not valid:
        return (Box("Ce que vous pouvez couper seul", (Absent(NO_DELEGATION, _SIGN),)),)
    return (
        Head("Ce que vous pouvez faire seul"),
        Table(
            (Column("Acte", 75, strong=True), Column("Par qui", 48), Column("Signé, jusqu'au", 50)),
            _delegations(valid),
        ),
        Box("Faites-le, puis dites-le tout de suite au directeur ; il confirme après."),
    )


def _delegations(valid: tuple[Delegation, ...]) -> tuple[tuple[Cell, ...], ...]:
    """One row for what was signed together: its acts, then its limits once."""
    acts: dict[Delegation, list[str]] = {}
    for each in valid:
        acts.setdefault(replace(each, act="", cut=False), []).append(each.act)
    return tuple(_delegation(each, ", ".join(named)) for each, named in acts.items())


def _delegation(each: Delegation, acts: str) -> tuple[Cell, ...]:
    act = f"{acts} ({each.limits})" if each.limits else acts
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
