"""Grids drawn in other hands: levels, blocks, agendas, halves of days, and what must be said."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from releve.establishment.imports.standing import Standing
from tests.establishment.imports.files import csv, doubts, known, made, xlsx
from tests.establishment.imports.test_rotas import turns

_PEOPLE = """\
id;last_name;first_name;service;profession;phone;email;rpps
P1;MARTIN;Élise;URG;médecin;06 39 98 00 01;;
P2;DIALLO;Amadou;ADM;informaticien;06 39 98 00 02;;
P3;LE GOFF;Nora;;directrice;4012;;
P4;MARTIN;Paul;MED-A;médecin;06 39 98 00 04;;
P5;BERGAMOTE;Inès;ADM;informaticien;06 39 98 00 05;;
P6;BERGAMOTE;Igor;URG;aide-soignant;;;
"""
_AGENDA = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//FR\r\nEND:VCALENDAR\r\n"


@pytest.fixture(scope="module")
def hospital() -> Standing:
    return known(people_csv=_PEOPLE, oncall_ics=_AGENDA)


def days_of(found: Sequence[tuple[str, str, str, tuple[str, ...]]]) -> list[tuple[str, str, str]]:
    """(rota, day of the start, people)."""
    return [(rota, start[:5], " ".join(people)) for rota, start, _, people in found]


def test_levels_in_lines_under_merged_days_with_initials_at_the_side(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["Astreinte réseau", *[None] * 8, "ADI", "DIALLO Amadou"],
        ["FÉVRIER 2027", *[None] * 8, "IBE", "BERGAMOTE Inès"],
        [None, "L", "M", "M", "J", "V", "S", "D"],
        [None, 1, 2, 3, 4, 5, 6, 7],
        ["N1", "ADI", None, None, None, "IBE", None, None],
        ["N2", "IBE", None, None, None, None, None, "prestataire"],
    ]
    data = xlsx(("Feuil1", rows), merged=["B5:E5", "F5:H5", "B6:G6"])
    assert turns(hospital, data) == [
        ("Astreinte réseau N1", "01/02 08:30", "05/02 08:30", ("P2",)),
        ("Astreinte réseau N1", "05/02 08:30", "08/02 08:30", ("P5",)),
        ("Astreinte réseau N2", "01/02 08:30", "07/02 08:30", ("P5",)),
    ]
    assert [what for _, what in doubts(made("rota", data, hospital))] == [
        "« prestataire », inconnu des agents ; pas pris"
    ]


def test_initials_of_two_people_are_nobodys(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["Astreinte – mars 2027"],
        [None, *range(1, 8), None, "IB", "BERGAMOTE Inès"],
        ["Garde", *["IB"] * 7, None, "IB", "BERGAMOTE Igor"],
    ]
    proposal = made("rota", xlsx(("Feuil1", rows)), hospital, name="x.xlsx")
    assert "oncall.ics" not in proposal.files
    assert any("données à plusieurs agents" in what for _, what in doubts(proposal))


def test_weeks_dated_under_their_numbers_in_two_blocks(hospital: Standing) -> None:
    def block(first: int, start: date, marks: list[list[Any]]) -> list[list[Any]]:
        weeks = [start + timedelta(7 * n) for n in range(5)]
        return [
            ["Semaine", *[f"S{first + n:02d}" for n in range(5)]],
            ["à partir du", *[f"{day:%d/%m}" for day in weeks]],
            ["Mme LE GOFF Nora", *marks[0]],
            ["DIALLO Amadou", *marks[1]],
        ]

    o, x = None, "●"
    rows = [
        ["PERMANENCE DE DIRECTION 2027"],
        ["Du lundi 9 h au lundi 9 h"],
        *block(1, date(2027, 1, 4), [[x, o, x, o, x], [o, x, o, x, x]]),
        [],
        *block(6, date(2027, 2, 8), [[x, o, o, o, x], [o, x, o, "o", o]]),
    ]
    data = xlsx(("2027", rows))
    found = turns(hospital, data)
    assert found[0] == ("Permanence de direction", "04/01 09:00", "11/01 09:00", ("P3",))
    assert [start for _, start, _, _ in found] == [
        f"{day} 09:00" for day in ("04/01", "11/01", "18/01", "25/01", "08/02", "15/02", "01/03",
                                   "08/03")
    ]  # fmt: skip
    told = [what for _, what in doubts(made("rota", data, hospital))]
    assert len(told) == 2
    assert "plusieurs personnes à la fois" in told[0] and "personne de désigné" in told[1]


def test_a_week_number_that_its_date_belies_is_told(hospital: Standing) -> None:
    rows = [
        ["Astreinte SI 2027"],
        ["Semaine", "S02", "S03", "S04"],
        ["du", "04/01", "11/01", "18/01"],
        ["DIALLO Amadou", "x", "x", "x"],
    ]
    told = doubts(made("rota", xlsx(("2027", rows)), hospital))
    assert [line for line, what in told if "n'est pas la semaine du" in what] == [3, 3, 3]


def _ods(rows: Sequence[Sequence[tuple[str, int]]]) -> bytes:
    """Each cell with how many columns it spans."""
    book = OpenDocumentSpreadsheet()
    table = Table(name="Roulement")
    for row in rows:
        line = TableRow()
        for text, wide in row:
            spanned = {"numbercolumnsspanned": wide} if wide > 1 else {}
            cell = TableCell(valuetype="string", **spanned)
            cell.addElement(P(text=text))
            line.addElement(cell)
            if wide > 1:
                line.addElement(CoveredTableCell(numbercolumnsrepeated=wide - 1))
        table.addElement(line)
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.write(out)
    return out.getvalue()


def test_blocks_of_weeks_in_ods_merged_nights_go_over_the_year(hospital: Standing) -> None:
    def head(week: int, start: date) -> list[tuple[str, int]]:
        days = [start + timedelta(n) for n in range(7)]
        names = ["Lu", "Ma", "Me", "Je", "Ve", "Sa", "Di"]
        cells = [f"{name} {day:%d/%m}" for name, day in zip(names, days, strict=True)]
        return [(f"Sem. {week}", 1), *((cell, 1) for cell in cells)]

    rest = ("RH", 1)
    data = _ods(
        [
            [("ROULEMENT IDE DE NUIT – à compter du lundi 21 décembre 2026", 8)],
            head(52, date(2026, 12, 21)),
            [("Le Goff Nora", 1), ("N", 4), rest, rest, rest],
            [("Diallo Amadou", 1), ("CA", 4), ("N", 3)],
            head(53, date(2026, 12, 28)),
            [("Le Goff Nora", 1), rest, rest, rest, rest, ("N", 3)],
            [("Diallo Amadou", 1), ("N", 4), rest, rest, rest],
            [("N : 20h45-6h45 ; RH : repos hebdo", 8)],
        ]
    )
    found = turns(hospital, data, "roulement.ods")
    assert len(found) == 14
    assert found[0] == ("Ide de nuit", "21/12 20:45", "22/12 06:45", ("P3",))
    assert found[-1] == ("Ide de nuit", "03/01 20:45", "04/01 06:45", ("P3",))
    assert not doubts(made("rota", data, hospital))


def test_two_header_lines_halves_ditto_and_a_choice_not_made(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["JANVIER 2027"],
        [None, "GARDES", None, "ASTREINTES (18h30-8h30)"],
        [None, "SAU Jour 8h30-18h30", "Réa 24h", "Chirurgie"],
        ["Vendredi 1er janvier (FÉRIÉ)", "LE GOFF Nora", "DIALLO Amadou", "MARTIN Paul"],
        ["Samedi 2 janvier", "LE GOFF Nora", "DIALLO Amadou", "J : MARTIN Élise / N : MARTIN Paul"],
        ["Dimanche 3 janvier", "LE GOFF Nora", "DIALLO Amadou", "↓"],
        ["Lundi 4 janvier", "LE GOFF Nora", "DIALLO Amadou", "Dr MARTIN Paul ou Dr DUPIN"],
    ]
    data = xlsx(("Feuil1", rows), merged=["B2:C2"])
    found = turns(hospital, data)
    assert [each for each in found if each[0] == "Chirurgie"] == [
        ("Chirurgie", "01/01 18:30", "02/01 08:30", ("P4",)),
        ("Chirurgie", "02/01 08:30", "02/01 18:30", ("P1",)),
        ("Chirurgie", "02/01 18:30", "03/01 08:30", ("P4",)),
        ("Chirurgie", "03/01 08:30", "03/01 18:30", ("P1",)),
        ("Chirurgie", "03/01 18:30", "04/01 08:30", ("P4",)),
    ]
    assert ("SAU Jour", "04/01 08:30", "04/01 18:30", ("P3",)) in found
    assert ("Réa 24h", "04/01 08:30", "05/01 08:30", ("P2",)) in found
    proposal = made("rota", data, hospital)
    assert [(line, "au choix" in what) for line, what in doubts(proposal)] == [(7, True)]
    assert any("« ↓ » lu comme la case du dessus" in note for note in proposal.notes)
    assert any("« J » lu 08:30 → 18:30" in note for note in proposal.notes)


def test_one_sheet_a_month_abridged_names_and_totals_left_out(hospital: Standing) -> None:
    def sheet(month: int, names: list[str], mark: str | int) -> list[list[Any]]:
        days = [date(2027, month, day) for day in range(1, 9)]
        lines: list[list[Any]] = [[None, *days]]
        for place, name in enumerate(names):
            lines.append([name, *(mark if n // 4 == place else None for n in range(8))])
        return [*lines, ["Total", *[1] * 8]]

    data = xlsx(
        ("Récap", [["Nom", "Avril", "Mai"], ["BERGAMOTE Inès", 4, 4], ["LE GOFF Nora", 4, 4],
                   ["MARTIN Paul", 4, 4]]),
        ("avril 27", sheet(4, ["BERGAMOTE Inès", "LE GOFF Nora"], "g")),
        ("mai 27", sheet(5, ["BERGAMOTE I.", "LE GOFF N."], 1)),
    )  # fmt: skip
    proposal = made("rota", data, hospital, name="Gardes admin.xlsx")
    found = turns(hospital, data, "Gardes admin.xlsx")
    assert len(found) == 16 and {rota for rota, *_ in found} == {"Gardes admin"}
    assert found[8][1:] == ("01/05 08:30", "02/05 08:30", ("P5",))
    assert not doubts(proposal)
    assert any("non lues : Récap" in note for note in proposal.notes)
    assert any("« BERGAMOTE I » lu BERGAMOTE Inès" in note for note in proposal.notes)


def test_a_surname_alone_is_taken_and_to_be_confirmed(hospital: Standing) -> None:
    lines = ["du 04/01 au 10/01;BERGAMOTE Inès;Diallo Amadou", "du 11/01 au 17/01;BERGAMOTE;idem"]
    data = csv("Période;Titulaire;Suppléant", *lines, "du 18/01 au 24/01;LE GOFF;MARTIN")
    found = turns(hospital, data, "Astreinte informatique 2027.csv")
    assert [each for each in days_of(found) if "(suppléant)" not in each[0]] == [
        ("Astreinte informatique", "04/01", "P5"),
        ("Astreinte informatique", "11/01", "P5"),
        ("Astreinte informatique", "18/01", "P3"),
    ]
    assert ("Astreinte informatique (suppléant)", "11/01", "P2") in days_of(found)
    told = doubts(made("rota", data, hospital, name="Astreinte informatique 2027.csv"))
    assert [line for line, _ in told] == [3, 4] and "Inès" in told[0][1] and "pris" in told[0][1]


def test_an_agenda_whose_subject_names_the_person(hospital: Standing) -> None:
    head = "Objet,Début,Heure de début,Fin,Heure de fin,Journée entière,Description,Emplacement"
    tail = 'Faux,"Tél. 01 99 00 00 01",'
    data = csv(
        head,
        f"Astreinte réseau : DIALLO Amadou,7/12/2026,18:00:00,14/12/2026,08:00:00,{tail}",
        f"Bergamote Inès (astreinte réseau),14/12/2026,18:00:00,21/12/2026,08:00:00,{tail}",
        f"Astreinte réseau : à définir,21/12/2026,18:00:00,28/12/2026,08:00:00,{tail}",
        f"Congés DIALLO Amadou,22/12/2026,00:00:00,24/12/2026,00:00:00,{tail}",
        f"Réunion astreinte : DIALLO Amadou,8/12/2026,14:00:00,8/12/2026,15:00:00,{tail}",
    )
    assert turns(hospital, data, "calendrier.csv") == [
        ("Astreinte réseau", "07/12 18:00", "14/12 08:00", ("P2",)),
        ("Astreinte réseau", "14/12 18:00", "21/12 08:00", ("P5",)),
    ]
    assert sorted(line for line, _ in doubts(made("rota", data, hospital))) == [4, 5, 6]


def test_a_missing_end_and_a_line_without_its_day_are_told(hospital: Standing) -> None:
    data = csv(
        "Début;Fin;Qui;N°",
        "30/11/2026 17:00;07/12/2026 17:00;Amadou DIALLO;06 39 98 00 02",
        "07/12/2026 17:00;14/12/2026 17:00;Inès BERGAMOTE;06 39 98 00 05",
        "14/12/2026 17:00;;Amadou DIALLO;",
        ";;Inès BERGAMOTE;06 39 98 00 05",
        "21/12/2026 17:00;sans objet;Amadou DIALLO;06 39 98 00 02",
    )
    assert len(turns(hospital, data, "Astreinte biomed.csv")) == 2
    told = dict(doubts(made("rota", data, hospital)))
    assert "pas de fin" in told[4] and "jour absent" in told[5] and "fin illisible" in told[6]


def test_months_side_by_side_keep_their_own_names(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["Garde de direction 2027"],
        ["Janvier", None, "Février", None],
        ["Jour", "Nom", "Jour", "Nom"],
        [1, "LE GOFF", 1, "DIALLO"],
        [2, "LE GOFF", 2, "DIALLO"],
        [3, "LE GOFF", 3, "DIALLO"],
    ]
    data = xlsx(("2027", rows), merged=["A2:B2", "C2:D2"])
    assert [(day, who) for _, day, who in days_of(turns(hospital, data))] == [
        ("01/01", "P3"), ("02/01", "P3"), ("03/01", "P3"),
        ("01/02", "P2"), ("02/02", "P2"), ("03/02", "P2"),
    ]  # fmt: skip


def test_months_in_columns_days_in_lines(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["Garde de direction 2027"],
        ["Jour", "Février", "Mars"],
        *[[n, "LE GOFF", "DIALLO"] for n in range(27, 29)],
        *[[n, None, "DIALLO"] for n in range(29, 32)],
    ]
    found = days_of(turns(hospital, xlsx(("2027", rows))))
    assert {rota for rota, _, _ in found} == {"Garde de direction"}
    assert [(day, who) for _, day, who in found] == [
        ("27/02", "P3"), ("28/02", "P3"), *[(f"{n}/03", "P2") for n in range(27, 32)],
    ]  # fmt: skip
    assert not doubts(made("rota", xlsx(("2027", rows)), hospital))


def test_days_and_nights_under_each_service(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["Gardes décembre 2026"],
        ["Date", "Urgences", None, "Réa", None],
        [None, "Jour", "Nuit", "Jour", "Nuit"],
        *[
            [date(2026, 12, n), "MARTIN Paul", "MARTIN Élise", "LE GOFF", "DIALLO"]
            for n in (5, 6, 7)
        ],
    ]
    found = turns(hospital, xlsx(("F", rows), merged=["B2:C2", "D2:E2"]))
    assert len(found) == 12
    assert [each for each in found if each[1].startswith("05/12")] == [
        ("Réa Jour", "05/12 08:30", "05/12 18:30", ("P3",)),
        ("Réa Nuit", "05/12 18:30", "06/12 08:30", ("P2",)),
        ("Urgences Jour", "05/12 08:30", "05/12 18:30", ("P4",)),
        ("Urgences Nuit", "05/12 18:30", "06/12 08:30", ("P1",)),
    ]


def test_days_that_go_on_into_the_next_month(hospital: Standing) -> None:
    across = xlsx(
        ("Feuil1", [["Astreinte SI – novembre 2026"], [None, 28, 29, 30, 1, 2],
                    ["DIALLO Amadou", "A", "A", "A", "A", "A"]])
    )  # fmt: skip
    found = turns(hospital, across)
    assert [day for _, day, _ in days_of(found)] == ["28/11", "29/11", "30/11", "01/12", "02/12"]
    told = [what for _, what in doubts(made("rota", across, hospital))]
    assert any("passent au mois suivant : lus du 28/11/2026 au 02/12/2026" in what for what in told)
    down = csv("Jour;Astreinte SI", *(f"{n};DIALLO" for n in (29, 30, 1, 2)))
    found = turns(hospital, down, "novembre 2026.csv")
    assert [day for _, day, _ in days_of(found)] == ["29/11", "30/11", "01/12", "02/12"]


def test_a_wrong_month_a_block_without_marks_and_absences_are_told(hospital: Standing) -> None:
    rows: list[Sequence[Any]] = [
        ["Astreinte SI – novembre 2026"],
        [None, "L", "M", "M", "J", "V", "S", "D"],
        [None, *range(1, 8)],
        ["DIALLO Amadou", "A", "A", "CA", None, None, None, None],
        [None, *range(8, 15)],
        ["DIALLO Amadou", "RH", "RH", "CA", None, None, None, None],
    ]
    proposal = made("rota", xlsx(("Feuil1", rows)), hospital)
    told = dict(doubts(proposal))
    assert "« L » n'est pas le 01/11/2026" in told[3]
    assert "bloc non lu" in told[5]
    assert any("pas d'astreinte » : « CA », « RH »" in note for note in proposal.notes)


def test_two_turns_that_begin_together_and_end_apart_are_not_made_one(hospital: Standing) -> None:
    data = csv(
        "Début;Fin;Nom;Prénom",
        "04/12/2026 18:30;11/12/2026 08:30;DIALLO;Amadou",
        "04/12/2026 18:30;05/12/2026 08:30;BERGAMOTE;Inès",
        "11/12/2026 18:30;18/12/2026 08:30;DIALLO;Amadou",
    )
    assert [people for *_, people in turns(hospital, data, "Astreinte SI.csv")] == [
        ("P2",), ("P2",),
    ]  # fmt: skip
    told = doubts(made("rota", data, hospital))
    assert told[0][0] == 3 and "ne finit pas avec lui" in told[0][1]
