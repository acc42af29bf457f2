"""A follower reads on, once each, from where it stopped, across segments, crashes and damage."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.journal import Follower, Journal, JournalDamaged, Record
from tests.journal.crash import HERE, filled, segments


@settings(max_examples=40, deadline=None, database=None)
@given(
    commits=st.lists(
        st.lists(st.binary(max_size=200), min_size=1, max_size=5), min_size=1, max_size=15
    ),
    segment_bytes=st.integers(200, 2000),
    start=st.integers(0, 20),
    limits=st.lists(st.integers(1, 7), min_size=1, max_size=5),
)
def test_each_record_comes_once_in_order_however_it_is_taken(
    commits: list[list[bytes]], segment_bytes: int, start: int, limits: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder, Follower(Path(folder), start) as follower:
        kept: list[bytes] = []
        found: list[Record] = []
        with Journal.open(
            Path(folder), HERE, segment_bytes=segment_bytes, reserve_bytes=0
        ) as journal:
            for turn, commit in enumerate(commits):
                journal.append_many(commit)
                kept += commit
                taken = follower.take(len(journal), limits[turn % len(limits)])
                assert len(taken) <= limits[turn % len(limits)]
                found += taken
        while taken := follower.take(len(kept), 3):
            found += taken
        assert found == [*enumerate(kept)][start:]
        assert follower.next == max(start, len(kept))


def test_nothing_beyond_the_count_is_given(tmp_path: Path) -> None:
    with (
        Journal.open(tmp_path, HERE, reserve_bytes=0) as journal,
        Follower(tmp_path) as follower,
    ):
        journal.append_many([b"a", b"b", b"c"])
        assert follower.take(0, 10) == []
        assert follower.take(2, 10) == [(0, b"a"), (1, b"b")]
        assert follower.take(2, 10) == []
        assert follower.take(3, 10) == [(2, b"c")]


def test_it_goes_on_after_the_writer_was_reopened(tmp_path: Path) -> None:
    with Follower(tmp_path) as follower:
        for life in range(4):
            with Journal.open(tmp_path, HERE, segment_bytes=300, reserve_bytes=0) as journal:
                journal.append_many([b"x" * 100, bytes([life])])
                assert [r.payload for r in follower.take(len(journal), 9)] == [
                    b"x" * 100,
                    bytes([life]),
                ]


def test_damage_before_the_count_is_an_alarm_and_the_sound_part_is_given(tmp_path: Path) -> None:
    last = filled(tmp_path, [b"%d" % n * 100 for n in range(30)])[-1]
    data = bytearray(last.read_bytes())
    data[-200] ^= 1
    last.write_bytes(data)
    with Follower(tmp_path) as follower:
        found = [record.index for record in follower.take(30, 100)]
        assert found == list(range(len(found)))
        assert 25 < len(found) < 30
        for _ in range(2):
            with pytest.raises(JournalDamaged, match=last.name):
                follower.take(30, 100)


def test_a_missing_segment_or_a_missing_journal_is_said(tmp_path: Path) -> None:
    with Follower(tmp_path / "nowhere") as follower:
        assert follower.take(0, 5) == []
    paths = filled(tmp_path, [b"%d" % n * 200 for n in range(60)])
    assert len(paths) > 2
    segments(tmp_path)[1].unlink()
    with Follower(tmp_path) as follower, pytest.raises(JournalDamaged, match="manque"):
        while follower.take(60, 7):
            pass
