"""A census that people export: CSV, XLSX or ODS, whatever their headers are called.

One line is one patient: service (or unit), bed, name, birth date, IPP. What cannot be read for sure
is a :class:`Doubt` with its line and its remedy; the patient is kept when there is at least a name,
because a missing patient is worse than an incomplete label. The file is opened by the confined
process of the imports, its columns are known by the ``census`` table of their ``columns.toml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date

from releve.establishment import Establishment, Service
from releve.establishment.imports.book import Book, Cell
from releve.establishment.imports.errors import FileUnreadable
from releve.establishment.imports.layout import find_layout
from releve.establishment.imports.reading import Reader, read_book
from releve.establishment.text import normal
from releve.establishment.words import key
from releve.incident.binder.errors import CensusUnreadable
from releve.incident.binder.material import Census, Doubt, Patient

MAX_BYTES, MAX_ROWS, MAX_CELL = 16 << 20, 20_000, 200
_MONTHS = {
    "janv": 1, "fevr": 2, "mars": 3, "avr": 4, "mai": 5, "juin": 6,
    "juil": 7, "aout": 8, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip


def read_census(
    name: str, data: bytes, establishment: Establishment, reader: Reader | None = None
) -> Census:
    """The census of a file called ``name``; ``reader``: one that already runs, else one is started
    for this file. Raises :class:`CensusUnreadable`.
    """
    places = _places(establishment)
    patients: list[Patient] = []
    doubts: list[Doubt] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, found in _lines(name, _book(name, data, reader)):
        patient = _patient(number, found, places, doubts)
        if patient is None:
            continue
        same = (patient.ipp,) if patient.ipp else (patient.name, patient.born, patient.bed)
        if same in seen:
            what = f"« {patient.name} » est déjà à la ligne {seen[same]}"
            doubts.append(Doubt(number, what, "Gardez une ligne ; les deux sont imprimées."))
        seen.setdefault(same, number)
        patients.append(patient)
    ordered = sorted(patients, key=lambda one: (one.ward, _bed_order(one.bed)))
    return Census(f"fichier {name[:60]}", None, tuple(ordered), tuple(doubts))


def _book(name: str, data: bytes, reader: Reader | None) -> Book:
    """What the confined process makes of it: nothing of the file is parsed in this one."""
    if len(data) > MAX_BYTES:
        raise CensusUnreadable(file=name, why=f"il dépasse {MAX_BYTES >> 20} Mio")
    try:
        return reader.book(data, name) if reader is not None else read_book(data, name)
    except FileUnreadable as error:
        raise CensusUnreadable(file=name, why=str(error.data["why"])) from error


def _lines(name: str, book: Book) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, what it says by field) under the header; lines that say nothing are left out."""
    layout = find_layout(book, "census")
    if not {"name", "birth_name"} & layout.fields or not layout.header:
        raise CensusUnreadable(file=name, why="aucune ligne d'en-tête n'a de colonne « nom »")
    sheet = next(each for each in book.sheets if each.name == layout.sheet)
    if len(sheet.rows) > MAX_ROWS:
        raise CensusUnreadable(file=name, why=f"il a plus de {MAX_ROWS} lignes")
    columns = [column for column in layout.columns if column.field]
    head = [key(column.label) for column in columns]
    for number, cells in sheet.rows:
        if number <= max(layout.header):
            continue
        said = [_written(cells[column.place]) for column in columns]
        if not any(map(_clean, said)) or [key(text) for text in said] == head:
            continue
        yield number, {c.field: _clean(text) for c, text in zip(columns, said, strict=True)}


def _written(cell: Cell) -> str:
    """A cell of a spreadsheet as people would read it."""
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _clean(text: str) -> str:
    """On one line, controls and direction marks left out, at most :data:`MAX_CELL` characters."""
    kept = "".join(c if _shows(c) else " " for c in text[: MAX_CELL * 4])
    return " ".join(kept.split())[:MAX_CELL]


def _shows(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _patient(
    line: int, found: Mapping[str, str], places: Mapping[str, Service], doubts: list[Doubt]
) -> Patient | None:
    name = " ".join(
        part for part in (found.get("name") or found.get("birth_name", ""), found.get("first", ""))
        if part
    )  # fmt: skip
    if not name:
        doubts.append(
            Doubt(line, "une ligne sans nom", "Écrivez le nom ; elle n'est pas imprimée.")
        )
        return None
    written = found.get("ward", "")
    service = places.get(_key(written))
    if service is None:
        what = (
            f"« {name} » : service « {written} » inconnu"
            if written
            else f"« {name} » : sans service"
        )
        doubts.append(
            Doubt(line, what, "Écrivez le nom ou le code du service, ou l'une de ses unités.")
        )
    born = _birth(found.get("born", ""))
    if born is None:
        born = found.get("born", "") or "?"
        doubts.append(
            Doubt(line, f"« {name} » : naissance « {born} »", "Écrivez-la comme 12/04/1951.")
        )
    if not found.get("ipp"):
        doubts.append(Doubt(line, f"« {name} » : sans IPP", "Écrivez-le sur l'étiquette."))
    bed = " ".join(part for part in (found.get("room", ""), found.get("bed", "")) if part)
    return Patient(service.code if service else "", bed, name, born, found.get("ipp") or "?")


def _birth(text: str) -> str | None:
    """« 12/04/1951 »; None when it is not surely a date of birth."""
    words = text.strip().lower().replace("1er", "1")
    if found := re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})", words):
        day, month, year = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})(?:[t ].*)?", words):
        year, month, day = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{1,2}) ([a-zéûôà.]+) (\d{4})", words):
        bare = unicodedata.normalize("NFKD", found[2]).encode("ascii", "ignore").decode()
        month = next((n for short, n in _MONTHS.items() if bare.startswith(short)), 0)
        day, year = int(found[1]), int(found[3])
    else:
        return None
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return f"{born:%d/%m/%Y}" if born.year >= 1890 else None


def _places(establishment: Establishment) -> dict[str, Service]:
    """Codes, names and units, as people may write them."""
    found: dict[str, Service] = {}
    for service in establishment.services:
        bare = service.name.partition("(")[0]
        for said in (service.code, service.name, *service.units, bare):
            found.setdefault(_key(said), service)
    return found


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", normal(text))


def _bed_order(bed: str) -> tuple[object, ...]:
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part)
                 for part in re.findall(r"\d+|\D+", bed))  # fmt: skip
