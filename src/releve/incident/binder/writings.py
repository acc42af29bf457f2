"""What is written by hand: main courante, declaration, notification, complaint."""

from __future__ import annotations

from releve.incident.binder.blocks import (
    Block,
    Box,
    Cell,
    Column,
    Document,
    Field,
    Fields,
    Say,
    Sheet,
    Small,
    Table,
)
from releve.incident.binder.material import Material
from releve.incident.binder.reach import contact
from releve.incident.binder.rules import (
    STATUS_WORDS,
    Declaration,
    FormField,
    declarations,
    rules,
)

_LINES, _PAGES = 16, 4
_DRAFT = "Brouillon : rien n'est envoyé. Complétez, signez, envoyez."


def logsheets(material: Material) -> Document:
    """Numbered lines; a copy's sheets begin at 1, its number tells them from another copy's."""
    columns = (
        Column("N°", 13, strong=True),
        Column("Heure du fait", 20),
        Column("Écrit à", 17),
        Column("Vu, décidé", 21),
        Column("Quoi : un fait ou une décision par ligne", 78),
        Column("Qui écrit", 24),
    )
    sheets = []
    for page in range(_PAGES):
        first = page * _LINES + 1
        rows = tuple((str(n), "", "", "V    D", "", "") for n in range(first, first + _LINES))
        blocks: tuple[Block, ...] = (
            Say(
                "Entourez V (vu) ou D (décidé). Ne rayez rien : corrigez par une nouvelle ligne."
                " Un juge pourra lire ceci."
            ),
            Table(columns, rows, tall=12.5),
        )
        place = f"feuille {material.copy.number}-{page + 1} · lignes {first} à {first + _LINES - 1}"
        sheets.append(Sheet("Main courante", blocks, place))
    about = f"{_PAGES * _LINES} lignes numérotées ; photocopiez la dernière feuille et continuez."
    return Document("main-courante", "Main courante", tuple(sheets), about=about)


def filings(material: Material) -> Document:
    """The three writings, with what is known."""
    sheets = tuple(_filing(material, each) for each in declarations())
    about = "CERT Santé, CNIL, plainte : brouillons remplis de ce qui est connu."
    return Document("declarations", "Déclarations et plainte", sheets, about=about)


def _filing(material: Material, each: Declaration) -> Sheet:
    rule = rules()[each.rule]
    return Sheet(
        each.title,
        (
            Box(_DRAFT),
            Say(rule.words, strong=True),
            Small(each.how),
            Fields(tuple(field(material, one) for one in each.fields)),
            Fields((Field("Signé par ; envoyé à, comment, le, à"),)),
            Small(
                f"Source : {rule.source} ({STATUS_WORDS[rule.status]})."
                f" Ce formulaire : {each.status}."
            ),
        ),
    )


def field(material: Material, one: FormField) -> Field:
    """A line with what the material knows of it."""
    value: Cell | None = None
    if one.known.startswith("contact:"):
        lines = contact(material, one.known.partition(":")[2])
        if lines:
            line = lines[0]
            value = line.number
            if isinstance(value, str):
                value = f"{line.details} : {value}"
    elif one.known:
        value = {"hospital": material.hospital, "finess": material.finess}[one.known]
    boxes = one.boxes
    if one.known_boxes == "sites":
        boxes = tuple(f"{s.name} ({s.finess})" for s in material.establishment.sites[:12])
    elif one.known_boxes == "services":
        boxes = tuple(service.name for service in material.establishment.services[:24])
    return Field(one.label, value, boxes, 1 + one.after if boxes else one.lines)
