"""Traits, numbers, merges and their undoing."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.care.identity import Link, key_of, person_id, persons
from releve.care.views import Views
from tests.care.messages import (
    INS_NIA,
    INS_NIR,
    IPP_FROM,
    Bed,
    Someone,
    a01,
    a28,
    a31,
    a37,
    a40,
    al1,
    identity,
    message,
    oru,
)
from tests.care.projection.feeds import NOW, viewed

AUTHORITY = "1.2.250.1.71.4.2.2.990000010"
ANNA = Someone("1", "DURAND", "Anna")
BEA = Someone("2", "MARTIN", "Béa")
CLEA = Someone("3", "PETIT", "Cléa")


def key(ipp: str) -> str:
    return key_of(person_id(AUTHORITY, ipp))


def ipp_and_merged(views: Views, ipp: str) -> tuple[str, tuple[str, ...]]:
    sheet = views.patient(key(ipp), NOW)
    assert sheet is not None
    return sheet.traits.ipp, sheet.merged


def allergies(views: Views, ipp: str) -> set[str]:
    sheet = views.patient(key(ipp), NOW)
    assert sheet is not None
    return {row.values[0].text for row in sheet.section("allergies").rows}


def test_traits_follow_the_hour_of_messages_not_their_arrival(tmp_path: Path) -> None:
    early = a28(Someone("1", "DURAND", "Anna", birth_name="LEROY"), when="202611200100")
    late = a31(Someone("1", "DURANT", "Anna", birth_name="LEROY"), when="202611200200")
    for name, story in (("1", [early, late]), ("2", [late, early])):
        sheet = viewed(tmp_path / name, story).patient(key("1"), NOW)
        assert sheet is not None
        assert (sheet.traits.name, sheet.traits.birth_name) == ("DURANT", "LEROY")


def test_what_a_message_does_not_say_stays_and_null_erases(tmp_path: Path) -> None:
    silent = message("ADT^A31", f"PID|1||1^^^{IPP_FROM}^PI", when="202611220100")
    null = message("ADT^A31", f'PID|1||1^^^{IPP_FROM}^PI||||""', when="202611220200")
    kept = viewed(tmp_path / "1", [a28(ANNA), silent]).patient(key("1"), NOW)
    erased = viewed(tmp_path / "2", [a28(ANNA), null]).patient(key("1"), NOW)
    assert kept is not None and erased is not None
    assert (kept.traits.name, kept.traits.born) == ("DURAND", "19510412")
    assert (erased.traits.name, erased.traits.born) == ("DURAND", "")


def test_a_laboratory_does_not_rewrite_an_identity(tmp_path: Path) -> None:
    truncated = Someone("1", "DUR", "A")
    result = oru(truncated, None, "L1", "Sodium", "140", when="202611230100")
    sheet = viewed(tmp_path, [a28(ANNA), result]).patient(key("1"), NOW)
    assert sheet is not None
    assert sheet.traits.name == "DURAND"


@pytest.mark.parametrize(("status", "expected"), [("VALI", "1851"), ("PROV", ""), ("", "")])
def test_an_ins_counts_only_when_validated(tmp_path: Path, status: str, expected: str) -> None:
    who = Someone("1", "DURAND", ins="1851", identity_status=status)
    sheet = viewed(tmp_path, [a28(who)]).patient(key("1"), NOW)
    assert sheet is not None
    assert (sheet.traits.ins, sheet.traits.name) == (expected, "DURAND")
    assert sheet.traits.identity_status == status


def test_an_ins_no_longer_validated_is_taken_back(tmp_path: Path) -> None:
    sure = Someone("1", "DURAND", ins="1851")
    unsure = Someone("1", "DURAND", ins="1851", identity_status="PROV")
    story = [identity("A47", unsure, when="202611220100"), a28(sure)]
    sheet = viewed(tmp_path, story).patient(key("1"), NOW)
    assert sheet is not None
    assert (sheet.traits.ins, sheet.traits.identity_status) == ("", "PROV")


@pytest.mark.parametrize("oid", [INS_NIR, INS_NIA, "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9"])
@pytest.mark.parametrize("first", [True, False])
def test_the_patient_number_is_told_from_the_others(tmp_path: Path, oid: str, first: bool) -> None:
    numbers = [f"1851^^^ASIP&{oid}&ISO^INS", f"7^^^{IPP_FROM}^PI", f"V9^^^{IPP_FROM}^AN"]
    given_numbers = "~".join(numbers if first else numbers[::-1])
    raw = message("ADT^A28", f"PID|1||{given_numbers}||DURAND^Anna")
    views = viewed(tmp_path, [raw])
    assert [found.ipp for found in views.find("durand")] == ["7"]
    assert views.feed(NOW).quarantined == 0


def test_a_merge_joins_two_files_and_parting_gives_them_back(tmp_path: Path) -> None:
    bed = Bed("CHIRB", "1", "B01", "V1")
    story = [
        a28(ANNA, al1("pénicilline")),
        a28(BEA, al1("latex")),
        a01(BEA, bed, "M1"),
        a40(ANNA, "2", when="202611210300"),
    ]
    together = viewed(tmp_path / "1", story)
    for asked in ("1", "2"):
        assert ipp_and_merged(together, asked) == ("1", ("2",))
        assert allergies(together, asked) == {"pénicilline", "latex"}
    assert [row.ipp for row in together.census("CHIRB", NOW)] == ["1"]
    apart = viewed(tmp_path / "2", [*story, a37(ANNA, BEA, when="202611210400")])
    assert ipp_and_merged(apart, "1") == ("1", ())
    assert ipp_and_merged(apart, "2") == ("2", ())
    assert (allergies(apart, "1"), allergies(apart, "2")) == ({"pénicilline"}, {"latex"})
    assert [row.ipp for row in apart.census("CHIRB", NOW)] == ["2"]


def test_a_merge_does_not_let_none_erase_the_other_file_s_allergy(tmp_path: Path) -> None:
    none = a31(ANNA, "AL1|1||716186003^Aucune allergie connue^SCT", when="202611220100")
    story = [a28(BEA, al1("latex")), none, a40(ANNA, "2", when="202611220200")]
    sheet = viewed(tmp_path, story).patient(key("1"), NOW)
    assert sheet is not None
    assert [(r.values[0].text, r.ended) for r in sheet.section("allergies").rows] == [
        ("latex", False)
    ]


def test_chains_in_any_order_end_on_the_last_number(tmp_path: Path) -> None:
    merges = [a40(BEA, "1", when="202611210300"), a40(CLEA, "2", when="202611210400")]
    messages = [a28(ANNA), a28(BEA), *merges]
    for number, order in enumerate(itertools.permutations(messages)):
        views = viewed(tmp_path / str(number), order, batch=1 + number % 3)
        assert ipp_and_merged(views, "1") == ("3", ("1", "2"))


def test_a_circle_of_merges_ends_on_the_latest(tmp_path: Path) -> None:
    story = [
        a40(BEA, "1", when="202611210300"),
        a40(CLEA, "2", when="202611210400"),
        a40(ANNA, "3", when="202611210500"),
    ]
    assert ipp_and_merged(viewed(tmp_path, story), "2") == ("1", ("2", "3"))


def test_a_merge_without_a_second_number_waits_with_a_reason(tmp_path: Path) -> None:
    raw = message("ADT^A40", "EVN||202611210300", f"PID|1||1^^^{IPP_FROM}^PI||DURAND")
    (waiting,) = viewed(tmp_path, [raw]).quarantine()
    assert "MRG-1" in waiting.reason
    assert waiting.patient == key("1")


LINKS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.booleans()), min_size=1, max_size=12
)


def naive_groups(links: list[tuple[int, int, bool]]) -> set[frozenset[int]]:
    """Who is together: the latest word on each pair, then paths walked one by one."""
    live: dict[frozenset[int], bool] = {}
    for one, other, joined in links:
        if one != other:
            live[frozenset((one, other))] = joined
    ties = [set(pair) for pair, joined in live.items() if joined]
    groups: set[frozenset[int]] = set()
    for start in range(1, 7):
        reached = {start}
        while more := [tie for tie in ties if tie & reached and not tie <= reached]:
            reached |= more[0]
        groups.add(frozenset(reached))
    return groups


@settings(max_examples=40, deadline=None)
@given(LINKS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_merges_and_partings_in_any_order_group_as_lived(
    links: list[tuple[int, int, bool]], chance: object, batch: int
) -> None:
    story = [a28(Someone(str(n), f"NOM{n}")) for n in range(1, 7)]
    for order, (one, other, joined) in enumerate(links):
        when = f"2026112103{order:02d}"
        kept, gone = Someone(str(one), f"NOM{one}"), Someone(str(other), f"NOM{other}")
        story.append(a40(kept, gone.ipp, when=when) if joined else a37(kept, gone, when=when))
    chance.shuffle(story)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        views = viewed(Path(folder), story, batch)
        found = {
            frozenset(int(n) for n in (shown, *merged))
            for shown, merged in (ipp_and_merged(views, str(n)) for n in range(1, 7))
        }
        views.close()
    assert found == naive_groups(links)


@given(st.lists(st.builds(Link, *[st.integers(1, 9)] * 4, st.booleans()), max_size=20))
def test_everyone_of_a_group_is_shown_under_the_same_number(links: list[Link]) -> None:
    shown = persons(links)
    assert set(shown.values()) <= set(shown)
    for link in links:
        if link.on and not link.listed:
            assert shown[link.gone] == shown[link.kept]
