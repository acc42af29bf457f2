"""What the confined readers make of files of every kind, sound and hostile."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from releve.establishment.imports.book import Book, Cell
from releve.establishment.imports.errors import FileUnreadable
from releve.establishment.imports.reading import Reader, read_book
from releve.kernel.confinement.closing import Limits
from tests.establishment.imports.files import csv, xlsx

_ROWS = [["Nom", "Prénom", "Œuvre"], ["LECŒUR", "Élise", "dépôt à l'été"]]


def rows(book: Book, sheet: int = 0) -> list[list[Cell]]:
    return [list(cells) for _, cells in book.sheets[sheet].rows]


@pytest.mark.parametrize(
    ("codec", "separator"),
    [
        ("utf-8", ";"), ("utf-8-sig", ","), ("utf-16", "\t"), ("cp1252", ";"), ("latin-1", "\t"),
        ("mac_roman", ";"), ("utf-16-le", ";"),
    ],
)  # fmt: skip
def test_text_of_any_encoding_and_separator(codec: str, separator: str) -> None:
    plain = [[cell.replace("Œ", "E").replace("œ", "e") for cell in row] for row in _ROWS]
    wanted = plain if codec == "latin-1" else _ROWS
    data = "\r\n".join(separator.join(row) for row in wanted).encode(codec)
    assert rows(read_book(data, "liste.csv")) == wanted


def test_old_mac_line_ends_and_quotes_with_line_breaks() -> None:
    data = 'Nom;Tél\r"MARTIN\rPaul";"06 39 98 00 12 ; poste 4521"\r'.encode("mac_roman")
    assert rows(read_book(data, "x"))[1] == ["MARTIN\rPaul", "06 39 98 00 12 ; poste 4521"]


def test_a_quote_never_closed_loses_no_line() -> None:
    lines = ['MARTIN;"le chef', *(f"NOM{n};IDE" for n in range(4000))]
    assert len(read_book(csv("Nom;Fonction", *lines), "x").sheets[0].rows) == 4002


def test_dates_of_both_calendars_and_formulas_never_computed() -> None:
    for epoch in (None, CALENDAR_MAC_1904):
        book = Workbook()
        if epoch:
            book.epoch = epoch
        sheet = book.worksheets[0]
        sheet.append(["Jour", "Somme"])
        sheet.append([date(2026, 11, 23), "=1+1"])
        out = io.BytesIO()
        book.save(out)
        read = read_book(out.getvalue(), "x")
        day = read.sheets[0].rows[1][1][0]
        assert (day.date() if isinstance(day, datetime) else day) == date(2026, 11, 23)
        assert read.sheets[0].formulas == {(2, 2): "=1+1"}
        assert 2 not in read.sheets[0].rows[1][1]


def test_a_merged_cell_speaks_for_all_its_range() -> None:
    data = xlsx(("L", [["Service", "Nom"], ["Urgences", "A"], [None, "B"]]), merged=["A2:A3"])
    assert rows(read_book(data, "x"))[1:] == [["Urgences", "A"], ["Urgences", "B"]]


def test_a_value_lost_in_the_last_corner_costs_nothing() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Nom", "Tél"])
    sheet.append(["MARTIN", "06 39 98 00 12"])
    sheet["XFD1048576"] = " "
    out = io.BytesIO()
    book.save(out)
    assert rows(read_book(out.getvalue(), "x")) == [["Nom", "Tél"], ["MARTIN", "06 39 98 00 12"]]


def test_a_million_styled_empty_lines_are_read_past() -> None:
    """A sheet whose used range is 1,048,576 × 16,384, of which two lines say something."""
    plain = io.BytesIO(xlsx(("L", [["Nom"], ["MARTIN"]])))
    empties = b"".join(b'<row r="%d" ht="15"/>' % n for n in range(3, 1_048_577))
    corner = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row>'
    out = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.endswith("sheet1.xml"):
                data = data.replace(b"</sheetData>", empties + corner + b"</sheetData>")
            new.writestr(info.filename, data)
    assert rows(read_book(out.getvalue(), "x")) == [["Nom"], ["MARTIN"]]


def test_opendocument_with_a_million_repeated_empties() -> None:
    document: Any = OpenDocumentSpreadsheet()
    table = Table(name="Liste")
    for texts in (["Nom", "Tél"], ["MARTIN", "06 39 98 00 12"]):
        row = TableRow()
        for text in texts:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    empty = TableRow(numberrowsrepeated=1_048_574)
    empty.addElement(TableCell(numbercolumnsrepeated=16_384))
    table.addElement(empty)
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    assert rows(read_book(out.getvalue(), "x.ods"))[1] == ["MARTIN", "06 39 98 00 12"]


def _liar() -> bytes:
    """Says that it unpacks to 2 GiB."""
    data = bytearray(xlsx(("L", [["Nom"]])))
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (2 << 30).to_bytes(4, "little")
    return bytes(data)


_LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "il est vide"),
        (b"\0" * 5000, "il est vide"),
        (b"PK\x03\x04" + b"x" * 200, "coupé ou abîmé"),
        (xlsx(("L", [["Nom"]]))[:-300], "coupé ou abîmé"),
        (b"%PDF-1.7 ...", "c'est un PDF"),
        (b"MZ\x90\0\x03\0\0\0" * 99, "ni un classeur connu, ni du texte"),
        (b'{"a": [', "coupé"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "pas un classeur lisible"),
        ((_LAUGHS + "]><x>&j;</x>").encode(), "c'est du XML"),
    ],
    ids=["empty", "zeros", "no-zip", "cut", "pdf", "program", "json", "ole2", "laughs"],
)
def test_what_cannot_be_read_is_said_without_a_trace(data: bytes, why: str) -> None:
    with pytest.raises(FileUnreadable, match=why) as told:
        read_book(data, "fichier\u202e.xlsx")
    assert "Traceback" not in str(told.value) and "\u202e" not in str(told.value)


def test_what_unpacks_beyond_measure_is_refused() -> None:
    with pytest.raises(FileUnreadable, match="déplié, il prendrait"):
        read_book(_liar(), "x.xlsx")


def test_entities_inside_a_workbook_are_not_expanded() -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(("L", [["Nom"]])))) as old,
        zipfile.ZipFile(out, "w") as new,
    ):
        for info in old.infolist():
            evil = (_LAUGHS + "]><workbook>&j;</workbook>").encode()
            new.writestr(
                info.filename, evil if info.filename == "xl/workbook.xml" else old.read(info)
            )
    with pytest.raises(FileUnreadable):
        read_book(out.getvalue(), "x.xlsx")


def test_a_reader_that_stays_too_long_is_ended_and_the_next_file_is_read() -> None:
    with Reader(Limits(seconds=1, memory=200 << 20)) as reader:
        with pytest.raises(FileUnreadable, match=r"sa lecture a été arrêtée|mémoire"):
            reader.tables(b"a;" * (30 << 20), "lourd.csv")
        assert b"MARTIN" in reader.tables(csv("Nom", "MARTIN"), "x.csv")


def test_passwords_never_leave_the_process() -> None:
    ldif = b"dn: cn=a,dc=x\ncn: a\nuserPassword:: c2VjcmV0\nunicodePwd: abc\nmail: a@b.example\n"
    with Reader() as reader:
        said = reader.tables(ldif, "x.ldf")
        said += reader.tables(csv("cn;ms-Mcs-AdmPwd;mail", "a;S3cr3t!;a@b.example"), "x.csv")
        said += reader.tables(
            b'[{"name": "a", "user_password": "S3cr3t!", "pwd": "xyz"}]', "x.json"
        )
    for secret in (b"c2VjcmV0", b'"secret"', b"abc", b"xyz", b"S3cr3t!"):
        assert secret not in said
    assert b'"userPassword": 1' in said and b'"ms-Mcs-AdmPwd": 1' in said


def test_ldif_continuations_base64_and_changes() -> None:
    ldif = (
        "version: 1\n\n# un commentaire\ndn: CN=Élise MAR\n TIN,DC=x\nchangetype: add\n"
        "sn:: TUFSVElOIETDiUxJQQ==\nmail: elise\n @x.example\n\n"
        "dn: CN=b,DC=x\nchangetype: delete\n\n"
    ).encode()
    book = read_book(ldif, "x.ldf")
    assert rows(book) == [
        ["dn", "sn", "mail"],
        ["CN=Élise MARTIN,DC=x", "MARTIN DÉLIA", "elise@x.example"],
    ]
    assert "1 modification(s)" in book.sheets[0].notes[0]


def test_a_web_page_called_xls_is_read() -> None:
    page = "<html><body><table><tr><th>Nom<th>Tél</tr><tr><td>MARTIN</td><td>4521</td></tr></table>"
    assert rows(read_book(page.encode("cp1252"), "export.xls"))[1] == ["MARTIN", "4521"]
