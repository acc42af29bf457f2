"""establishment.toml: entities, services, gates, bootstrap orders, declared rotas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from releve.establishment.faults import Findings, shown
from releve.establishment.fields import Fields
from releve.establishment.located import Table, read_tables
from releve.establishment.model import (
    Bootstrap,
    Gate,
    LegalEntity,
    Priority,
    Service,
    ServiceKind,
    Site,
)

FILE = "establishment.toml"
FORMAT = 1
_TABLES = ("", "region", "group", "legal_entity", "site", "service", "gate", "bootstrap", "rota")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Declared:
    """A rota that must be covered from ``start`` to ``end``; None = as its events go."""

    name: str
    start: datetime | None
    end: datetime | None
    line: int


@dataclass(frozen=True)
class Entities:
    """What establishment.toml says, faulty rows left out."""

    region: str
    group: str | None
    legal_entities: tuple[LegalEntity, ...]
    sites: tuple[Site, ...]
    services: tuple[Service, ...]
    gates: tuple[Gate, ...]
    bootstraps: tuple[Bootstrap, ...]
    rotas: tuple[Declared, ...]


def read_entities(data: bytes, findings: Findings) -> Entities:
    """Read the file; a fault for each thing wrong, the rest kept."""
    tables = read_tables(FILE, data, findings)
    if tables is None:
        return Entities("", None, (), (), (), (), (), ())
    _head(tables, findings)
    entities = tuple(_each(tables, "legal_entity", _legal_entity, findings))
    sites = tuple(_each(tables, "site", _site, findings))
    services = tuple(_each(tables, "service", _service, findings))
    found = Entities(
        _name_of(tables, "region", findings, needed=True) or "",
        _name_of(tables, "group", findings, needed=False),
        unique(tables, "legal_entity", entities, lambda e: e.finess, findings),
        unique(tables, "site", sites, lambda s: s.finess, findings),
        unique(tables, "service", services, lambda s: s.code, findings),
        tuple(_each(tables, "gate", _gate, findings)),
        tuple(_each(tables, "bootstrap", _bootstrap, findings)),
        tuple(_each(tables, "rota", _rota, findings)),
    )
    _check_places(tables, findings)
    _check_units(found.services, findings)
    _check_beds(found, tables, findings)
    return found


def _head(tables: dict[str, list[Table]], findings: Findings) -> None:
    top = tables[""][0]
    written = top.values.get("format")
    if written != FORMAT or isinstance(written, bool):
        said = (
            "il manque format" if written is None else f"format « {shown(str(written))} » inconnu"
        )
        findings.fault(
            FILE, top.at("format"), "format", said, f"Écrivez format = {FORMAT} en tête."
        )
    for key in top.values:
        if key != "format":
            findings.note(FILE, top.at(key), f"clé « {shown(key)} » inconnue en tête : non lue")
    for name, found in tables.items():
        if name not in _TABLES:
            findings.note(FILE, found[0].line, f"tableau [{shown(name)}] inconnu : non lu")
    for name, example in (("legal_entity", "EJ"), ("site", "EG"), ("service", "service")):
        if name not in tables:
            what = f"aucun [[{name}]]"
            findings.fault(FILE, 0, "missing", what, f"Déclarez au moins un {example}.")


def _each(
    tables: dict[str, list[Table]],
    name: str,
    build: Callable[[Table, Findings], Item | None],
    findings: Findings,
) -> Iterable[Item]:
    built = (build(table, findings) for table in tables.get(name, ()))
    return (item for item in built if item is not None)


def unique(
    tables: dict[str, list[Table]],
    name: str,
    items: Iterable[Item],
    key: Callable[[Item], str],
    findings: Findings,
) -> tuple[Item, ...]:
    """The first of each key; a fault, naming both lines, for the others."""
    kept: dict[str, Item] = {}
    for item in items:
        kept.setdefault(key(item), item)
    naming = {"legal_entity": "finess", "site": "finess", "service": "code"}.get(name, "id")
    first: dict[str, int] = {}
    for table in tables.get(name, ()):
        value = str(table.values.get(naming, "")).strip()
        line = table.at(naming)
        if value and first.setdefault(value, line) != line:
            what = f"{name} « {shown(value)} » est déjà à la ligne {first[value]}"
            findings.fault(table.file, line, "duplicate", what, "Gardez-en un, renommez l'autre.")
    return tuple(kept.values())


def _name_of(
    tables: dict[str, list[Table]], name: str, findings: Findings, *, needed: bool
) -> str | None:
    found = tables.get(name)
    if not found:
        if needed:
            what, remedy = f"il manque [{name}]", f'Écrivez [{name}] puis name = "…"'
            findings.fault(FILE, 0, "missing", what, remedy)
        return None
    return Fields(found[0], findings, ("name",)).text("name", "Région fictive")


def _legal_entity(table: Table, findings: Findings) -> LegalEntity | None:
    fields = Fields(table, findings, ("finess", "name"))
    built = LegalEntity(fields.finess("finess"), fields.text("name", "Centre hospitalier de …"))
    return built if fields.whole else None


def _site(table: Table, findings: Findings) -> Site | None:
    fields = Fields(table, findings, ("finess", "legal_entity", "name", "beds"))
    built = Site(
        fields.finess("finess"),
        fields.finess("legal_entity"),
        fields.text("name", "Site principal"),
        fields.count("beds"),
    )
    return built if fields.whole else None


_SERVICE_KEYS = (
    "code", "name", "site", "kind", "beds", "units", "priority",
    "dmia", "pdma", "patients_per_hour",
)  # fmt: skip


def _service(table: Table, findings: Findings) -> Service | None:
    fields = Fields(table, findings, _SERVICE_KEYS)
    code = fields.id("code", "URG")
    built = Service(
        code,
        fields.text("name", "Urgences"),
        fields.finess("site"),
        fields.word("kind", ServiceKind),
        fields.count("beds"),
        fields.names("units") or (code,),
        fields.word("priority", Priority),
        fields.span("dmia"),
        fields.span("pdma"),
        fields.rate("patients_per_hour"),
        table.line,
    )
    return built if fields.whole else None


def _gate(table: Table, findings: Findings) -> Gate | None:
    fields = Fields(table, findings, ("name", "keeper", "before", "after"))
    built = Gate(
        fields.text("name", "identité assainie"),
        fields.text("keeper", "RSSI"),
        fields.names("before", needed=True),
        fields.names("after"),
        table.line,
    )
    if "=" in built.name:
        fields.bad("name", "id", f"porte « {shown(built.name)} » : un = dans le nom", "Ôtez-le.")
    return built if fields.whole else None


def _bootstrap(table: Table, findings: Findings) -> Bootstrap | None:
    fields = Fields(table, findings, ("members", "order"))
    order, members = fields.names("order", needed=True), fields.names("members")
    if members and order and set(members) != set(order):
        odd = sorted(set(members) ^ set(order))[0]
        what = f"« {shown(odd)} » n'est pas à la fois dans members et dans order"
        fields.bad("order", "bootstrap", what, "Mettez les mêmes nœuds dans les deux listes.")
    return Bootstrap(order, table.line) if fields.whole else None


def _rota(table: Table, findings: Findings) -> Declared | None:
    fields = Fields(table, findings, ("name", "from", "to"))
    name = fields.text("name", "Astreinte informatique")
    built = Declared(name, fields.moment("from"), fields.moment("to"), table.line)
    if built.start and built.end and built.start >= built.end:
        fields.bad(
            "to", "rota", f"« {shown(name)} » finit avant de commencer", "Inversez les dates."
        )
    return built if fields.whole else None


def _check_places(tables: dict[str, list[Table]], findings: Findings) -> None:
    for name, key, what in (
        ("site", "legal_entity", "entité juridique"),
        ("service", "site", "site"),
    ):
        known = {str(t.values.get("finess")).strip().upper() for t in tables.get(key, ())}
        findings.declared |= {("finess", number) for number in known if key == "site"}
        for table in tables.get(name, ()):
            _known(table, key, known, what, findings)


def _known(table: Table, key: str, known: Iterable[str], what: str, findings: Findings) -> None:
    value = table.values.get(key)
    numbers = sorted(known)
    if isinstance(value, str) and value.strip() and value.strip().upper() not in numbers:
        said = f"{table.name} : {what} « {shown(value)} » inconnu(e)"
        remedy = f"Déclarez-le, ou choisissez parmi {', '.join(numbers) or 'aucun'}."
        findings.fault(FILE, table.at(key), "reference", said, remedy)


def _check_units(services: Sequence[Service], findings: Findings) -> None:
    owner: dict[str, Service] = {}
    for service in services:
        for unit in service.units:
            first = owner.setdefault(unit, service)
            if first is not service:
                what = f"l'unité « {shown(unit)} » est à {first.code} et à {service.code}"
                remedy = f"Ôtez-la de l'un des deux (l'autre est ligne {first.line})."
                findings.fault(FILE, service.line, "units", what, remedy)


def _check_beds(found: Entities, tables: dict[str, list[Table]], findings: Findings) -> None:
    lines = {str(t.values.get("finess")).strip().upper(): t for t in tables.get("site", ())}
    for site in found.sites:
        inside = [service for service in found.services if service.site == site.finess]
        total = sum(service.beds for service in inside)
        if total > site.beds:
            line = lines[site.finess].at("beds") if site.finess in lines else 0
            what = f"les services de « {shown(site.name)} » ont {total} lits, le site {site.beds}"
            findings.fault(FILE, line, "beds", what, "Corrigez les lits du site ou d'un service.")
