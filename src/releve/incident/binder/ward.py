"""The forms of each ward: each page bears a DataMatrix that names ward, form and number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from releve.establishment import Service
from releve.incident.binder.blocks import (
    Block,
    Column,
    Document,
    Fields,
    Label,
    Labels,
    Say,
    Sheet,
    Table,
    Traits,
)
from releve.incident.binder.material import Material, Patient
from releve.incident.binder.numbering import Counter
from releve.incident.binder.rules import WardForm, ward_forms
from releve.incident.binder.writings import field

#: Labels of a sheet: three across, seven down.
_LABELS = 21
_IDENTITIES = 12
_DOTS = "…………………"
_BLANK = Traits("lit …", f"{_DOTS}{_DOTS}", _DOTS, _DOTS)


def wards(material: Material) -> tuple[Document, ...]:
    """One document a ward, in the folder's order."""
    made = tuple(
        _ward(material, service, rank) for rank, service in enumerate(material.printed_wards, 1)
    )
    lost = material.unplaced
    if not lost:
        return made
    sheet = _census("service à retrouver", lost)
    about = f"{len(lost)} patients du recensement dont le service n'est pas reconnu."
    return (Document("service-000", "Patients sans service reconnu", (sheet,), about=about), *made)


def _ward(material: Material, service: Service, rank: int) -> Document:
    counter = Counter(material.home, material.copy.number, service.code, rank)
    patients = material.census.of(service.code) if material.census else ()
    sheets = [_census(service.name, patients)] if patients else []
    for form in ward_forms():
        sheets += _FORMS[form.kind](material, form, service, patients, counter)
    about = (
        f"{len(patients)} patients du recensement, {len(sheets)} feuilles."
        if patients
        else f"{len(sheets)} feuilles vierges : aucun patient n'est pré-imprimé."
    )
    return Document(f"service-{rank:03d}", f"Feuilles : {service.name}", tuple(sheets), about=about)


def _census(place: str, patients: Sequence[Patient]) -> Sheet:
    columns = (
        Column("Lit", 20, strong=True),
        Column("Nom", 62, strong=True),
        Column("Né(e) le", 27),
        Column("IPP", 30),
        Column("Vu à, par", 34),
    )
    rows = tuple((p.bed, p.name, p.born, p.ipp, "") for p in patients)
    said = Say("Comptez lit par lit. Rayez qui est parti, ajoutez qui est arrivé, avec l'heure.")
    return Sheet("Qui est là", (said, Table(columns, rows, blank=4)), place)


def _fields(
    material: Material,
    form: WardForm,
    service: Service,
    patients: Sequence[Patient],
    counter: Counter,
) -> Iterator[Sheet]:
    for _ in range(form.blank):
        (identity,) = counter.identities(1)
        blocks = (
            Say(form.note, strong=True),
            Say(f"Identité provisoire, si l'identité n'est pas sûre : {identity}"),
            Fields(tuple(field(material, one) for one in form.fields)),
        )
        yield Sheet(form.title, blocks, service.name, counter.next(form.code))


def _grid(
    material: Material,
    form: WardForm,
    service: Service,
    patients: Sequence[Patient],
    counter: Counter,
) -> Iterator[Sheet]:
    whose = [_traits(patient) for patient in patients] or [_BLANK] * form.blank
    columns = tuple(Column(each.title, each.mm) for each in form.columns)
    lead = tuple(field(material, one) for one in form.lead)
    for traits in whose:
        blocks: tuple[Block, ...] = (
            Say(form.note),
            Fields(lead),
            Table(columns, blank=form.rows, tall=form.tall),
        )
        yield Sheet(form.title, blocks, service.name, counter.next(form.code), traits)


def _people(
    material: Material,
    form: WardForm,
    service: Service,
    patients: Sequence[Patient],
    counter: Counter,
) -> Iterator[Sheet]:
    columns = (
        Column("Patient", 50),
        Column("Ce qui s'est passé", 62),
        Column("À faire, à quelle heure", 61),
    )
    said = [f"{p.bed}  {p.name}\nné(e) le {p.born}\nIPP {p.ipp}" for p in patients]
    groups = [said[at : at + form.rows] for at in range(0, len(said), form.rows)]
    for group in groups or [[]] * form.blank:
        rows = tuple((words, "", "") for words in group)
        table = Table(columns, rows, blank=form.rows - len(rows), tall=form.tall)
        lead = Say("Équipe : ………………………  de …… h à …… h, le ………………")
        blocks = (Say(form.note), lead, table)
        yield Sheet(form.title, blocks, service.name, counter.next(form.code))


def _labels(
    material: Material,
    form: WardForm,
    service: Service,
    patients: Sequence[Patient],
    counter: Counter,
) -> Iterator[Sheet]:
    """Three of each patient: a tube, a sheet, a bracelet; without a census, frames to write in."""
    made = [
        Label((p.name, f"né(e) le {p.born}", f"IPP {p.ipp}", f"{service.code} · lit {p.bed}"))
        for p in patients
        for _ in range(3)
    ]
    blank = Label(("", "né(e) le", "IPP", f"{service.code} · lit"))
    made = made or [blank] * (_LABELS * form.blank)
    for at in range(0, len(made), _LABELS):
        blocks = (Say(form.note), Labels(tuple(made[at : at + _LABELS])))
        yield Sheet(form.title, blocks, service.name, counter.next(form.code))


def _identities(
    material: Material,
    form: WardForm,
    service: Service,
    patients: Sequence[Patient],
    counter: Counter,
) -> Iterator[Sheet]:
    columns = (
        Column("Identité provisoire", 52, strong=True),
        Column("Donnée à (description), heure", 69),
        Column("Identité vraie, retrouvée à", 52),
    )
    for _ in range(form.blank):
        rows = tuple((number, "", "") for number in counter.identities(_IDENTITIES))
        blocks = (Say(form.note), Table(columns, rows, tall=15))
        yield Sheet(form.title, blocks, service.name, counter.next(form.code))


def _traits(patient: Patient) -> Traits:
    return Traits(patient.bed or "?", patient.name, patient.born, patient.ipp)


_FORMS = {
    "fields": _fields,
    "grid": _grid,
    "people": _people,
    "labels": _labels,
    "identities": _identities,
}
