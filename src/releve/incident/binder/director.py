"""The on-call director's sheet, recto-verso: ten calls in order, and what never to do."""

from __future__ import annotations

from releve.incident.binder.blocks import (
    Block,
    Box,
    Call,
    Calls,
    Cell,
    Document,
    Number,
    Say,
    Sheet,
)
from releve.incident.binder.material import Material, Profile
from releve.incident.binder.reach import contact, pairs, watch_lines
from releve.incident.binder.rules import CallRule, calls, national

POINTS = 14
_A_SIDE = 5
#: Numbers of one call: a side holds five calls in large type.
_NUMBERS = 2
_NEVER = Box("Ne répondez pas aux attaquants. Ne payez pas. Gardez la note.")
_HOW = Say(
    "Dans l'ordre. Pas de réponse : écrivez l'heure, passez au suivant, rappelez.", strong=True
)
_TITLES = {
    Profile.HOSPITAL: "Directeur de garde : les dix appels",
    Profile.HOME: "Directeur : les dix appels du plan bleu",
}


def director(material: Material) -> Document:
    """Two sides, five calls each. Legal delays stand beside each title; their sources in « D'où
    vient chaque règle ».
    """
    listed = [_call(material, rank, rule) for rank, rule in enumerate(_rules(material), 1)]
    sides = [tuple(listed[at : at + _A_SIDE]) for at in range(0, len(listed), _A_SIDE)]
    title = _TITLES[material.profile]
    sheets = []
    for number, side in enumerate(sides):
        words = "recto" if number == 0 else "verso"
        blocks: tuple[Block, ...] = (_HOW if number == 0 else _NEVER, Calls(side))
        sheets.append(Sheet(f"{title} ({words})", blocks))
    about = "À prendre en premier : une feuille, recto-verso."
    return Document("directeur", title, tuple(sheets), POINTS, divider=False, about=about)


def _rules(material: Material) -> tuple[CallRule, ...]:
    return calls(str(material.profile))


def _call(material: Material, rank: int, rule: CallRule) -> Call:
    numbers: list[Number] = []
    if rule.rota:
        for whom, number in watch_lines(material, rule.rota)[:_NUMBERS]:
            name, _, until = whom.partition(", ")
            numbers.append(Number(number, name, until))
    for slug in rule.contacts:
        for line in contact(material, slug):
            numbers.append(Number(line.number, line.name, line.more))
    for whom, number in national_lines(material, rule.national):
        name, _, tried = whom.partition(", ")
        numbers.append(Number(number, name, tried))
    return Call(rank, rule.title, tuple(numbers[:_NUMBERS]), rule.say, rule.rule, rule.boxes)


def national_lines(
    material: Material, slugs: tuple[str, ...], *, short: bool = True
) -> list[tuple[str, Cell]]:
    """(name, number) of national numbers, with the day on which the hospital itself tried them, or
    the month in which their source was read.
    """
    known = national()
    found: list[tuple[str, Cell]] = []
    for slug in slugs:
        number, own = known[slug], material.contacts.get(slug)
        tried = f"essayé le {own.checked:%d/%m/%y}" if own and own.checked else ""
        words = number.short if short else number.name
        if len(number.phone) > 2:
            words += f", {tried or f'source lue en {number.checked}'}"
        found.append((words, pairs(number.phone)))
    return found
