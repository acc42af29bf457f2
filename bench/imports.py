"""What a hospital has, as it is: 5,000 people and 2,000 machines, confined reading included.

    ./run bench imports

A workbook of 5,000 people (titles above, telephones as numbers and as text) and an RVTools export
of 2,000 virtual machines on 40 hosts are made, then each is read in the confined process, prepared,
kept in a new home, and imported again unchanged. The clock is around the four.
"""

from __future__ import annotations

import io
import random
import tempfile
import time
from collections.abc import Mapping as Mapping_
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.rows import Row
from openpyxl import Workbook

from releve.establishment.imports.keeping import keep, proposed
from releve.establishment.imports.mapping import Mapping
from releve.establishment.imports.prepare import TABS, Given
from releve.establishment.imports.reading import read_book
from releve.establishment.imports.standing import Entity
from releve.kernel.home import Home, birth
from releve.kernel.ids import Finess
from releve.kernel.world import World

PEOPLE, MACHINES, HOSTS = 5_000, 2_000, 40
_NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
_SERVICES = ("Urgences", "Réanimation", "Chirurgie A", "Chirurgie B", "Médecine", "Pharmacie")
_TRADES = ("IDE", "AS", "PH", "Cadre de santé", "ASH", "AMA")
_ENTITY = Entity(Finess("990000010"), Finess("990000028"), "Centre hospitalier de Valbrume")


def _workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def people(count: int = PEOPLE) -> bytes:
    """A staff list."""
    chance = random.Random(7)
    rows: list[list[Any]] = [["Liste du personnel au 1er novembre 2026"], []]
    rows.append(["Matricule", "NOM", "Prénom", "Service", "Fonction", "Portable", "Poste", "Mail"])
    for n in range(count):
        pairs = f"{n // 100 % 100:02d}.{n % 100:02d}"
        mobile: Any = 639_980_000 + n % 10_000 if n % 3 else f"06.39.98.{pairs}"
        rows.append(
            [f"M{n:05d}", f"NOM{n}", "Anne", chance.choice(_SERVICES), chance.choice(_TRADES),
             mobile, 4000 + n % 900, f"anne.nom{n}@valbrume.example"]
        )  # fmt: skip
    return _workbook(("Effectifs", rows))


def machines(count: int = MACHINES) -> bytes:
    """An RVTools export with the tabs that nobody asks for."""
    extra = [f"Colonne {n}" for n in range(60)]
    info: list[list[Any]] = [
        ["VM", "Powerstate", "Template", "Host", "Cluster", "VM UUID",
         "OS according to the VMware Tools", *extra]
    ]  # fmt: skip
    for n in range(count):
        host = f"esx{n % HOSTS:02d}.valbrume.example"
        info.append(
            [f"SRV-{n:04d}", "poweredOn", "False", host, "CLUSTER", f"uuid-{n}", "Debian 12",
             *[n] * len(extra)]
        )  # fmt: skip
    hosts: list[list[Any]] = [["Host", "Cluster", "ESX Version"]]
    hosts += [[f"esx{n:02d}.valbrume.example", "CLUSTER", "VMware ESXi 8.0"] for n in range(HOSTS)]
    disks = [["VM", "Disk"], *[[f"SRV-{n:04d}", "d"] for n in range(count)]]
    return _workbook(("vInfo", info), ("vDisk", disks), ("vHost", hosts))


def measure() -> list[Row]:
    """The seconds of the first import of both, and of the second."""
    files = {"staff": people(), "rvtools": machines()}
    with tempfile.TemporaryDirectory() as folder:
        home = birth(Path(folder) / "home", World.DRILL, _NOW)
        first, again = _seconds(home, files), _seconds(home, files)
    return [
        Row("imports.first_5000_people_2000_machines", first, "s", "<=", 10),
        Row("imports.again_unchanged", again, "s", "<=", 10),
    ]


def _taken(home: Home, kind: str, data: bytes) -> None:
    book = read_book(data, f"{kind}.xlsx", TABS.get(kind, ()))
    given = Given(kind, f"{kind}.xlsx", "0" * 64, book, Mapping(), _NOW, False, _ENTITY)
    keep(home, proposed(home, given), Mapping(), _NOW)


def _seconds(home: Home, files: Mapping_[str, bytes]) -> float:
    start = time.perf_counter()
    for kind, data in files.items():
        _taken(home, kind, data)
    return time.perf_counter() - start


if __name__ == "__main__":
    for row in measure():
        print(f"{row.id:42} {row.value:6.2f} {row.unit} ({row.op} {row.goal})")
