"""Censuses as hospitals export them: whatever their headers, nobody is lost on the way."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook

from releve.establishment.imports.reading import Reader
from releve.incident.binder.census import MAX_BYTES, MAX_ROWS, read_census
from releve.incident.binder.errors import CensusUnreadable
from releve.incident.binder.material import Census
from tests.incident import paper

ESTABLISHMENT = paper.valbrume()[0]
TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One confined process for many files."""
    with Reader() as running:
        yield running


def read(text: str | bytes, name: str = "recensement.csv") -> Census:
    data = text.encode() if isinstance(text, str) else text
    return read_census(name, data, ESTABLISHMENT, today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "Service;Chambre;Lit;Nom;Prénom;Né(e) le;IPP\nURG;12;P;DUPONT;Élise;12/04/1951;800012\n",
        "Édition du 28/11/2026\n\nUF,Lit,NOM USUEL,Prénoms,Date de naissance,N° IPP\n"
        "Urgences et UHCD,12 P,DUPONT,Élise,1951-04-12,800012\n",
        "service\tlit\tnom\tprenom\tddn\tipp\nurg\t12 P\tDUPONT\tÉlise\t12 avril 1951\t800012\n",
        "Libellé UF;N° lit;Nom et prénom;Née le;NIP\n URG ;12 P;DUPONT Élise;12.04.1951;800012\n",
        "us;lit;nom;prénom;naissance;ipp\r\nUrg;12 P;DUPONT;Élise;12 avr. 1951;800012\r\n",
    ],
)
def test_the_same_patient_under_five_headers(text: str) -> None:
    found = read(text)
    (patient,) = found.patients
    assert (patient.ward, patient.bed, patient.name) == ("URG", "12 P", "DUPONT Élise")
    assert (patient.born, patient.ipp) == ("12/04/1951", "800012")
    assert found.doubts == ()


def test_windows_text_and_utf_16_are_read() -> None:
    text = "Service;Lit;Nom;Prénom;Né(e) le;IPP\nURG;1;LÉVÊQUE;Zoé;01/02/1950;7\n"
    for data in (text.encode("cp1252"), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert read(data).patients[0].name == "LÉVÊQUE Zoé"


def test_spreadsheets_with_dates_and_numbers_as_such() -> None:
    from datetime import datetime

    book = Workbook()
    empty, sheet = book.active, book.create_sheet("Présents")
    assert empty is not None
    sheet.append(["Centre hospitalier", None, None])
    sheet.append(["Service", "Lit", "Nom", "Prénom", "Né le", "IPP"])
    sheet.append(["REA", 4, "DUPONT", "Élise", datetime(1951, 4, 12), 800012])  # noqa: DTZ001
    out = io.BytesIO()
    book.save(out)
    (patient,) = read(out.getvalue(), "recensement.xlsx").patients
    assert (patient.ward, patient.bed, patient.born, patient.ipp) == (
        "REA", "4", "12/04/1951", "800012",
    )  # fmt: skip

    document = OpenDocumentSpreadsheet()
    table = Table(name="Présents")
    for line in (["Service", "Lit", "Nom", "Né le", "IPP"], ["MAT", "2", "A", "01/01/1990", "1"]):
        row = TableRow()
        for text in line:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    assert read(out.getvalue(), "recensement.ods").patients[0].ward == "MAT"


def test_what_is_doubtful_is_listed_with_its_line_and_the_patient_kept() -> None:
    found = read(
        "Service;Lit;Nom;Né(e) le;IPP\n"
        "NULLE;1;PERDU;12/04/1951;1\n"
        "URG;2;DATE;31/02/1951;2\n"
        "URG;3;SANS;01/01/1950;\n"
        ";;;;\n"
        "URG;4;;01/01/1950;4\n"
        "URG;2;DATE;31/02/1951;2\n"
    )
    assert [one.name for one in found.patients] == ["PERDU", "DATE", "DATE", "SANS"]
    told = [(doubt.line, doubt.what) for doubt in found.doubts]
    assert (2, "« PERDU » : service « NULLE » inconnu") in told
    assert (3, "« DATE » : naissance « 31/02/1951 »") in told
    assert (4, "« SANS » : sans IPP") in told
    assert (6, "une ligne sans nom") in told
    assert (7, "« DATE » est déjà à la ligne 3") in told
    assert all(doubt.remedy for doubt in found.doubts)


def test_formulas_and_hidden_characters_are_text() -> None:
    found = read('Service;Lit;Nom;IPP\nURG;1;"=HYPERLINK(""x"")\u202e\x07";1\n')
    assert found.patients[0].name == '=HYPERLINK("x")'


def test_beds_are_in_the_order_of_the_corridor() -> None:
    lines = "".join(f"URG;{bed};N{bed};\n" for bed in ("B10", "B2", "A1", "B1"))
    assert [p.bed for p in read("Service;Lit;Nom;IPP\n" + lines).patients] == [
        "A1", "B1", "B2", "B10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "vide"),
        (b"a;b;c\n1;2;3\n", "colonne"),
        (b"PK\x03\x04abc", "ab\u00eem\u00e9"),
        (b"\x00\x01\x02" * 50, "ni du texte"),
        (b"Nom;Lit\n" + b"A;1\n" * (MAX_ROWS + 5), "plus de"),
        (b"x" * (MAX_BYTES + 1), "dépasse"),
    ],
)
def test_a_file_that_is_no_census_says_why(data: bytes, said: str) -> None:
    with pytest.raises(CensusUnreadable) as refused:
        read(data)
    assert said in str(refused.value)
    assert refused.value.remedy


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(reader: Reader, data: bytes) -> None:
    given = b"Service;Lit;Nom;IPP\n" + data
    try:
        found = read_census("recensement.csv", given, ESTABLISHMENT, reader, today=TODAY)
    except CensusUnreadable:
        return
    for patient in found.patients:
        assert patient.name and patient.name.isprintable()


def test_a_hospital_of_480_beds_is_read_whole(tmp_path: Path) -> None:
    lines = [
        f"{service.code};{n};NOM{n};12/04/1951;{service.code}{n}"
        for service in ESTABLISHMENT.services
        for n in range(service.beds)
    ]
    found = read("Service;Lit;Nom;Né(e) le;IPP\n" + "\n".join(lines))
    assert len(found.patients) == 480 and found.doubts == ()


HEADER = ["Service", "Lit", "Nom", "Né le", "IPP"]


def workbook(**sheets: list[list[str | int]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in (HEADER, *rows):
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_service_that_two_are_called_places_nobody_and_names_both() -> None:
    first, second, *rest = ESTABLISHMENT.services
    twins = (
        replace(first, code="CHIV", name="Chirurgie (viscérale)", units=("1201",)),
        replace(second, code="CHIO", name="Chirurgie (orthopédie)", units=("1202",)),
    )
    there = replace(ESTABLISHMENT, services=(*twins, *rest))
    text = (
        "Service;Lit;Nom;Né(e) le;IPP\nChirurgie;1;A;01/01/1950;1\n1202;2;B;01/01/1950;2\n"
        "Chirurgie viscérale;3;C;01/01/1950;3\n"
    )
    found = read_census("recensement.csv", text.encode(), there, today=TODAY)
    assert {one.name: one.ward for one in found.patients} == {"A": "", "B": "CHIO", "C": "CHIV"}
    (doubt,) = found.doubts
    assert doubt.line == 2
    assert "« Chirurgie (viscérale) » (CHIV) et « Chirurgie (orthopédie) » (CHIO)" in doubt.what


def test_of_several_sheets_those_present_are_read_never_those_who_left() -> None:
    gone: list[list[str | int]] = [["URG", n, f"PARTI{n}", "01/01/1950", n] for n in range(9)]
    here: list[list[str | int]] = [["URG", 1, "LA", "01/01/1950", 77]]
    rest: list[list[str | int]] = [["URG", n, f"AUTRE{n}", "01/01/1950", n] for n in range(5)]
    data = workbook(Sortis=gone, Feuil2=rest, Hospitalisés=here)
    found = read(data, "recensement.xlsx")
    assert [one.name for one in found.patients] == ["LA"]
    (doubt,) = found.doubts
    assert doubt.line == 0
    assert doubt.what == "feuille « Hospitalisés » lue ; pas lue : « Sortis » et « Feuil2 »"
    found = read(workbook(**{"Archive 2025": gone, "Feuil1": here}), "recensement.xlsx")
    assert [one.name for one in found.patients] == ["LA"]
    with pytest.raises(CensusUnreadable, match="Sorties du jour"):
        read(workbook(**{"Sorties du jour": gone, "Notes": []}), "recensement.xlsx")
    assert len(read(workbook(Sortis=here), "recensement.xlsx").patients) == 1


def test_the_birth_name_is_printed_beside_the_usual_one() -> None:
    head = "Service;Lit;Nom usuel;Nom de naissance;Prénom;Né(e) le;IPP\n"
    lines = (
        "URG;1;DURAND;MARTIN;Élise;01/01/1950;1\nURG;2;PETIT;Petit;Zoé;01/01/1950;2\n"
        "URG;3;;ROUX;Ana;01/01/1950;3\nURG;4;BLANC née NOIR;NOIR;Lou;01/01/1950;4\n"
        "URG;5;MARTIN DURAND;MARTIN;Ève;01/01/1950;5\nURG;6;VERT;-;Max;01/01/1950;6\n"
    )
    assert [one.name for one in read(head + lines).patients] == [
        "DURAND née MARTIN Élise", "PETIT Zoé", "ROUX Ana", "BLANC née NOIR Lou",
        "MARTIN DURAND née MARTIN Ève", "VERT Max",
    ]  # fmt: skip
    whole = "Service;Lit;Nom et prénom;Nom de naissance;Né(e) le;IPP\n"
    found = read(whole + "URG;1;DURAND Élise;DURAND;01/01/1950;1\n")
    assert found.patients[0].name == "DURAND Élise"


def test_two_in_a_bed_impossible_births_and_numbers_the_spreadsheet_spoilt() -> None:
    found = read(
        "Service;Lit;Nom;Né(e) le;IPP\nURG;1;A;01/01/1950;1\nURG;1;B;01/01/1950;2\n"
        "URG;3;C;12/04/2031;3\nURG;4;D;28/11/1906;4\nURG;5;E;29/11/1906;5\n"
        'URG;6;F;01/01/1950;"8,00012E+11"\nURG;7;G;01/01/1950;\nURG;8;H;01/01/1950;\n'
    )
    told = {doubt.line: doubt.what for doubt in found.doubts}
    assert told == {
        3: "« B » est dans le lit 1, comme « A » (ligne 2)",
        4: "« C » : naissance le 12/04/2031, dans l'avenir",
        5: "« D » : naissance le 28/11/1906, il y a plus de 120 ans",
        7: "« F » : IPP illisible dans le tableur (« 8,00012E+11 »)",
        8: "« G » : sans IPP",
        9: "« H » : sans IPP",
    }
    assert [one.ipp for one in found.patients if one.name == "F"] == ["?"]
    assert len(found.patients) == 8


def test_a_number_longer_than_a_spreadsheet_keeps_is_not_printed() -> None:
    rows: list[list[str | int]] = [
        ["URG", 1, "A", "01/01/1950", 8_000_120_000_000_123_456],
        ["URG", 2, "B", "01/01/1950", 800_012_000_000],
    ]
    found = read(workbook(Présents=rows), "recensement.xlsx")
    assert [one.ipp for one in found.patients] == ["?", "800012000000"]
    assert [doubt.line for doubt in found.doubts] == [2]
