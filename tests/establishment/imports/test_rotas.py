"""On-call tables as hospitals draw them, and the agenda that they become."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from releve.establishment.imports.hours import Hours, easter, is_off
from releve.establishment.imports.lines import State
from releve.establishment.imports.mapping import Mapping, parse_mapping, write_mapping
from releve.establishment.imports.standing import Standing
from releve.establishment.model import Watch
from releve.kernel.units import PARIS
from tests.establishment.imports.files import after, csv, doubts, establishment, known, made, xlsx

_PEOPLE = """\
id;last_name;first_name;service;profession;phone;email;rpps
P1;MARTIN;Élise;URG;médecin;06 39 98 00 01;;
P2;DIALLO;Amadou;ADM;informaticien;06 39 98 00 02;;
P3;LE GOFF;Nora;;directrice;4012;;
P4;MARTIN;Paul;MED-A;médecin;06 39 98 00 04;;
P5;BERGAMOTE;Inès;ADM;informaticien;06 39 98 00 05;;
"""
_AGENDA = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//FR\r\nEND:VCALENDAR\r\n"


@pytest.fixture(scope="module")
def hospital() -> Standing:
    return known(people_csv=_PEOPLE, oncall_ics=_AGENDA)


def turns(
    hospital: Standing, data: bytes, name: str = "x.xlsx", chosen: Mapping | None = None
) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(rota, start, end, people), in Paris."""
    found = establishment(hospital, made("rota", data, hospital, name=name, chosen=chosen)).watches
    return [_told(watch) for watch in found]


def _told(watch: Watch) -> tuple[str, str, str, tuple[str, ...]]:
    start, end = (f"{x.astimezone(PARIS):%d/%m %H:%M}" for x in (watch.start, watch.end))
    return watch.rota, start, end, watch.people


def test_a_list_with_beginnings_and_ends(hospital: Standing) -> None:
    data = csv(
        "Astreinte;Début;Fin;Nom;Prénom",
        "Informatique;04/12/2026 18:30;ven. 11/12/2026 à 8h30;DIALLO;Amadou",
        "Informatique;11 décembre 2026 18h30;2026-12-18 08:30;Bergamote;Inès",
        "Informatique;30/02/2027 18:30;08/03/2027 08:30;DIALLO;Amadou",
        "Informatique;25/12/2026 18:30;24/12/2026 08:30;DIALLO;Amadou",
        codec="cp1252",
    )
    assert turns(hospital, data) == [
        ("Informatique", "04/12 18:30", "11/12 08:30", ("P2",)),
        ("Informatique", "11/12 18:30", "18/12 08:30", ("P5",)),
    ]
    told = doubts(made("rota", data, hospital))
    assert [line for line, _ in told] == [4, 5]


def test_days_down_and_rotas_across_with_two_names_in_a_cell(hospital: Standing) -> None:
    data = xlsx(
        (
            "décembre 26",
            [
                ["TABLEAU DE GARDE - DÉCEMBRE 2026", None, None],
                ["Date", "Urgences", "Direction\n17h00-8h00"],
                ["mer 02", "Dr MARTIN É. / Dr MARTIN Paul", "LE GOFF"],
                ["jeu 03", "Dr MARTIN E", "Mme LE GOFF Nora"],
                ["ven 04", "MARTIN", "NON POURVU"],
                ["sam 05", "Dr INCONNU", "LE GOFF N."],
            ],
        )
    )
    proposal = made("rota", data, hospital)
    assert turns(hospital, data) == [
        ("Direction", "02/12 17:00", "03/12 08:00", ("P3",)),
        ("Direction", "03/12 17:00", "04/12 08:00", ("P3",)),
        ("Direction", "05/12 17:00", "06/12 08:00", ("P3",)),
        ("Urgences", "02/12 18:30", "03/12 08:30", ("P1", "P4")),
        ("Urgences", "03/12 18:30", "04/12 08:30", ("P1",)),
    ]
    told = dict(doubts(proposal))
    assert "MARTIN Élise (médecin, Urgences)" in told[5] or "personne de désigné" in told[5]
    assert any("plusieurs agents" in what and "MARTIN Paul" in what for _, what in doubts(proposal))
    assert "inconnu des agents" in told[6]
    assert any("« Direction », personne le 04/12/2026" in note for note in proposal.notes)


def test_days_across_people_down_with_marks_and_a_legend(hospital: Standing) -> None:
    days = list(range(1, 31))
    rows: list[Sequence[Any]] = [
        ["Astreinte informatique – novembre 2026"],
        ["Agent", *days],
        ["DIALLO Amadou", "A", "x", "✗", "CA", "X ?", "Z"],
        ["BERGAMOTE I.", None, None, None, "A", "A"],
        ["A, X : astreinte ; CA = congés"],
    ]
    data = xlsx(("Feuil1", rows))
    assert turns(hospital, data) == [
        # 1 November: a Sunday and a public holiday
        ("Astreinte informatique", "01/11 08:30", "02/11 08:30", ("P2",)),
        ("Astreinte informatique", "02/11 18:30", "03/11 08:30", ("P2",)),
        ("Astreinte informatique", "03/11 18:30", "04/11 08:30", ("P2",)),
        ("Astreinte informatique", "04/11 18:30", "05/11 08:30", ("P5",)),
        ("Astreinte informatique", "05/11 18:30", "06/11 08:30", ("P5",)),
    ]
    told = [what for _, what in doubts(made("rota", data, hospital))]
    assert any("marque incertaine « X ? »" in what for what in told)
    assert any("marque « Z » inconnue" in what for what in told)


def test_weeks_go_on_over_the_year_and_hand_over_the_same_day(hospital: Standing) -> None:
    data = csv(
        "Semaine;Directeur de garde",
        "S52;LE GOFF", "S53;LE GOFF", "S01;LE GOFF", "Semaine 2;",
    )  # fmt: skip
    assert turns(hospital, data, "garde 2026.csv") == [
        ("Directeur de garde", "21/12 08:30", "28/12 08:30", ("P3",)),
        ("Directeur de garde", "28/12 08:30", "04/01 08:30", ("P3",)),
        ("Directeur de garde", "04/01 08:30", "11/01 08:30", ("P3",)),
    ]
    assert "personne de désigné" in doubts(made("rota", data, hospital))[0][1]


@pytest.mark.parametrize(
    "period", ["du 23/11 au 30/11", "23/11/2026 au 29/11/2026", "du 23 au 29 novembre 2026"]
)
def test_periods_in_words(hospital: Standing, period: str) -> None:
    lines = [f"{period};DIALLO", "du 30/11 au 07/12;BERGAMOTE", "du 07/12 au 14/12;DIALLO"]
    found = turns(hospital, csv("Période;Astreinte informatique", *lines))
    assert found[0] == ("Astreinte informatique", "23/11 08:30", "30/11 08:30", ("P2",))


def test_one_sheet_a_month_with_a_replacement(hospital: Standing) -> None:
    head = ["Jour", "Date", "Administrateur de garde", "Remplacé par"]
    data = xlsx(
        ("Janv.", [head, ["vendredi", 1, "LE GOFF Nora", None], ["samedi", 2, "LE GOFF", "DIALLO"],
                   ["dimanche", 3, "LE GOFF", None]]),
        ("Févr.", [head, ["lundi", 1, "DIALLO", None], ["mardi", 2, "DIALLO", None],
                   ["mercredi", 3, "DIALLO", None]]),
    )  # fmt: skip
    found = turns(hospital, data, "ASTREINTES 2027.xlsx")
    assert [(start, people) for _, start, _, people in found] == [
        ("01/01 08:30", ("P3",)), ("02/01 08:30", ("P2",)), ("03/01 08:30", ("P3",)),
        ("01/02 18:30", ("P2",)), ("02/02 18:30", ("P2",)), ("03/02 18:30", ("P2",)),
    ]  # fmt: skip
    wrong = made("rota", data, hospital, name="x.xlsx", chosen=Mapping(year=2026))
    assert any("« vendredi » n'est pas le" in what for _, what in doubts(wrong))


def test_the_night_of_a_change_of_clock_keeps_its_hours() -> None:
    start, end = Hours().turn(date(2026, 10, 24))  # a Saturday
    assert (end - start).total_seconds() == 25 * 3600
    start, end = Hours().turn(date(2027, 3, 27))
    assert (end - start).total_seconds() == 23 * 3600


def test_public_holidays() -> None:
    assert easter(2027) == date(2027, 3, 28)
    off = ["2027-01-01", "2027-03-29", "2027-05-06", "2027-05-17", "2026-11-11", "2026-12-25"]
    assert all(is_off(date.fromisoformat(day)) for day in off)
    assert not is_off(date(2026, 12, 24))


def test_hours_changed_by_a_person_and_remembered(hospital: Standing) -> None:
    chosen = parse_mapping(
        b'kind = "rota"\n[rota]\nyear = 2026\n[hours."Astreinte SI"]\nweek = ["17h", "9h"]\n', "m"
    )
    assert parse_mapping(write_mapping(chosen), "m") == chosen
    data = csv("Date;Astreinte SI", "23/11;DIALLO", "24/11;DIALLO", "25/11;DIALLO")
    found = turns(hospital, data, chosen=chosen)
    assert found[0] == ("Astreinte SI", "23/11 17:00", "24/11 09:00", ("P2",))


def test_a_turn_that_a_person_changed_stays_and_other_events_keep_their_octets(
    hospital: Standing,
) -> None:
    mine = (
        "BEGIN:VEVENT\r\nUID:a@b\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T080000Z\r\n"
        "DTEND:20261202T080000Z\r\nSUMMARY:Direction\r\nX-RELEVE-PERSON:P3\r\nX-AUTRE:oui\r\n"
        "END:VEVENT\r\n"
    )
    agenda = _AGENDA.replace("END:VCALENDAR", mine + "END:VCALENDAR")
    before = known(people_csv=_PEOPLE, oncall_ics=agenda)
    lines = ["23/11/2026;DIALLO", "24/11/2026;DIALLO", "25/11/2026;DIALLO"]
    first = after(before, made("rota", csv("Date;Astreinte SI", *lines), before))
    assert mine.encode() in first.files["oncall.ics"]
    data = first.files["oncall.ics"].replace(b"X-RELEVE-PERSON:P2", b"X-RELEVE-PERSON:P5", 1)
    touched = Standing({**first.files, "oncall.ics": data}, 2, first.establishment)
    again = made("rota", csv("Date;Astreinte SI", lines[0], "24/11/2026;BERGAMOTE"), touched)
    by_state = {t.state: t for t in again.told}
    assert "fichier dit" in by_state[State.KEPT].what
    assert "DIALLO" in by_state[State.CHANGED].what and "BERGAMOTE" in by_state[State.CHANGED].what
    people = {
        w.start: w.people for w in establishment(touched, again).watches if w.rota != "Direction"
    }
    assert people[datetime(2026, 11, 23, 17, 30, tzinfo=UTC)] == ("P5",)
    assert people[datetime(2026, 11, 24, 17, 30, tzinfo=UTC)] == ("P5",)
    assert people[datetime(2026, 11, 25, 17, 30, tzinfo=UTC)] == ("P2",), "gone: kept"
