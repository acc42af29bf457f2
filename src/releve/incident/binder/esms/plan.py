"""The « plan bleu numérique » of a care home: eight pages, then what the PDF said in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releve.incident.binder.blocks import (
    Absent,
    Box,
    Cell,
    Column,
    Document,
    Field,
    Fields,
    Head,
    Label,
    Labels,
    Missing,
    Say,
    Sheet,
    Small,
    Steps,
    Table,
    missing,
)
from releve.incident.binder.esms.home import CareHome
from releve.incident.binder.esms.residents import annexes, families, residents
from releve.incident.binder.esms.roll import Roll
from releve.incident.binder.esms.rules import FirstCall, plan_rules
from releve.incident.binder.laid import Frame
from releve.incident.binder.reach import pairs
from releve.incident.binder.rules import national
from releve.incident.binder.typeset import compose
from releve.kernel.units import moment

PAGES = 8


@dataclass(frozen=True)
class Copy:
    """Which piece of paper, for whom; ``real`` False = a home of exercise."""

    number: int
    made: datetime
    holder: str
    real: bool


@dataclass(frozen=True)
class BluePlan:
    """``pdf``: the whole; ``pages``: how many, annexes included; ``missing``: what it lacks."""

    pdf: bytes
    pages: int
    missing: tuple[Missing, ...]


def make(home: CareHome, roll: Roll | None, copy: Copy) -> BluePlan:
    """Compose the plan. Raises ``BinderRefused``."""
    parts = documents(home, roll)
    made = compose(_frame(home, roll, copy), parts, copy.made)
    return BluePlan(made.whole, made.count, missing(parts))


def documents(home: CareHome, roll: Roll | None) -> tuple[Document, ...]:
    """The eight pages in their order, then the annexes."""
    return (
        _one("appels", "Les dix premiers appels", _calls(home)),
        _one("nuit", "Cette nuit, une personne seule", _tonight(home), 12),
        _one("panne", "Le dossier ou Internet ne répond plus", _outage(home)),
        families(home, roll),
        residents(home, roll),
        _one("feuilles", "Feuilles à photocopier", _forms(), 10),
        _one("declaration", "Déclaration et essai annuel", _declaration(home), 10),
        *annexes(roll),
    )


def _one(slug: str, title: str, blocks: tuple[object, ...], points: int = 11) -> Document:
    return Document(slug, title, (Sheet(title, blocks),), points)  # type: ignore[arg-type]


def _frame(home: CareHome, roll: Roll | None, copy: Copy) -> Frame:
    source = "formulaire du plan bleu"
    source += f" · PDF : {roll.counted}" if roll else " · sans liste de résidents"
    return Frame(
        title=f"Plan bleu numérique · {home.said('name')}",
        band="RÉEL" if copy.real else "SIMULATION",
        real=copy.real,
        hospital=home.said("name") or "maison sans nom",
        copy=f"plan bleu · exemplaire n° {copy.number}",
        made=f"Fait le {moment(copy.made)}, remis à : {copy.holder or '…'}",
        source=f"D'après : {source}",
    )


def _calls(home: CareHome) -> tuple[object, ...]:
    columns = (
        Column("N°", 9, strong=True),
        Column("Qui", 43),
        Column("Numéro", 38, strong=True),
        Column("À dire", 60),
        Column("Heure, qui", 23),
    )
    rows = []
    for rank, call in enumerate(plan_rules().calls, 1):
        who, number = _reached(home, call)
        rows.append((str(rank), who, number, f"« {call.say} »", ""))
    said = "Dans l'ordre. Pas de réponse : écrivez l'heure, passez au suivant, rappelez."
    backup = home.cell("backup_phone")
    return (
        Say(said, strong=True),
        Fields((Field("Téléphone qui marche sans la box", backup),)),
        Table(columns, tuple(rows), tall=18),
    )


def _reached(home: CareHome, call: FirstCall) -> tuple[Cell, Cell]:
    """(whom, number): the answer, else the national number, else what is missing."""
    whom, number = home.reach(call.answer)
    who = f"{call.who}\n{whom}" if whom else call.who
    if call.national:
        known = national()[call.national]
        if isinstance(number, Absent):
            number = pairs(known.phone)
            who = call.who if known.short == call.who else f"{call.who}\n{known.short}"
        elif known.phone != number:
            number = f"{number}\n{pairs(known.phone)}"
    if call.second and call.second != "supplier":
        other, second = home.reach(call.second)
        if isinstance(number, str) and isinstance(second, str):
            number, who = f"{number}\n{second}", f"{who}\n{other}" if other else who
        elif isinstance(number, Absent) and isinstance(second, str):
            number = second
    if call.second == "supplier" and home.said("supplier"):
        who = f"{who}\n{home.said('supplier')}"
    return who, number


def _tonight(home: CareHome) -> tuple[object, ...]:
    told = plan_rules()
    columns = (Column("Qui", 62, strong=True), Column("Fait", 71), Column("Nom, heure", 40))
    night, number = home.reach("night_nurse")
    return (
        Box("Vous êtes seul(e). Voici quoi faire, dans l'ordre. Le reste attend."),
        Steps(told.first),
        Head("Qui fait quoi"),
        Table(columns, tuple((who, does, "") for who, does in told.roles), tall=11),
        Fields(
            (
                Field(f"Infirmier(ère) d'astreinte{f', {night}' if night else ''}", number),
                Field("Papier et feuilles vierges", home.cell("paper")),
            )
        ),
    )


def _outage(home: CareHome) -> tuple[object, ...]:
    told = plan_rules()
    columns = (
        Column("Depuis", 25, strong=True),
        Column("Le dossier des résidents est arrêté", 80),
        Column("Internet ou le téléphone est coupé", 68),
    )
    rows = tuple((each.after, each.record, each.internet) for each in told.outages)
    return (
        Table(columns, rows, tall=26),
        Head("Courant coupé"),
        Fields((Field("Groupe électrogène, autonomie, qui le lance", home.cell("power")),)),
        Steps(told.power),
        Head("À savoir"),
        Fields(
            (
                Field("Dossier hébergé : fournisseur, contrat", home.cell("supplier")),
                Field("Assistance du dossier", home.cell("hotline")),
                Field("Box Internet", home.cell("internet")),
                Field("Papier", home.cell("paper")),
            )
        ),
        *(Small(rule.told) for rule in told.rules if rule.status == "recommendation"),
    )


def _forms() -> tuple[object, ...]:
    given = (
        Column("Heure", 16),
        Column("Chambre, nom, né(e) le", 52),
        Column("Médicament, dose, d'après quel papier", 72),
        Column("Donné par", 33),
    )
    told = (
        Column("Heure", 16),
        Column("Chambre, nom", 42),
        Column("Ce qui s'est passé, ce qui reste à faire", 90),
        Column("Qui", 25),
    )
    blank = Label(("", "né(e) le", "chambre"))
    return (
        Say("Maison : ……………………  Date : ……………  Feuille n° ……  Gardez chaque feuille."),
        Head("Administration"),
        Table(given, blank=8, tall=9),
        Head("Transmissions"),
        Table(told, blank=6, tall=9),
        Head("Étiquettes"),
        Labels((blank,) * 6),
    )


def _declaration(home: CareHome) -> tuple[object, ...]:
    told = plan_rules()
    ars, department = home.reach("ars"), home.reach("department")
    fields = [
        Field("Établissement", home.cell("name")),
        Field("FINESS", home.cell("finess")),
        Field("Adresse", home.cell("address")),
        Field("Direction (déclare et signe)", home.cell("director")),
        Field("À l'ARS", ars[1]),
        Field("et au conseil départemental", department[1]),
        *(Field(name, None, tuple(boxes)) for name, *boxes in told.boxes),
        *(Field(label, lines=count) for label, count in told.lines),
        Field("Envoyé le, à, par ; reçu par"),
    ]
    columns = (Column("Nom", 58), Column("Fonction", 52), Column("Signature", 63))
    law = [rule.told for rule in told.rules if "L. 331-8-1" in rule.source]
    return (
        Say("Brouillon : rien n'est envoyé. Aux deux : ARS et conseil départemental.", strong=True),
        Fields(tuple(fields)),
        *(Small(words) for words in law),
        Head("Essai annuel : le dossier coupé pendant une heure. Date : ……………"),
        Say("Liste trouvée à … h … · premier traitement d'après papier à … h … · direction jointe à"
            " … h …"),
        Table(columns, blank=5, tall=8),
    )  # fmt: skip
