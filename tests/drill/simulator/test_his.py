"""The story of the record system: true French messages, and a truth that needs none of them."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

import hl7
from releve.care.hl7 import Message as Hl7
from releve.care.hl7 import parse
from releve.drill.simulator.his import (
    Message,
    Order,
    Resident,
    Story,
    Truth,
    Ward,
    read_wards,
    story_sha256,
)
from releve.drill.simulator.his.habits import HABITS, habits_of
from releve.drill.simulator.his.people import ins
from releve.kernel.errors import BadInput

START = "2026-11-22T01:00:00+01:00"
WARDS = tuple(
    Ward(
        code, code, "990000028", tuple(f"{101 + rank // 2}-{'PF'[rank % 2]}" for rank in range(16))
    )
    for code in ("CHIR-B", "MED-A", "URG")
)
COUNT = 900


def order(seed: int = 7, habits: str = "", **more: object) -> Order:
    fields = {
        "seed": seed,
        "start": START,
        "wards": WARDS,
        "patients": 34,
        "habits": habits,
        **more,
    }
    return Order(**fields)  # type: ignore[arg-type]


def told(one: Order, count: int = COUNT) -> list[Message]:
    return list(itertools.islice(Story(one).messages(), count))


@pytest.fixture(scope="module", params=list(HABITS))
def spoken(request: pytest.FixtureRequest) -> tuple[Order, list[Message]]:
    one = order(habits=request.param)
    return one, told(one)


def test_each_message_reads_the_same_to_python_hl7_and_to_our_reader(
    spoken: tuple[Order, list[Message]],
) -> None:
    one, messages = spoken
    for message in messages:
        ours = parse(message.data)
        assert ours.encode() == message.data
        assert ours.charset_known
        assert (ours.control_id, ours.sender) == (message.control_id, message.sender)
        theirs = hl7.parse(message.data.decode(habits_of(0, one.habits).codec))
        assert f"{ours.type}^{ours.trigger}" == message.what
        assert str(theirs["MSH.F9.R1.C2"]) == ours.trigger
        assert [str(s[0]) for s in theirs] == [s.name for s in ours.segments()]
        assert str(theirs["PID.F3.R1.C1"]) == ours.text("PID", 3)
        assert theirs.unescape(str(theirs["PID.F5.R1.C1"])) == ours.text("PID", 5)


def test_the_same_order_tells_the_same_story_and_another_seed_another() -> None:
    assert story_sha256(order(), 400) == story_sha256(order(), 400)
    assert story_sha256(order(), 400) != story_sha256(order(seed=8, habits=""), 400)
    assert Order.read(json.dumps(order().write())) == order()


def test_seeds_draw_editors_of_other_habits() -> None:
    drawn = {habits_of(seed).name for seed in range(40)}
    assert drawn == set(HABITS)
    assert len({(h.charset, h.dates, h.bed, h.location) for h in HABITS.values()}) >= 3
    assert len({h.record_system for h in HABITS.values()}) == len(HABITS)


def test_a_day_holds_what_life_does_to_a_feed(spoken: tuple[Order, list[Message]]) -> None:
    one, messages = spoken
    day = Counter(message.what for message in messages if not message.loading)
    prescription = habits_of(0, one.habits).prescription
    for what in (
        "ADT^A01", "ADT^A02", "ADT^A03", "ADT^A08", "ADT^A11", "ADT^A12", "ADT^A13", "ADT^A31",
        "ADT^A40", "ADT^A37", "ADT^Z99", "ORU^R01", "MDM^T02", "SIU^S12",
        {"RDE": "RDE^O11", "OMP": "OMP^O09"}[prescription],
    ):  # fmt: skip
        assert day[what], what
    text = [message.data.decode(habits_of(0, one.habits).codec) for message in messages]
    assert (
        sum(
            "|Y|" in segment
            for data in text
            for segment in data.split("\r")
            if segment.startswith("ZBE")
        )
        > 0
    )
    assert any("\\T\\" in data for data in text)
    assert any("ORC|DC" in data for data in text)
    statuses = set(re.findall(r"\rOBX\|\d+\|NM\|[^\r]*\|([PFC])\|\|\|", "".join(text)))
    assert statuses == {"P", "F", "C"}
    assert len({message.data for message in messages}) < len(messages)
    dates = [parse(m.data).text("ZBE", 2) for m in messages if "ADT^A02" in m.what]
    assert dates != sorted(dates)


def test_patients_without_treatment_without_allergy_and_with_none_affirmed() -> None:
    load = [message for message in told(order()) if message.loading]
    admitted = {parse(m.data).text("PID", 3) for m in load if m.what == "ADT^A01"}
    treated = {parse(m.data).text("PID", 3) for m in load if m.what.endswith(("O11", "O09"))}
    said = {
        parse(m.data).text("PID", 3): parse(m.data).text("AL1", 3, 2)
        for m in load
        if m.what == "ADT^A01"
    }
    assert len(admitted) == 34
    assert treated < admitted
    assert "" in said.values()
    assert "Aucune allergie connue" in said.values()
    assert set(said.values()) - {"", "Aucune allergie connue"}


# -- the census, replayed from the messages alone, by somebody who knows only the standard --------


@dataclass
class _Movement:
    at: str
    rank: int
    ipp: str
    place: tuple[str, str, str] | None


def replayed(messages: Iterable[Message]) -> set[tuple[str, str, str, str]]:
    """(unit, room, bed, IPP) by ZBE: last date, cancelled ones out, corrections in, merges done."""
    moves: dict[str, dict[str, _Movement]] = {}
    cancelled: set[str] = set()
    same: dict[str, str] = {}
    seen: set[bytes] = set()
    for message in messages:
        if message.data in seen:
            continue
        seen.add(message.data)
        read = parse(message.data)
        ipp = read.text("PID", 3)
        if read.trigger == "A40":
            same[read.text("MRG", 1)] = ipp
        elif read.trigger == "A37":
            second = read.segments("PID")[1]
            same.pop(second.text(3), None)
        elif read.first("ZBE") is not None and read.trigger != "A08":
            _move(read, ipp, moves, cancelled)
    found = set()
    for stay in moves.values():
        live = [(m.at, m.rank, m) for ident, m in stay.items() if ident not in cancelled]
        if live and (last := max(live, key=lambda one: one[:2])[2]).place is not None:
            ipp = last.ipp
            while ipp in same:
                ipp = same[ipp]
            found.add((*last.place, ipp))
    return found


def _move(read: Hl7, ipp: str, moves: dict[str, dict[str, _Movement]], cancelled: set[str]) -> None:
    text = read.text
    ident, action = text("ZBE", 1), text("ZBE", 4)
    if action == "CANCEL":
        cancelled.add(ident)
        return
    place = (text("PV1", 3), text("PV1", 3, 2), text("PV1", 3, 3))
    left = text("MSH", 9, 2) == "A03"
    stay = moves.setdefault(text("PID", 18), {})
    stay[ident] = _Movement(text("ZBE", 2)[:14], int(ident), ipp, None if left else place)


def truth_of(messages: Iterable[Message]) -> set[tuple[str, str, str, str]]:
    truth = Truth()
    for message in messages:
        truth.take(message.facts)
    return {
        (one.ward, one.room, one.bed, one.ipp)
        for residents in truth.census().values()
        for one in residents
    }


def test_the_census_equals_a_replay_of_the_messages_at_any_moment(
    spoken: tuple[Order, list[Message]],
) -> None:
    _, messages = spoken
    for count in (*range(0, COUNT, 90), COUNT):
        assert truth_of(messages[:count]) == replayed(messages[:count]), count
    assert len(truth_of(messages)) > 20


def test_a_message_told_late_changes_nothing_of_the_census(
    spoken: tuple[Order, list[Message]],
) -> None:
    _, messages = spoken
    truth, late = Truth(), messages[::-1]
    for message in late:
        truth.take(message.facts)
    inside = {(r.ward, r.room, r.bed, r.ipp) for v in truth.census().values() for r in v}
    assert inside == truth_of(messages)


def test_the_marker_stays_in_its_bed_and_nobody_bears_its_name() -> None:
    for seed in range(6):
        one = order(seed=seed, marker_ward="MED-A")
        story = Story(one)
        messages = list(itertools.islice(story.messages(), COUNT))
        truth = Truth()
        for message in messages:
            truth.take(message.facts)
        everyone = [r for residents in truth.census().values() for r in residents]
        assert story.marker in truth.census()["MED-A"]
        assert [r for r in everyone if r.name == story.marker.name] == [story.marker]


def test_homonyms_lie_in_neighbouring_beds() -> None:
    def twins(residents: tuple[Resident, ...]) -> Iterator[tuple[Resident, Resident]]:
        for one, other in itertools.pairwise(residents):
            if (one.name, one.first_names) == (other.name, other.first_names):
                yield one, other

    found = []
    for seed in range(8):
        truth = Truth()
        for message in told(order(seed=seed), 400):
            if message.loading:
                truth.take(message.facts)
        found += [pair for residents in truth.census().values() for pair in twins(residents)]
    assert found
    assert all(one.ipp != other.ipp and one.born != other.born for one, other in found)


def test_an_ins_has_a_valid_key_and_a_birthplace_that_does_not_exist() -> None:
    rng = Random(1)
    for _ in range(200):
        number = ins(datetime(1954, 3, 2, tzinfo=UTC).date(), rng.choice("FM"), rng)
        assert len(number) == 15
        assert int(number[13:]) == 97 - int(number[:13]) % 97
        assert number[5:10] == "99000"


def test_only_test_authorities_travel(spoken: tuple[Order, list[Message]]) -> None:
    for message in spoken[1]:
        assert not re.search(rb"1\.2\.250\.1\.213\.1\.4\.[89]\b", message.data)
        assert set(re.findall(rb"&(\d{9})&N", message.data)) <= {b"990000010", b"990000028"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"patients": 49}, "48 lits"),
        ({"patients": 0}, "48 lits"),
        ({"messages_per_s": 0.0}, "messages_per_s"),
        ({"marker_ward": "NULLE-PART"}, "NULLE-PART"),
    ],
)
def test_an_order_that_cannot_be_played_says_why(more: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        order(**more)  # type: ignore[arg-type]
    assert caught.value.remedy


def test_wards_are_read_from_an_establishment_folder(tmp_path: Path) -> None:
    (tmp_path / "establishment.toml").write_text(
        """
        [[service]]
        code = "CHIR-B"
        site = "990000028"
        kind = "surgery"
        beds = 5
        units = ["C1", "C2"]
        [[service]]
        code = "LABO"
        site = "990000028"
        kind = "laboratory"
        beds = 0
        """,
        "utf-8",
    )
    first, second = read_wards(tmp_path)
    assert (first.code, first.unit, second.code, second.unit) == ("CHIR-B", "C1", "CHIR-B", "C2")
    assert first.beds + second.beds == ("101-P", "101-F", "102-P", "102-F", "103-P")
    with pytest.raises(BadInput):
        read_wards(tmp_path / "absent")
