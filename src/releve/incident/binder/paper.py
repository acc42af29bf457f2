"""The paper of eight weeks: how many sheets of each form, how many boxes, where they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from releve.establishment import Service
from releve.incident.binder.blocks import (
    Cell,
    Column,
    Document,
    Field,
    Fields,
    Head,
    Say,
    Sheet,
    Small,
    Table,
)
from releve.incident.binder.material import Material
from releve.incident.binder.reach import Line, contact
from releve.incident.binder.rules import Stock, WardForm, origin, stock, ward_forms
from releve.kernel.units import thousands


@dataclass(frozen=True)
class Need:
    """Sheets of one form for one service."""

    service: Service
    form: WardForm
    sheets: int


def needs(services: tuple[Service, ...], rule: Stock) -> tuple[Need, ...]:
    """beds × days × (sheets per bed and day + admissions per bed and day × sheets per admission),
    rounded up to a whole sheet.
    """
    days = rule.weeks * 7
    found = []
    for service in services:
        turnover = rule.admissions_per_bed_day.get(str(service.kind), 0.0)
        for form in ward_forms():
            daily = form.per_bed_day + turnover * form.per_admission
            found.append(Need(service, form, ceil(round(service.beds * days * daily, 6))))
    return tuple(found)


def paper(material: Material) -> Document:
    """One page: the rule, the table by service, the sum in boxes, the place."""
    rule = stock()
    services = material.printed_wards
    counted = needs(services, rule)
    forms = ward_forms()
    rows: list[tuple[Cell, ...]] = []
    for service in services:
        row = [need.sheets for need in counted if need.service is service]
        rows.append((service.name, str(service.beds), *map(thousands, row), thousands(sum(row))))
    totals = [sum(n.sheets for n in counted if n.form is form) for form in forms]
    log = rule.logbook_per_day * rule.weeks * 7
    everything = sum(totals) + log
    beds = sum(service.beds for service in services)
    rows.append(("Ensemble", str(beds), *map(thousands, totals), thousands(sum(totals))))
    columns = (
        Column("Service", 35, strong=True),
        Column("Lits", 14),
        *(Column(form.code, 17) for form in forms),
        Column("Total", 22, strong=True),
    )
    box = rule.sheets_per_ream * rule.reams_per_box
    said = (
        f"{thousands(everything)} feuilles, main courante comprise ({thousands(log)}) :"
        f" {thousands(ceil(everything / rule.sheets_per_ream))} ramettes,"
        f" soit {thousands(ceil(everything / box))} cartons de {thousands(box)} feuilles."
    )
    names = ", ".join(f"{form.code} {form.title.lower()}" for form in forms)
    where = contact(material, "papier")
    blocks = (
        Say(said, strong=True),
        Fields(
            (
                *(_place(line) for line in where),
                Field("Compté le, par, reste (cartons)"),
            )
        ),
        Head("Par service"),
        Table(columns, tuple(rows)),
        Small(f"{names}."),
        Small(
            "Règle : lits × jours × (feuilles par lit et par jour + admissions par lit et par jour"
            f" × feuilles par admission), pendant {rule.weeks} semaines. {origin('stock')}"
        ),
    )
    title = f"Papier pour {rule.weeks} semaines"
    about = "Combien de feuilles et de cartons, où ils sont."
    return Document("papier", title, (Sheet(title, blocks),), about=about)


def _place(line: Line) -> Field:
    if isinstance(line.number, str):
        return Field(line.label, f"{line.details} : {line.number}")
    return Field(line.label, line.number)
