"""A census that people export: CSV, XLSX or ODS, whatever their headers are called.

One line is one patient: service (or unit), bed, name, birth date, IPP. What cannot be read for sure
is a :class:`Doubt` with its line and its remedy; the patient is kept when there is at least a name,
because a missing patient is worse than an incomplete label. Pure: bytes in, values out; calamine
(Rust) reads the sheets, within limits.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from releve.establishment import Establishment, Service
from releve.establishment.text import normal
from releve.incident.binder.errors import CensusUnreadable
from releve.incident.binder.material import Census, Doubt, Patient

MAX_BYTES, MAX_INFLATED, MAX_ROWS, MAX_COLUMNS, MAX_CELL = 16 << 20, 256 << 20, 20_000, 200, 200
#: How far down the header may stand: titles and dates often come before it.
_HEADER_WITHIN = 30
_SEPARATORS = ";,\t|"
_SHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MONTHS = {
    "janv": 1, "fevr": 2, "mars": 3, "avr": 4, "mai": 5, "juin": 6,
    "juil": 7, "aout": 8, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
#: What people call each column, without case, accents nor signs.
_HEADERS: Mapping[str, str] = {
    "ward": """service uf unite unite_fonctionnelle unite_de_soins us ward code_uf code_service
        libelle_uf libelle_service uf_hebergement uf_d_hebergement localisation""",
    "room": "chambre ch n_chambre no_chambre numero_chambre room",
    "bed": "lit n_lit no_lit numero_lit bed place porte lit_place",
    "name": """nom nom_patient patient nom_usuel nom_utilise nom_d_usage nom_prenom nom_et_prenom
        name nom_du_patient resident nom_resident nom_prenoms""",
    "birth_name": "nom_de_naissance nom_naissance nom_jf",
    "first": "prenom prenoms prenom_usuel first_name",
    "born": """ne_le nee_le ne_e_le ne_nee_le date_de_naissance date_naissance naissance ddn dn
        birth_date""",
    "ipp": "ipp n_ipp no_ipp numero_ipp nip n_patient numero_patient id_patient",
}


def read_census(name: str, data: bytes, establishment: Establishment) -> Census:
    """The census of a file called ``name``. Raises :class:`CensusUnreadable`."""
    rows = _rows(name, data)
    at, columns = _header(name, rows)
    places = _places(establishment)
    patients: list[Patient] = []
    doubts: list[Doubt] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, cells in enumerate(rows[at + 1 :], at + 2):
        found = {key: _clean(cells[i]) for key, i in columns.items() if i < len(cells)}
        if not any(found.values()):
            continue
        patient = _patient(number, found, places, doubts)
        if patient is None:
            continue
        key = (patient.ipp,) if patient.ipp else (patient.name, patient.born, patient.bed)
        if key in seen:
            what = f"« {patient.name} » est déjà à la ligne {seen[key]}"
            doubts.append(Doubt(number, what, "Gardez une ligne ; les deux sont imprimées."))
        seen.setdefault(key, number)
        patients.append(patient)
    ordered = sorted(patients, key=lambda one: (one.ward, _bed_order(one.bed)))
    return Census(f"fichier {name[:60]}", None, tuple(ordered), tuple(doubts))


def _rows(name: str, data: bytes) -> list[list[str]]:
    if len(data) > MAX_BYTES:
        raise CensusUnreadable(file=name, why=f"il dépasse {MAX_BYTES >> 20} Mio")
    rows = _sheet(name, data) if data.startswith(_SHEETS) else _csv(name, data)
    if not rows:
        raise CensusUnreadable(file=name, why="il est vide")
    return rows


def _sheet(name: str, data: bytes) -> list[list[str]]:
    """The sheet with the most lines, of an XLSX, ODS or XLS."""
    from python_calamine import CalamineError, CalamineWorkbook

    if data.startswith(b"PK"):
        _check_inflated(name, data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [book.get_sheet_by_index(n) for n in range(min(20, len(book.sheet_names)))]
        best = max(sheets, key=lambda sheet: sheet.total_height, default=None)
        found = best.to_python(skip_empty_area=True, nrows=MAX_ROWS + 1) if best else []
    except (CalamineError, ValueError, OSError) as error:
        raise CensusUnreadable(file=name, why="le classeur est abîmé ou chiffré") from error
    return _limited(name, [[_written(cell) for cell in row[:MAX_COLUMNS]] for row in found])


def _check_inflated(name: str, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise CensusUnreadable(file=name, why="le classeur est abîmé") from error
    if size > MAX_INFLATED:
        raise CensusUnreadable(file=name, why="décompressé, il serait trop gros")


def _csv(name: str, data: bytes) -> list[list[str]]:
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CensusUnreadable(file=name, why="ce n'est pas un fichier de texte")
    text = _decoded(data)
    head = text[:20_000]
    separator = max(_SEPARATORS, key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        rows = []
        for row in reader:
            rows.append(row[:MAX_COLUMNS])
            if len(rows) > MAX_ROWS:
                break
    except csv.Error as error:
        raise CensusUnreadable(file=name, why="des guillemets ne sont pas refermés") from error
    return _limited(name, rows)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _limited(name: str, rows: list[list[str]]) -> list[list[str]]:
    if len(rows) > MAX_ROWS:
        raise CensusUnreadable(file=name, why=f"il a plus de {MAX_ROWS} lignes")
    return rows


def _written(cell: object) -> str:
    """A cell of a spreadsheet as people would read it."""
    if isinstance(cell, datetime | date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _header(name: str, rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """The line that names most columns, and where each stands."""
    best: tuple[int, dict[str, int]] = (0, {})
    for number, cells in enumerate(rows[:_HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for place, cell in enumerate(cells):
            known = _column(cell)
            if known is not None:
                columns.setdefault(known, place)
        if len(columns) > len(best[1]):
            best = number, columns
    if not {"name", "birth_name"} & best[1].keys():
        raise CensusUnreadable(file=name, why="aucune ligne d'en-tête n'a de colonne « nom »")
    return best


def _column(cell: str) -> str | None:
    said = re.sub(r"[^a-z]+", "_", normal(cell)).strip("_")
    return next((key for key, names in _HEADERS.items() if said in names.split()), None)


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
