"""Identifiers, perimeters, durations: what they accept and how they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.kernel import clock, ids, units
from releve.kernel.errors import ReleveError
from releve.kernel.perimeter import BadPerimeter, Perimeter, perimeter


def test_every_test_finess_has_a_valid_key_and_a_prefix_no_department_uses() -> None:
    for number in ids.TEST_FINESS:
        assert ids.finess(number) == number
        assert number.startswith(ids.TEST_FINESS_PREFIX)


@pytest.mark.parametrize(
    "text", ["", "75071218", "750712185", "7507121844", "AB0712184", "７５０７１２１８４"]
)
def test_a_wrong_finess_says_why(text: str) -> None:
    with pytest.raises(ids.BadFiness) as caught:
        ids.finess(text)
    assert caught.value.remedy


@given(st.integers(0, 10**8 - 1), st.integers(0, 7))
def test_one_wrong_digit_never_passes(number: int, place: int) -> None:
    body = f"{number:08d}"
    good = next(body + key for key in "0123456789" if _accepted(body + key))
    wrong = list(good)
    wrong[place] = str((int(wrong[place]) + 1) % 10)
    assert not _accepted("".join(wrong))


def _accepted(text: str) -> bool:
    try:
        ids.finess(text)
    except ids.BadFiness:
        return False
    return True


@pytest.mark.parametrize("text", ["..", "a/b", "PC LABO", "-x", "é", "a" * 64, "", "a\n"])
def test_a_machine_name_cannot_leave_its_folder(text: str) -> None:
    with pytest.raises(ids.BadMachineName):
        ids.machine_name(text)


def test_a_perimeter_contains_what_lies_below_it_and_nothing_else() -> None:
    whole = perimeter("990000010")
    site = perimeter("990000010/990000028")
    ward = perimeter("990000010/990000028/CHIR-B")
    other = Perimeter(ids.Finess("990000044"))
    assert whole.contains(site)
    assert site.contains(ward)
    assert ward.contains(ward)
    assert not ward.contains(site)
    assert not other.contains(ward)
    assert str(ward) == "990000010/990000028/CHIR-B"


@pytest.mark.parametrize("text", ["", "/", "990000010/", "990000010/990000028/A/B"])
def test_a_wrong_perimeter_is_refused(text: str) -> None:
    with pytest.raises(BadPerimeter):
        perimeter(text)


def test_durations_and_sizes_are_written_as_people_read_them() -> None:
    assert units.duration(timedelta(seconds=0.3)) == "0,3\u202fs"
    assert units.duration(timedelta(seconds=27)) == "27\u202fs"
    assert units.duration(timedelta(minutes=4, seconds=5)) == "4\u202fmin 05\u202fs"
    assert units.duration(timedelta(hours=3, minutes=20)) == "3\u202fh 20"
    assert units.duration(timedelta(days=12)) == "12\u202fjours"
    assert units.size(3_565_158) == "3,4\u202fMio"
    assert units.thousands(4812) == "4\u202f812"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_written_time_reads_back(moment: datetime) -> None:
    assert clock.from_iso(clock.iso(moment)) == moment


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="fuseau"):
        clock.from_iso("2026-11-22T01:00:00")


def test_every_error_formats_its_own_message() -> None:
    import releve.kernel.home
    import releve.kernel.outward

    assert releve.kernel.home and releve.kernel.outward
    for kind in ReleveError.__subclasses__():
        if not kind.__module__.startswith("releve.kernel"):
            continue
        names = {"where", "what", "fix", "tool", "purpose", "install", "path", "found", "known"}
        names |= {"why", "wanted", "part", "pid", "endpoints", "origin", "number", "world"}
        names |= {"target", "text", "since"}
        error = kind(**dict.fromkeys(names, "x"))
        assert "{" not in str(error)
        assert "{" not in error.remedy
