"""Several numbers of one patient in one PID-3: one file, whichever number a message puts first."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.care.identity import key_of, person_id
from releve.care.projection import difference
from releve.care.views import Views
from tests.care.messages import al1, message
from tests.care.projection.feeds import NOW, kept, projected, viewed

GHT, CHV, LAB = "99Y^^^GHT&1.2.3&ISO^PI", "9001^^^CHV&1.2.4&ISO^PI", "L5^^^LAB^MR"
WHO = "DURAND^Anna||19510412|F"
PV1 = "PV1|1|I|CHIRB^1^B01||||||||||||||||V1"


def said(kind: str, numbers: str, *more: str, when: str, who: str = WHO) -> bytes:
    return message(kind, f"PID|1||{numbers}||{who}", *more, when=when)


def files(views: Views, *values: tuple[str, str]) -> set[tuple[str, frozenset[str]]]:
    """The files these numbers (authority, value) lead to: number shown, allergies."""
    found = set()
    for authority, value in values:
        sheet = views.patient(key_of(person_id(authority, value)), NOW)
        assert sheet is not None
        rows = sheet.section("allergies").rows
        found.add((sheet.traits.ipp, frozenset(row.values[0].text for row in rows)))
    return found


def reviewer_s_story() -> list[bytes]:
    moved = "ZBE|M2|202611210200||INSERT|N|A02"
    return [
        said("ADT^A01", f"{GHT}~{CHV}", PV1, al1("Pénicilline"), when="202611210100"),
        said("ADT^A02", f"{CHV}~{GHT}", moved, PV1, when="202611210200"),
        said("ORU^R01", CHV, "OBR|1||7", "OBX|1|NM|NA^Sodium||140|mmol/L|||||F", when="2026112103"),
    ]


def test_numbers_in_another_order_never_split_a_patient(tmp_path: Path) -> None:
    for turn, story in enumerate(itertools.permutations(reviewer_s_story())):
        views = viewed(tmp_path / str(turn), story, batch=1 + turn % 3)
        (row,) = views.census("CHIRB", NOW)
        assert row.allergies == ("Pénicilline",)
        ((shown, _),) = files(views, ("1.2.3", "99Y"), ("1.2.4", "9001"))
        for asked in ("99y", "9001", "durand"):
            assert [found.ipp for found in views.find(asked)] == [shown]
        sheet = views.patient(row.key, NOW)
        assert sheet is not None and sheet.section("results").rows


def test_the_number_first_received_stays_the_one_shown_unless_merged(tmp_path: Path) -> None:
    alone = said("ADT^A28", CHV, when="202611210400")
    story = [alone, *reviewer_s_story()]
    numbers = (("1.2.3", "99Y"), ("1.2.4", "9001"))
    assert files(viewed(tmp_path / "1", story), *numbers) == {("9001", frozenset({"Pénicilline"}))}
    merged = said("ADT^A40", GHT, f"MRG|{CHV}", when="202611210000")
    for turn, order in enumerate(itertools.permutations([merged, *story[:3]])):
        views = viewed(tmp_path / f"m{turn}", order)
        assert files(views, *numbers) == {("99Y", frozenset({"Pénicilline"}))}


def test_a_parting_later_than_the_listing_gives_two_files(tmp_path: Path) -> None:
    story = reviewer_s_story()
    numbers = (("1.2.3", "99Y"), ("1.2.4", "9001"))
    for turn, (hour, count) in enumerate((("0400", 2), ("0030", 1))):
        parted = message(
            "ADT^A37", f"PID|1||{GHT}||{WHO}", f"PID|2||{LAB}~{CHV}", when=f"20261121{hour}"
        )
        for place in range(4):
            order = [*story[:place], parted, *story[place:]]
            views = viewed(tmp_path / f"{turn}{place}", order, batch=1 + place)
            assert len(files(views, *numbers)) == count


NUMBERS = (("1.2.3", GHT), ("1.2.4", CHV), ("LAB", LAB), ("XYZ", "77^^^XYZ^PI"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.permutations(range(4)).flatmap(
        lambda order: st.integers(1, 4).map(lambda size: order[:size])), max_size=6),
    st.randoms(use_true_random=False),
    st.integers(1, 4),
)  # fmt: skip
def test_any_order_and_any_subset_is_one_patient(
    told: list[list[int]], chance: object, batch: int
) -> None:
    told = [*told, [0, 1], [2, 1], [3, 0]]
    chance.shuffle(told)  # type: ignore[attr-defined]
    story = [
        said(
            "ADT^A31", "~".join(NUMBERS[n][1] for n in these), al1(f"A{place}"),
            when=f"2026112101{chance.randrange(60):02d}",  # type: ignore[attr-defined]
        )
        for place, these in enumerate(told)
    ]  # fmt: skip
    every = frozenset(f"A{place}" for place in range(len(told)))
    values = [(who, cx.partition("^")[0]) for who, cx in NUMBERS]
    with tempfile.TemporaryDirectory() as folder:
        views = viewed(Path(folder), story, batch)
        ((_, allergies),) = files(views, *values)
        views.close()
        again = Path(folder) / "again.sqlite3"
        projected(again, kept(story), 1)
        assert difference(Path(folder) / "views.sqlite3", again) is None
    assert allergies == every


def test_a_number_shared_by_two_patients_never_joins_them(tmp_path: Path) -> None:
    """A placeholder, or a number given again: each authority's patients stay apart."""
    story = [
        said("ADT^A28", f"1^^^GHT^PI~{CHV}", al1("latex"), when="202611210100"),
        said("ADT^A28", f"2^^^GHT^PI~{CHV}", al1("iode"), when="202611210200"),
        said("ADT^A28", "3^^^GHT^PI~000^^^CHV^PI", al1("œuf"), when="202611210300"),
        said("ADT^A28", "4^^^GHT^PI~000^^^CHV^PI", al1("noix"), when="202611210400"),
        said("ADT^A28", "5^^^GHT^PI~1510475^^^^", al1("kiwi"), when="202611210500"),
        said("ADT^A28", "6^^^GHT^PI~1510475^^^^", al1("soja"), when="202611210600"),
    ]
    for turn, order in enumerate((story, story[::-1])):
        views = viewed(tmp_path / str(turn), order, batch=1 + turn)
        found = [files(views, ("GHT", str(n))) for n in range(1, 7)]
        told = ("latex", "iode", "œuf", "noix", "kiwi", "soja")
        assert [next(iter(one))[1] for one in found] == [{allergy} for allergy in told]
        ((_, reused),) = files(views, ("1.2.4", "9001"))
        assert reused == {"iode"}


@pytest.mark.parametrize("bare", ["9001", "9001^^^^PI"])
def test_a_number_without_authority_is_the_one_that_has_it(tmp_path: Path, bare: str) -> None:
    first = said("ADT^A28", bare, al1("latex"), when="202611210100")
    whole = said("ADT^A28", CHV, al1("iode"), when="202611210200")
    both = {("9001", frozenset({"latex", "iode"}))}
    numbers = (("", "9001"), ("1.2.4", "9001"))
    for turn, order in enumerate(itertools.permutations([first, whole])):
        for batch in (1, 2):
            views = viewed(tmp_path / f"{turn}{batch}", order, batch)
            assert files(views, *numbers) == both
            assert len(views.find("9001")) == 1


def test_a_number_without_authority_that_may_be_two_s_or_another_s_is_nobody_else_s(
    tmp_path: Path,
) -> None:
    first = said("ADT^A28", "9001", al1("latex"), when="202611210100")
    whole = said("ADT^A28", CHV, al1("iode"), when="202611210200")
    third = said("ADT^A28", "9001^^^LAB^PI", when="202611210300")
    other = said("ADT^A28", CHV, al1("iode"), when="202611210200", who="PETIT^Cléa||19800101|F")
    for turn, story in enumerate(([first, whole, third], [first, other])):
        for place, order in enumerate(itertools.permutations(story)):
            views = viewed(tmp_path / f"{turn}{place}", order, batch=1 + place % 2)
            assert len(files(views, ("", "9001"), ("1.2.4", "9001"))) == 2
