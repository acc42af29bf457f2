"""applications.toml, suppliers.toml, machines.csv, people.csv, dependencies.csv."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from releve.establishment.entities import unique
from releve.establishment.faults import Findings, listed, shown
from releve.establishment.fields import Fields
from releve.establishment.located import Table, read_tables
from releve.establishment.model import (
    ZERO,
    Application,
    Dependency,
    Hosting,
    Machine,
    MachineKind,
    Person,
    Priority,
    Supplier,
)
from releve.establishment.numbering import trouble
from releve.establishment.text import Columns, Row, is_id, read_rows
from releve.kernel.ids import BadFiness, finess

APPLICATIONS = "applications.toml"
SUPPLIERS = "suppliers.toml"
MACHINES = "machines.csv"
PEOPLE = "people.csv"
DEPENDENCIES = "dependencies.csv"
_MAX_MINUTES = 525_600
_PHONE = re.compile(r"(?:(?:\+|00)33|0)[1-9]\d{8}|(?:\+|00)(?!33)[1-9]\d{6,13}|\d{2,6}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_APPLICATION_KEYS = (
    "id", "name", "services", "used_by", "priority",
    "dmia", "pdma", "supplier", "restore", "hosted",
)  # fmt: skip
_SUPPLIER_KEYS = ("id", "name", "phone", "other_phones", "email", "contract", "hosting")
_MACHINE = Columns(
    ("id", "kind", "site"),
    ("restore_minutes",),
    ("id", "kind", "name", "site", "service", "role", "os", "restore_minutes", "restore_source"),
)
_PERSON = Columns(
    ("id", "last_name"),
    ("phone",),
    (
        *("id", "last_name", "first_name", "service", "profession"),
        *("phone", "other_phones", "email", "rpps"),
    ),
)
_LINK = Columns(("node", "needs"), (), ("node", "needs", "kind", "alternative"))


def read_applications(data: bytes, findings: Findings) -> tuple[Application, ...]:
    tables = _tables_of(APPLICATIONS, "application", data, findings)
    built = (_application(table, findings) for table in tables.get("application", ()))
    kept = (application for application in built if application)
    return unique(tables, "application", kept, lambda each: each.id, findings)


def read_suppliers(data: bytes, findings: Findings) -> tuple[Supplier, ...]:
    tables = _tables_of(SUPPLIERS, "supplier", data, findings)
    built = (_supplier(table, findings) for table in tables.get("supplier", ()))
    kept = (supplier for supplier in built if supplier)
    return unique(tables, "supplier", kept, lambda each: each.id, findings)


def _tables_of(file: str, name: str, data: bytes, findings: Findings) -> dict[str, list[Table]]:
    tables = read_tables(file, data, findings) or {}
    for other, found in tables.items():
        if other not in ("", name):
            what = f"tableau [{shown(other)}] inconnu : non lu (attendu : [[{name}]])"
            findings.note(file, found[0].line, what)
    for key in tables[""][0].values if tables else ():
        findings.note(file, tables[""][0].at(key), f"clé « {shown(key)} » hors tableau : non lue")
    return tables


def _application(table: Table, findings: Findings) -> Application | None:
    fields = Fields(table, findings, _APPLICATION_KEYS)
    built = Application(
        fields.id("id", "DPI"),
        fields.text("name", "Dossier patient"),
        fields.names("services"),
        fields.names("used_by"),
        fields.word("priority", Priority, Priority.P3),
        fields.span("dmia"),
        fields.span("pdma"),
        fields.optional("supplier"),
        fields.span("restore") or ZERO,
        fields.word("hosted", Hosting, Hosting.LOCAL),
        table.line,
    )
    return built if fields.whole else None


def _supplier(table: Table, findings: Findings) -> Supplier | None:
    fields = Fields(table, findings, _SUPPLIER_KEYS)
    built = Supplier(
        fields.id("id", "EDIT-01"),
        fields.text("name", "Éditeur fictif"),
        fields.optional("phone"),
        fields.optional("email"),
        fields.optional("contract"),
        fields.optional("hosting"),
        table.line,
        fields.optional("other_phones"),
    )
    check_reach(SUPPLIERS, table.at("phone"), built.phone, "", findings)
    _note_trouble(SUPPLIERS, table.at("phone"), built.phone, findings)
    check_reach(SUPPLIERS, table.at("email"), "", built.email, findings)
    for other in built.other_phones.split("/"):
        check_reach(SUPPLIERS, table.at("other_phones"), other, "", findings)
        _note_trouble(SUPPLIERS, table.at("other_phones"), other, findings)
    return built if fields.whole else None


def read_machines(data: bytes, findings: Findings) -> tuple[Machine, ...]:
    rows = read_rows(MACHINES, data, _MACHINE, findings)
    built = (_machine(row, findings) for row in _first_of_each(MACHINES, rows, "id", findings))
    return tuple(machine for machine in built if machine)


def _machine(row: Row, findings: Findings) -> Machine | None:
    if row["kind"] not in set(MachineKind):
        kinds = listed([str(kind) for kind in MachineKind], 9)
        what = f"machine « {shown(row['id'])} » : kind « {shown(row['kind'])} » inconnu"
        findings.fault(MACHINES, row.line, "word", what, f"Au choix : {kinds}.")
        return None
    restore = _minutes(row, findings)
    try:
        site = finess(row["site"])
    except BadFiness as error:
        findings.fault(MACHINES, row.line, "finess", f"{shown(row['id'])} : {error}", error.remedy)
        return None
    if restore is None:
        return None
    kind = MachineKind(row["kind"])
    words = (row["name"], site, row["service"], row["role"], row["os"])
    return Machine(row["id"], kind, *words, restore, row.line, row["restore_source"])


def _minutes(row: Row, findings: Findings) -> timedelta | None:
    """Nothing is one fault for a machine that a plan rebuilds, which is then kept at zero; None,
    with a fault, when it is no number.
    """
    text = row["restore_minutes"]
    if not text:
        if "restore_minutes" in row.fields and row["kind"] != MachineKind.WORKSTATION:
            what = f"machine « {shown(row['id'])} » : restore_minutes est vide"
            remedy = "Écrivez ses minutes de remise en service : sans elles, un plan en compte 0."
            findings.fault(MACHINES, row.line, "missing", what, remedy)
        return ZERO
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= _MAX_MINUTES):
        what = f"machine « {shown(row['id'])} » : restore_minutes « {shown(text)} »"
        remedy = f"Un nombre entier de minutes, de 0 à {_MAX_MINUTES}, sans unité."
        findings.fault(MACHINES, row.line, "number", what, remedy)
        return None
    return timedelta(minutes=int(text))


def read_people(data: bytes, findings: Findings) -> tuple[Person, ...]:
    rows = read_rows(PEOPLE, data, _PERSON, findings)
    people = []
    for row in _first_of_each(PEOPLE, rows, "id", findings):
        if not row["last_name"]:
            what = f"personne « {shown(row['id'])} » sans nom"
            findings.fault(PEOPLE, row.line, "person", what, "Remplissez last_name.")
            continue
        check_reach(PEOPLE, row.line, row["phone"], row["email"], findings)
        for other in row["other_phones"].split("/"):
            check_reach(PEOPLE, row.line, other, "", findings)
        for phone in (row["phone"], *row["other_phones"].split("/")):
            _note_trouble(PEOPLE, row.line, phone, findings)
        if row["rpps"] and not re.fullmatch(r"\d{11}", row["rpps"], re.ASCII):
            what = f"RPPS « {shown(row['rpps'])} »"
            findings.fault(PEOPLE, row.line, "contact", what, "Onze chiffres, ou rien.")
        name = (row["id"], row["last_name"], row["first_name"])
        reached = (row["phone"], row["email"], row["rpps"])
        work = (row["service"], row["profession"])
        people.append(Person(*name, *work, *reached, row.line, row["other_phones"]))
    return tuple(people)


def check_reach(file: str, line: int, phone: str, email: str, findings: Findings) -> None:
    """A fault for a phone or an address that reaches nobody; empty ones are none."""
    digits = re.sub(r"[\s.\u00a0\u202f-]|\(0\)", "", phone)
    if digits and not _PHONE.fullmatch(digits):
        what = f"téléphone « {shown(phone)} »"
        remedy = "Dix chiffres (06 39 98 00 12), +33…, ou un poste interne de 2 à 6 chiffres."
        findings.fault(file, line, "contact", what, remedy)
    if email and not _EMAIL.fullmatch(email):
        what = f"adresse « {shown(email)} »"
        findings.fault(file, line, "contact", what, "Écrivez nom@domaine.fr, ou rien.")


def _note_trouble(file: str, line: int, phone: str, findings: Findings) -> None:
    """A note, not a fault: people live across a border, suppliers sell their time by telephone."""
    if wrong := trouble(phone, short=False):
        findings.note(file, line, f"téléphone « {shown(phone.strip())} » : {wrong[0]}")


def read_dependencies(data: bytes, findings: Findings) -> tuple[Dependency, ...]:
    rows = read_rows(DEPENDENCIES, data, _LINK, findings)
    first: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        node, needs = row["node"], row["needs"]
        if not node or not needs:
            what = "il manque le nœud ou ce dont il a besoin"
            findings.fault(DEPENDENCIES, row.line, "missing", what, "Remplissez node et needs.")
        elif node == needs:
            what = f"« {shown(node)} » a besoin de lui-même"
            findings.fault(DEPENDENCIES, row.line, "cycle", what, "Ôtez cette ligne.")
        elif first.setdefault((node, needs), row.line) != row.line:
            what = f"{shown(node)} → {shown(needs)} est déjà à la ligne {first[node, needs]}"
            findings.fault(DEPENDENCIES, row.line, "duplicate", what, "Ôtez cette ligne.")
        else:
            found.append(Dependency(node, needs, row["kind"], row["alternative"], line=row.line))
    return tuple(found)


def _first_of_each(file: str, rows: Iterable[Row], key: str, findings: Findings) -> Iterable[Row]:
    """Rows with a good id not seen before; a fault for each other one."""
    first: dict[str, int] = {}
    for row in rows:
        value = row[key]
        findings.declared.add((file, value))
        if not is_id(value):
            said = f"« {shown(value)} » ne peut pas servir d'identifiant" if value else "il manque"
            remedy = "Employez 1 à 64 lettres sans accent, chiffres, - _ ou ."
            kind = "id" if value else "missing"
            findings.fault(file, row.line, kind, f"{key} : {said}", remedy)
        elif first.setdefault(value, row.line) != row.line:
            what = f"« {shown(value)} » est déjà à la ligne {first[value]}"
            findings.fault(file, row.line, "duplicate", what, "Gardez-en un, renommez l'autre.")
        else:
            yield row
