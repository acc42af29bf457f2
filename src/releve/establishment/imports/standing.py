"""What stands before an import, and what an import would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath

from releve.establishment import entities
from releve.establishment.folder import BLANK
from releve.establishment.imports.csvfile import CsvFile
from releve.establishment.imports.hours import Hours
from releve.establishment.imports.layout import Layout
from releve.establishment.imports.lines import State, Told, counted
from releve.establishment.imports.merge import SOURCE, Row
from releve.establishment.imports.services import Proposed, Services
from releve.establishment.model import Establishment
from releve.kernel.ids import Finess


def memory_of(name: str) -> str:
    """The file, in each generation, that remembers what imports said of another file's rows."""
    return f"imported-{PurePath(name).stem}.csv"


@dataclass(frozen=True)
class Entity:
    """Who the establishment is, when nothing says it yet."""

    ej: Finess
    eg: Finess
    name: str


@dataclass(frozen=True)
class Standing:
    """``number``: the generation that counts, None when there is none yet."""

    files: Mapping[str, bytes]
    number: int | None
    establishment: Establishment | None

    def table(self, name: str, needed: tuple[str, ...]) -> CsvFile:
        """A CSV of the folder."""
        return CsvFile.read(name, self.files.get(name, BLANK.get(name, b"")), needed)

    def memory(self, name: str, fields: tuple[str, ...]) -> CsvFile:
        """What imports said of the rows of ``name``."""
        needed = (*fields, SOURCE)
        data = self.files.get(memory_of(name), (";".join(needed) + "\n").encode())
        return CsvFile.read(memory_of(name), data, needed)


@dataclass(frozen=True)
class Wishes:
    """What a person chose for this import. ``source``: which list this is, for what is gone."""

    now: datetime
    source: str
    site: Finess
    remove: bool = False


@dataclass(frozen=True)
class Proposal:
    """What confirming would do: ``files`` replace those of the generation ``seen``."""

    kind: str
    name: str
    sha256: str
    told: tuple[Told, ...]
    notes: tuple[str, ...]
    files: Mapping[str, bytes]
    seen: int | None
    layouts: tuple[Layout, ...] = ()
    services: tuple[Proposed, ...] = ()
    sheets: tuple[str, ...] = ()
    hours: Mapping[str, Hours] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[State, int]:
        return counted(self.told)

    @property
    def doubtful(self) -> int:
        return self.counts[State.DOUBTFUL]


def changed_files(
    standing: Standing,
    name: str,
    table: CsvFile,
    rows: Mapping[str, Row],
    memory_fields: tuple[str, ...],
    memory: Mapping[str, Row],
    key: tuple[str, ...] = ("id",),
) -> dict[str, bytes]:
    """The file and its memory, where they differ from what stands."""
    files = remembered_file(standing, name, memory_fields, memory)
    if rows != table.rows(key):
        files[name] = table.written(rows, key)
    return files


def remembered_file(
    standing: Standing, name: str, memory_fields: tuple[str, ...], memory: Mapping[str, Row]
) -> dict[str, bytes]:
    """What imports said of the rows of ``name``, when that changes."""
    remembered = standing.memory(name, memory_fields)
    if memory == remembered.rows():
        return {}
    return {memory_of(name): remembered.written(memory)}


def site_for(establishment: Establishment | None, entity: Entity | None) -> Finess:
    """The first site there is."""
    if establishment and establishment.sites:
        return establishment.sites[0].finess
    return entity.eg if entity else Finess("")


def with_services(
    files: Mapping[str, bytes], services: Services, entity: Entity | None
) -> dict[str, bytes]:
    """establishment.toml with the services proposed, or a first one; empty when nothing changes."""
    import tomlkit

    data = files.get(entities.FILE)
    proposed = list(services.proposed.values())
    if data is not None and not proposed:
        return {}
    document = tomlkit.parse(data.decode("utf-8-sig", "replace") if data else _first(entity))
    for each in proposed:
        table = tomlkit.table()
        table.update(
            {
                "code": each.code,
                "name": each.name,
                "site": str(each.site),
                "kind": str(each.kind),
                "beds": 0,
                "units": list(each.units),
                "priority": str(each.priority),
            }
        )
        table.comment("proposé par un import : vérifiez genre, priorité et lits")
        document.setdefault("service", tomlkit.aot()).append(table)
    if "service" not in document:
        table = tomlkit.table()
        place = str(entity.eg) if entity else ""
        table.update({"code": "GENERAL", "name": "Service non précisé", "site": place})
        table.update({"kind": "administration", "beds": 0, "priority": "P3"})
        document.append("service", tomlkit.aot())
        document["service"].append(table)
    return {entities.FILE: tomlkit.dumps(document).encode()}


def _first(entity: Entity | None) -> str:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("Écrit par un import ; le format est dans docs/establishment.md."))
    document.add("format", 1)
    if entity is None:
        return tomlkit.dumps(document)
    region = tomlkit.table()
    region.add("name", "région non renseignée")
    document.add("region", region)
    for name, fields in (
        ("legal_entity", {"finess": str(entity.ej), "name": entity.name}),
        (
            "site",
            {
                "finess": str(entity.eg),
                "legal_entity": str(entity.ej),
                "name": entity.name,
                "beds": 0,
            },
        ),
    ):
        table = tomlkit.table()
        table.update(fields)
        array = tomlkit.aot()
        array.append(table)
        document.add(name, array)
    return tomlkit.dumps(document)
