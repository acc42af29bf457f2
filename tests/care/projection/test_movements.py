"""Who is in which bed, whatever the order messages come in, against an oracle written apart."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releve.care.views import Views
from tests.care.messages import (
    IPP_FROM,
    VISIT_FROM,
    Bed,
    Someone,
    a01,
    a02,
    a03,
    message,
    movement,
    pid,
    pv1,
)
from tests.care.projection.feeds import NOW, viewed

DUPONT = Someone("1001", "DUPONT")
B01 = Bed("CHIRB", "1", "B01", "V1")
B02 = Bed("CHIRB", "1", "B02", "V1")
R07 = Bed("REA", "7", "R07", "V1")


def where(views: Views) -> set[tuple[str, str, str]]:
    """Ward, bed and IPP of everybody who is somewhere."""
    return {
        (line.code, row.bed, row.ipp)
        for line in views.wards()
        for row in views.census(line.code, NOW)
    }


def test_an_admission_a_transfer_and_a_discharge(tmp_path: Path) -> None:
    story = [a01(DUPONT, B01, "M1", at="202611201000"), a02(DUPONT, R07, "M2", at="202611201200")]
    views = viewed(tmp_path / "in", story)
    assert where(views) == {("REA", "R07", "1001")}
    (row,) = views.census("REA", NOW)
    assert (row.name, row.visit, row.since and row.since.hour) == ("DUPONT", "V1", 11)
    assert where(viewed(tmp_path / "out", [*story, a03(DUPONT, R07, "M3")])) == set()


@pytest.mark.parametrize(
    ("trigger", "number", "expected"),
    [("A12", "M2", "B01"), ("A13", "M3", "R07"), ("A11", "M1", "R07")],
)
def test_a_cancel_gives_back_what_was_before(
    tmp_path: Path, trigger: str, number: str, expected: str
) -> None:
    story = [a01(DUPONT, B01, "M1", at="202611201000"), a02(DUPONT, R07, "M2", at="202611201200")]
    if trigger == "A13":
        story.append(a03(DUPONT, R07, "M3", at="202611201400"))
    cancel = movement(trigger, DUPONT, R07, number, at="202611201200", sent="202611202000")
    assert {bed for _, bed, _ in where(viewed(tmp_path, [*story, cancel]))} == {expected}
    backwards = [cancel, *reversed(story)]
    assert {bed for _, bed, _ in where(viewed(tmp_path / "b", backwards))} == {expected}


def test_an_update_moves_the_bed_and_the_date(tmp_path: Path) -> None:
    story = [
        a01(DUPONT, B01, "M1", at="202611201000"),
        a02(DUPONT, R07, "M2", at="202611201200"),
        movement("Z99", DUPONT, R07, "M2", at="202611200900", sent="202611202000", event="A02"),
    ]
    assert where(viewed(tmp_path, story)) == {("CHIRB", "B01", "1001")}


def test_a_number_inserted_again_after_its_cancellation_lives(tmp_path: Path) -> None:
    story = [
        a01(DUPONT, B01, "M1", at="202611201000"),
        movement("A11", DUPONT, B01, "M1", at="202611201000", sent="202611201100"),
        movement("A01", DUPONT, B02, "M1", at="202611201000", sent="202611201200"),
    ]
    assert where(viewed(tmp_path, story)) == {("CHIRB", "B02", "1001")}


def test_a_foreseen_movement_moves_nobody(tmp_path: Path) -> None:
    story = [a01(DUPONT, B01, "M1"), movement("A15", DUPONT, R07, "M2", at="202611211500")]
    assert where(viewed(tmp_path, story)) == {("CHIRB", "B01", "1001")}


def test_a_feed_without_zbe_is_read_by_its_own_hours(tmp_path: Path) -> None:
    def foreign(trigger: str, bed: Bed, when: str) -> bytes:
        parts = (f"EVN||{when}", pid(DUPONT, bed.visit), pv1(bed))
        return message(f"ADT^{trigger}", *parts, when=when, version="2.3")

    story = [
        foreign("A01", B01, "202611201000"),
        foreign("A02", R07, "202611201200"),
        foreign("A12", B01, "202611201300"),
    ]
    expected = {("CHIRB", "B01", "1001")}
    assert where(viewed(tmp_path / "1", story)) == expected
    assert where(viewed(tmp_path / "2", story[::-1])) == expected
    gone = [*story, foreign("A03", B01, "202611201400")]
    assert where(viewed(tmp_path / "3", gone)) == set()
    back = [*gone, foreign("A13", B01, "202611201500")]
    assert where(viewed(tmp_path / "4", back)) == expected


def test_a_stay_whose_admission_was_never_received_is_placed_by_its_updates(
    tmp_path: Path,
) -> None:
    update = message("ADT^A08", "EVN||202611201000", pid(DUPONT, "V1"), pv1(B01))
    assert where(viewed(tmp_path / "1", [update])) == {("CHIRB", "B01", "1001")}
    left = a03(DUPONT, B01, "M9", at="202611200900")
    assert where(viewed(tmp_path / "2", [update, left])) == set()


def test_nobody_is_in_two_beds_when_a_discharge_was_lost(tmp_path: Path) -> None:
    other = Bed("REA", "7", "R07", "V2")
    emergency = Bed("URG", "", "BOX3", "V3", kind="E")
    story = [
        movement("A04", DUPONT, emergency, "M0", at="202611200800"),
        a01(DUPONT, B01, "M1", at="202611200900"),
        a01(DUPONT, other, "M2", at="202611201000"),
    ]
    views = viewed(tmp_path, story)
    assert where(views) == {("REA", "R07", "1001")}
    assert sum(line.patients for line in views.wards()) == 1


def test_a_file_moved_to_another_patient_takes_its_stay(tmp_path: Path) -> None:
    other = Someone("1002", "MARTIN")
    mrg = f"MRG|1001^^^{IPP_FROM}^PI||V1^^^{VISIT_FROM}^AN"
    moved = message("ADT^A44^ADT_A43", "EVN||202611201200", pid(other), mrg, when="202611201200")
    admission = a01(DUPONT, B01, "M1", at="202611201000")
    for name, story in (("1", [admission, moved]), ("2", [moved, admission])):
        assert where(viewed(tmp_path / name, story)) == {("CHIRB", "B01", "1002")}


# --- the oracle: each movement's last word, sorted by date, walked through --------------------


@dataclass(frozen=True)
class Said:
    """One message about a movement of visit ``visit``."""

    visit: int
    number: int
    action: str
    event: str
    minute: int
    bed: int


def oracle(story: list[Said]) -> set[tuple[int, int]]:
    """(visit, bed) of the stays in progress, from a story in the order it was lived."""
    last: dict[tuple[int, int], Said] = {}
    for said in story:
        last[said.visit, said.number] = said
    present: set[tuple[int, int]] = set()
    for visit in {said.visit for said in story}:
        alive = [s for s in last.values() if s.visit == visit and s.action != "CANCEL"]
        bed: int | None = None
        for said in sorted(alive, key=lambda s: s.minute):
            bed = None if said.event == "A03" else said.bed
        if bed is not None:
            present.add((visit, bed))
    return present


@st.composite
def stories(draw: st.DrawFn) -> list[Said]:
    """Stays whose movements are inserted, then updated or cancelled; distinct minutes."""
    lived: list[Said] = []
    minutes = draw(st.permutations(range(60)))
    used = 0
    for visit in range(draw(st.integers(1, 3))):
        for number in range(draw(st.integers(1, 5))):
            event = "A01" if number == 0 else draw(st.sampled_from(["A02", "A02", "A03"]))
            first = Said(visit, number, "INSERT", event, minutes[used], used)
            used += 1
            lived.append(first)
            for _ in range(draw(st.integers(0, 2))):
                action = draw(st.sampled_from(["UPDATE", "CANCEL"]))
                minute = minutes[used] if action == "UPDATE" else first.minute
                lived.append(Said(visit, number, action, event, minute, used))
                used += 1
                if action == "CANCEL":
                    break
    return lived


def written(said: Said, order: int) -> bytes:
    """The message, sent in the order the story was lived."""
    trigger = {
        "UPDATE": "Z99",
        "CANCEL": {"A01": "A11", "A02": "A12", "A03": "A13"}.get(said.event),
    }
    return movement(
        trigger.get(said.action) or said.event,
        Someone(f"10{said.visit}", f"PATIENT{said.visit}"),
        Bed("CHIRB", "1", f"B{said.bed:03d}", f"V{said.visit}"),
        f"M{said.visit}-{said.number}",
        at=f"2026112010{said.minute:02d}",
        sent=f"20261120{12 + order // 60:02d}{order % 60:02d}",
        action=said.action,
        event=said.event,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories(), st.randoms(use_true_random=False), st.integers(1, 7))
def test_out_of_order_duplicated_cancelled_movements_give_the_census(
    story: list[Said], chance: object, batch: int
) -> None:
    messages = [written(said, order) for order, said in enumerate(story)]
    messages += chance.choices(messages, k=len(messages) // 2)  # type: ignore[attr-defined]
    chance.shuffle(messages)  # type: ignore[attr-defined]
    expected = {("CHIRB", f"B{bed:03d}", f"10{visit}") for visit, bed in oracle(story)}
    with tempfile.TemporaryDirectory() as folder:
        views = viewed(Path(folder), messages, batch)
        assert where(views) == expected
        views.close()


@pytest.mark.parametrize("pending", ["A05", "A14", "A15", "A16"])
def test_what_is_foreseen_never_moves_anybody(tmp_path: Path, pending: str) -> None:
    """Admission, transfer or discharge to come, whatever the order, the hour, the bed it names, an
    update of it or a wrong ZBE-6; its cancellation neither.
    """
    foreseen = movement(pending, DUPONT, R07, "P1", at="202611220800", sent="202611210100")
    wrong = movement(pending, DUPONT, R07, "P2", at="202611210130", event="A02")
    updated = movement("Z99", DUPONT, R07, "P1", at="202611220900", event=pending)
    cancel = {"A05": "A38", "A14": "A27", "A15": "A26", "A16": "A25"}[pending]
    gone = movement(cancel, DUPONT, R07, "P1", at="202611220800", action="CANCEL", event=pending)
    arrived = a01(DUPONT, B01, "M1", at="202611201000")
    told = [arrived, foreseen, wrong, updated, gone]
    for turn, story in enumerate((told, told[::-1], told[:-1], [foreseen, wrong, arrived])):
        assert where(viewed(tmp_path / f"{turn}", story)) == {("CHIRB", "B01", "1001")}
    assert where(viewed(tmp_path / "alone", [foreseen, wrong])) == set()
