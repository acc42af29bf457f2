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
from decimal import Decimal

from releve.establishment import Establishment, Service
from releve.establishment.faults import listed
from releve.establishment.imports.book import Book, Cell, Sheet
from releve.establishment.imports.errors import FileUnreadable
from releve.establishment.imports.layout import Layout
from releve.establishment.imports.reading import Reader, read_book
from releve.establishment.text import normal
from releve.establishment.words import key
from releve.incident.binder.census_sheet import census_sheet
from releve.incident.binder.errors import CensusUnreadable
from releve.incident.binder.material import Census, Doubt, Patient

MAX_BYTES, MAX_ROWS, MAX_CELL = 16 << 20, 20_000, 200
#: What is printed where a value is not known.
_UNKNOWN = "?"
_OLDEST = 120
#: A spreadsheet keeps fifteen digits of a number, and may show « 8,00012E+11 » of it.
_DIGITS_KEPT = 10**15
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?e[+-]\d+", re.IGNORECASE)
_MONTHS = {
    "janv": 1, "fevr": 2, "mars": 3, "avr": 4, "mai": 5, "juin": 6,
    "juil": 7, "aout": 8, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip


def read_census(
    name: str,
    data: bytes,
    establishment: Establishment,
    reader: Reader | None = None,
    *,
    today: date,
) -> Census:
    """The census of a file called ``name``; ``reader``: one that already runs, else one is started
    for this file; nobody is born after ``today``. Raises :class:`CensusUnreadable`.
    """
    places = _places(establishment)
    sheet, layout, doubted = census_sheet(name, _book(name, data, reader))
    patients: list[Patient] = []
    doubts = list(doubted)
    seen: dict[tuple[str, ...], int] = {}
    beds: dict[tuple[str, ...], tuple[int, str]] = {}
    for number, found in _lines(name, sheet, layout):
        patient = _patient(number, found, places, doubts, today)
        if patient is None:
            continue
        known = patient.ipp != _UNKNOWN
        same = (patient.ipp,) if known else (patient.name, patient.born, patient.bed)
        if same in seen:
            what = f"« {patient.name} » est déjà à la ligne {seen[same]}"
            doubts.append(Doubt(number, what, "Gardez une ligne ; les deux sont imprimées."))
        elif patient.ward and found.get("bed"):
            _alone(number, patient, (_key(found["ward"]), _key(patient.bed)), beds, doubts)
        seen.setdefault(same, number)
        patients.append(patient)
    ordered = sorted(patients, key=lambda one: (one.ward, _bed_order(one.bed)))
    return Census(f"fichier {name[:60]}", None, tuple(ordered), tuple(doubts))


def _alone(
    line: int,
    patient: Patient,
    place: tuple[str, ...],
    beds: dict[tuple[str, ...], tuple[int, str]],
    doubts: list[Doubt],
) -> None:
    """A doubt when somebody else lies in that bed of that service, or of that unit of it."""
    before, other = beds.setdefault(place, (line, patient.name))
    if before != line:
        what = (
            f"« {patient.name} » est dans le lit {patient.bed}, comme « {other} » (ligne {before})"
        )
        doubts.append(Doubt(line, what, "Voyez au lit qui s'y trouve ; les deux sont imprimés."))


def _book(name: str, data: bytes, reader: Reader | None) -> Book:
    """What the confined process makes of it: nothing of the file is parsed in this one."""
    if len(data) > MAX_BYTES:
        raise CensusUnreadable(file=name, why=f"il dépasse {MAX_BYTES >> 20} Mio")
    try:
        return reader.book(data, name) if reader is not None else read_book(data, name)
    except FileUnreadable as error:
        raise CensusUnreadable(file=name, why=str(error.data["why"])) from error


def _lines(name: str, sheet: Sheet, layout: Layout) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, what it says by field) under the header; lines that say nothing are left out."""
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
    if isinstance(cell, int | float) and abs(cell) >= _DIGITS_KEPT:
        return f"{Decimal(cell):.5E}"
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
    line: int,
    found: Mapping[str, str],
    places: Mapping[str, tuple[Service, ...]],
    doubts: list[Doubt],
    today: date,
) -> Patient | None:
    name = _name(found)
    if not name:
        doubts.append(
            Doubt(line, "une ligne sans nom", "Écrivez le nom ; elle n'est pas imprimée.")
        )
        return None
    ward = _ward(line, name, found.get("ward", ""), places, doubts)
    born = _born(line, name, found.get("born", ""), doubts, today)
    bed = " ".join(part for part in (found.get("room", ""), found.get("bed", "")) if part)
    return Patient(ward, bed, name, born, _ipp(line, name, found.get("ipp", ""), doubts))


def _name(found: Mapping[str, str]) -> str:
    """« DURAND née MARTIN Élise »: the birth name is printed when it is not the usual one."""
    usual, birth, first = (found.get(field, "") for field in ("name", "birth_name", "first"))
    last = usual or birth
    if usual and key(birth) and not _bears(usual, birth, whole=bool(first)):
        last = f"{usual} née {birth}"
    return " ".join(part for part in (last, first) if part)


def _bears(usual: str, birth: str, *, whole: bool) -> bool:
    """Whether a usual name is the birth name, or already says it. ``whole``: no first name may
    stand in it.
    """
    words = usual.split()
    count = next((n for n, word in enumerate(words) if not word.isupper()), len(words))
    last = usual if whole else " ".join(words[:count]) or usual
    return key(last) == key(birth) or re.search(rf"\bnee? {key(birth)}\b", key(usual)) is not None


def _ward(
    line: int,
    name: str,
    written: str,
    places: Mapping[str, tuple[Service, ...]],
    doubts: list[Doubt],
) -> str:
    """The code of the one service that is called so; "", with a doubt, when none or several are."""
    called = places.get(_key(written), ())
    if len(called) == 1:
        return called[0].code
    what, remedy = f"« {name} » : sans service", "Écrivez le nom ou le code du service."
    if called:
        which = listed([f"« {service.name} » ({service.code})" for service in called])
        what = f"« {name} » : service « {written} » : lequel de {which} ?"
        remedy = "Écrivez le code ; d'ici là, ce patient est imprimé sans service."
    elif written:
        what = f"« {name} » : service « {written} » inconnu"
        remedy = "Écrivez le nom ou le code du service, ou l'une de ses unités."
    doubts.append(Doubt(line, what, remedy))
    return ""


def _born(line: int, name: str, written: str, doubts: list[Doubt], today: date) -> str:
    """As printed; a doubt when it is no date, or nobody's alive."""
    born = _birth(written)
    if born is None:
        what = f"« {name} » : naissance « {written or _UNKNOWN} »"
        doubts.append(Doubt(line, what, "Écrivez-la comme 12/04/1951."))
        return written or _UNKNOWN
    said = f"{born.day:02}/{born.month:02}/{born.year:04}"
    why = ""
    if born > today:
        why = "dans l'avenir"
    elif (born.year + _OLDEST, born.month, born.day) < (today.year, today.month, today.day):
        why = f"il y a plus de {_OLDEST} ans"
    if why:
        what = f"« {name} » : naissance le {said}, {why}"
        doubts.append(Doubt(line, what, "Vérifiez l'année ; elle est imprimée comme écrite."))
    return said


def _ipp(line: int, name: str, written: str, doubts: list[Doubt]) -> str:
    """As printed; never what a spreadsheet made of it."""
    if _SCIENTIFIC.fullmatch(written):
        what = f"« {name} » : IPP illisible dans le tableur (« {written} »)"
        remedy = "Mettez la colonne au format texte et exportez de nouveau ; « ? » est imprimé."
    elif written:
        return written
    else:
        what, remedy = f"« {name} » : sans IPP", "Écrivez-le sur l'étiquette."
    doubts.append(Doubt(line, what, remedy))
    return _UNKNOWN


def _birth(text: str) -> date | None:
    """« 12/04/1951 » read; None when it is not surely a date of birth."""
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
        return date(year, month, day)
    except ValueError:
        return None


def _places(establishment: Establishment) -> dict[str, tuple[Service, ...]]:
    """Codes, then names, then units, then names without their bracket, as people may write them →
    the services called so.
    """
    found: dict[str, tuple[Service, ...]] = {}
    for said in (
        lambda each: (each.code,),
        lambda each: (each.name,),
        lambda each: each.units,
        lambda each: (each.name.partition("(")[0],),
    ):
        rank: dict[str, dict[str, Service]] = {}
        for service in establishment.services:
            for text in filter(None, map(_key, said(service))):
                rank.setdefault(text, {})[service.code] = service
        found = {text: tuple(called.values()) for text, called in rank.items()} | found
    return found


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", normal(text))


def _bed_order(bed: str) -> tuple[object, ...]:
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part)
                 for part in re.findall(r"\d+|\D+", bed))  # fmt: skip
