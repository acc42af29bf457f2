"""The record system as a process: what it says was acknowledged is what the receiver holds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from releve.drill.simulator.his import His, Order, Story, Truth, Ward
from releve.drill.simulator.his.link import Link
from releve.kernel.outward import WrongWorld
from releve.kernel.world import World
from tests.drill.simulator.mllp import Receiver

WARDS = (Ward("MED-A", "MED-A", "990000028", tuple(f"{100 + n}-P" for n in range(12))),)
ORDER = Order(3, "2026-11-22T01:00:00+01:00", WARDS, 8, messages_per_s=200)
PATIENCE_S = 20


@pytest.fixture
def his(tmp_path: Path) -> Iterator[His]:
    started = His(tmp_path, ORDER)
    yield started
    started.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.stop()


def held(receiver: Receiver) -> set[str]:
    return {hashlib.sha256(data).hexdigest() for data in receiver.kept}


def test_the_load_then_the_day_and_each_aa_is_told(his: His, receiver: Receiver) -> None:
    his.start("127.0.0.1", receiver.port)
    assert his.wait_loaded(PATIENCE_S)
    assert len(his.census()["MED-A"]) == 8
    assert his.marker in his.census()["MED-A"]
    loaded = len(his.acknowledged())
    assert his.wait_acknowledged(loaded + 60, PATIENCE_S)
    assert his.pause() == 0
    rows = his.acknowledged()
    assert [row.sha256 for row in rows if row.sha256 not in held(receiver)] == []
    assert len(rows) == len(receiver.kept)
    assert {row.sender for row in rows} == {
        f"{Story(ORDER).habits.record_system}|{Story(ORDER).habits.facility}",
        f"{Story(ORDER).habits.laboratory}|{Story(ORDER).habits.facility}",
    }


def test_paused_it_says_nothing_more_until_resumed(his: His, receiver: Receiver) -> None:
    his.start("127.0.0.1", receiver.port)
    assert his.wait_acknowledged(20, PATIENCE_S)
    his.pause()
    before = len(receiver.kept)
    assert not his.wait_acknowledged(before + 1, 0.4)
    assert len(receiver.kept) == before
    his.resume()
    assert his.wait_acknowledged(before + 20, PATIENCE_S)


def test_a_receiver_killed_mid_feed_is_told_again_what_it_did_not_acknowledge(his: His) -> None:
    first = Receiver({25: "late", 40: "late"})
    his.start("127.0.0.1", first.port)
    assert his.wait_acknowledged(60, PATIENCE_S)
    first.stop()
    count = len(his.acknowledged())
    second = Receiver(port=first.port)
    try:
        assert his.wait_acknowledged(count + 60, PATIENCE_S)
        his.pause()
        both = held(first) | held(second)
        assert [row.sha256 for row in his.acknowledged() if row.sha256 not in both] == []
        copies = [data for data in first.kept if first.kept.count(data) > 1]
        assert len(set(copies)) >= 2
    finally:
        second.stop()


def test_what_is_not_taken_is_sent_again_and_what_is_set_aside_is_not(his: His) -> None:
    receiver = Receiver({5: "AR", 6: "AR", 9: "AE"})
    try:
        his.start("127.0.0.1", receiver.port)
        assert his.wait_acknowledged(40, PATIENCE_S)
        his.pause()
        assert len(his.refused) == 1
        assert his.refused[0] not in {row.control_id for row in his.acknowledged()}
        assert len(receiver.kept) == len(his.acknowledged()) + 1
    finally:
        receiver.stop()


def test_killed_it_leaves_its_list_and_its_census(his: His, receiver: Receiver) -> None:
    his.start("127.0.0.1", receiver.port)
    assert his.wait_loaded(PATIENCE_S)
    assert his.wait_acknowledged(len(his.acknowledged()) + 30, PATIENCE_S)
    assert his.kill() == 0
    assert his.kill() == 0
    rows = his.acknowledged()
    assert len(rows) == len(receiver.kept)
    by_bytes = {hashlib.sha256(data).hexdigest() for data in receiver.kept}
    truth = Truth()
    for message in Story(ORDER).messages():
        if hashlib.sha256(message.data).hexdigest() in by_bytes:
            truth.take(message.facts)
        elif not message.loading and message.number > len(rows) + 50:
            break
    assert his.census() == truth.census()


def test_stopped_it_leaves_no_process(his: His) -> None:
    os.kill(his.pid, 0)
    his.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(his.pid, 0)


def test_it_speaks_to_nobody_but_this_machine(his: His, tmp_path: Path) -> None:
    with pytest.raises(WrongWorld):
        his.start("10.0.0.1", 2575)
    link = Link(World.DRILL, tmp_path, lambda message, code: None, lambda up: None)
    with pytest.raises(WrongWorld):
        link.point("10.0.0.1", 2575)
