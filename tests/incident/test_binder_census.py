"""Censuses as hospitals export them: whatever their headers, nobody is lost on the way."""

from __future__ import annotations

import io
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One confined process for many files."""
    with Reader() as running:
        yield running


def read(text: str | bytes, name: str = "recensement.csv") -> Census:
    data = text.encode() if isinstance(text, str) else text
    return read_census(name, data, ESTABLISHMENT)


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
        found = read_census("recensement.csv", given, ESTABLISHMENT, reader)
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
