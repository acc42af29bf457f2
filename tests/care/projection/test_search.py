"""Finding somebody, wards and beds, homonyms, confidential presence."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from releve.care.views import Views
from releve.care.views_find import birth_date
from tests.care.messages import Bed, Someone, a01, a03, a28, a40
from tests.care.projection.feeds import NOW, viewed

ELISE = Someone("00123", "DUPONT", "Élise", born="19510412", birth_name="LEFÈVRE", ins="251")
ELISA = Someone("00124", "DUPONT", "Élisa", born="19871102")
OEUVRE = Someone("00125", "ŒUVRÉ-D'ARC", "Zoé", born="19600101")
HOME = Someone("00126", "DUPOND", "Paul", born="19510412")


@pytest.fixture
def views(tmp_path: Path) -> Views:
    return viewed(
        tmp_path,
        [
            a28(HOME),
            a01(ELISE, Bed("CHIRB", "2", "B2", "V1"), "M1"),
            a01(ELISA, Bed("CHIRB", "2", "B10", "V2"), "M2"),
            a01(OEUVRE, Bed("REA", "7", "R07", "V3", vip="Y"), "M3"),
        ],
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("dupont", ["00124", "00123"]),
        ("dup", ["00124", "00123", "00126"]),
        ("dupont élise", ["00123"]),
        ("elise  DUPONT", ["00123"]),
        ("dup el", ["00124", "00123"]),
        ("lefevre", ["00123"]),
        ("oeuvre d arc", ["00125"]),
        ("12/04/1951", ["00123", "00126"]),
        ("1951-04-12", ["00123", "00126"]),
        ("19510412", ["00123", "00126"]),
        ("00123", ["00123"]),
        ("12041951", ["00123", "00126"]),
        ("v2", ["00124"]),
        ("251", ["00123"]),
        ("r07", ["00125"]),
        ("personne", []),
        ("%", []),
        ("", []),
    ],
)
def test_people_are_found_as_they_are_asked_for(views: Views, typed: str, found: list[str]) -> None:
    assert [one.ipp for one in views.find(typed)] == found


def test_eight_digits_are_a_number_before_they_are_a_date(tmp_path: Path) -> None:
    numbered = Someone("12041951", "MARTIN", born="19800101")
    views = viewed(tmp_path, [a28(HOME), a28(numbered)])
    assert [one.ipp for one in views.find("12041951")] == ["12041951", "00126"]


def test_a_search_within_wards_answers_only_those_who_are_there(views: Views) -> None:
    assert [one.ipp for one in views.find("dup", wards=["CHIRB"])] == ["00124", "00123"]
    assert views.find("dup", wards=["REA"]) == ()
    assert views.find("12/04/1951", wards=["CHIRB"])[0].bed == "B2"
    assert views.find("00126", wards=["CHIRB"]) == ()


def test_a_confidential_presence_is_left_out_for_those_who_must_not_know(views: Views) -> None:
    assert [one.ipp for one in views.find("oeuvre")] == ["00125"]
    assert views.find("oeuvre", discreet=True) == ()
    assert len(views.find("dupont", discreet=True)) == 2


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("12/04/1951", "19510412"), ("2.4.1951", "19510402"), ("1951-04-12", "19510412"),
        ("19510412", "19510412"), ("12041951", "19510412"), ("32/04/1951", None),
        ("12345678", None), ("dupont", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_type_them(typed: str, date: str | None) -> None:
    assert birth_date(typed) == date


def test_a_census_is_in_bed_order_and_flags_homonyms(views: Views) -> None:
    rows = views.census("CHIRB", NOW)
    assert [row.bed for row in rows] == ["B2", "B10"]
    assert [row.homonyms for row in rows] == [("B10",), ("B2",)]
    (alone,) = views.census("REA", NOW)
    assert alone.homonyms == ()
    sheet = views.patient(rows[0].key, NOW)
    assert sheet is not None and sheet.homonyms == ("B10",)


def test_a_service_gathers_its_units(views: Views) -> None:
    sheet = views.ward("POLE", NOW, units=["CHIRB", "REA"])
    assert [one.traits.ipp for one in sheet.patients] == ["00123", "00124", "00125"]
    assert (sheet.ward, sheet.until) == ("POLE", 4)
    assert views.census("inconnue", NOW) == ()


def test_a_merged_name_still_finds_the_person_and_a_wrong_key_nobody(tmp_path: Path) -> None:
    views = viewed(tmp_path, [a28(ELISA), a28(HOME), a40(ELISA, "00126")])
    (found,) = views.find("dupond")
    assert (found.ipp, found.name) == ("00124", "DUPONT")
    assert views.patient("0" * 16, NOW) is None
    assert views.patient("../../etc", NOW) is None


def test_who_has_left_is_found_without_a_bed(tmp_path: Path) -> None:
    bed = Bed("CHIRB", "2", "B2", "V1")
    views = viewed(tmp_path, [a01(ELISE, bed, "M1"), a03(ELISE, bed, "M2", at="202611211200")])
    (found,) = views.find("dupont")
    assert (found.ward, found.bed) == ("", "")
    sheet = views.patient(found.key, NOW)
    assert sheet is not None and sheet.stay is None


def test_views_answer_several_threads(views: Views) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.append(len(views.find("dup")))
        views.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [3, 3, 3, 3]
