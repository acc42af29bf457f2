"""Torn tails, flipped bits, lost and swapped segments, copies of the past."""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from google_crc32c import value
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.journal import (
    Journal,
    JournalDamaged,
    JournalEpochRefused,
    JournalForeign,
    JournalTooNew,
    Origin,
    read_journal,
    verify_journal,
)
from releve.journal.layout import HEADER_BYTES, MARK_BYTES
from tests.journal.crash import HERE, crashed, filled, payloads_of, segments

_COMMITS = [[b"a"], [b"b" * 400, b"c"], [b"d", b"e", b"f" * 50], [b"g"]]
_PAYLOADS = [bytes([n]) * 90 for n in range(60)]


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in segments(folder)}


def _refused(folder: Path) -> JournalDamaged:
    """Opening is refused, the refusal says where, and not one byte has changed."""
    before = _contents(folder)
    with pytest.raises(JournalDamaged) as refusal:
        Journal.open(folder, HERE)
    assert _contents(folder) == before
    assert Path(str(refusal.value.data["file"])).parent == folder
    assert str(refusal.value.data["file"]) in refusal.value.remedy
    return refusal.value


def test_a_torn_tail_is_cut_and_counted_and_the_journal_goes_on(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "live", HERE) as journal:
        journal.append(b"acknowledged")
        journal.append_many([b"one", b"two", b"three"])
        torn = crashed(tmp_path / "live", tmp_path / "torn")
    (file,) = segments(torn)
    with file.open("r+b") as segment:
        segment.truncate(file.stat().st_size - 5)
    with Journal.open(torn, HERE) as journal:
        assert journal.recovered.records == 1
        assert journal.recovered.cut_records == 3
        assert journal.recovered.cut_bytes > 0
        assert journal.append(b"next") == 1
    assert payloads_of(torn) == [b"acknowledged", b"next"]
    assert verify_journal(torn).ok


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A journal left by a crash, and the offset where each of its commits ends."""
    place = tmp_path_factory.mktemp("at-work")
    ends = [HEADER_BYTES]
    with Journal.open(place / "live", HERE) as journal:
        for commit in _COMMITS:
            journal.append_many(commit)
            ends.append(segments(place / "live")[0].stat().st_size)
        return crashed(place / "live", place / "left"), ends


@settings(max_examples=60, deadline=None, database=None)
@given(data=st.data())
def test_cut_anywhere_what_remains_is_whole_commits(
    at_work: tuple[Path, list[int]], data: st.DataObject
) -> None:
    left, ends = at_work
    cut = data.draw(st.integers(HEADER_BYTES, ends[-1]))
    with tempfile.TemporaryDirectory() as place:
        torn = shutil.copytree(left, Path(place) / "torn")
        (file,) = segments(torn)
        with file.open("r+b") as segment:
            segment.truncate(cut)
            if data.draw(st.booleans()):  # ext4 may give the length without the bytes
                segment.truncate(ends[-1])
        whole = sum(end <= cut for end in ends) - 1
        assert payloads_of(torn) == [payload for commit in _COMMITS[:whole] for payload in commit]
        assert verify_journal(torn).ok


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of several segments, closed properly."""
    folder = tmp_path_factory.mktemp("sound") / "journal"
    filled(folder, _PAYLOADS)
    return folder


@settings(max_examples=100, deadline=None, database=None)
@given(data=st.data())
def test_any_flipped_bit_before_the_last_mark_is_an_alarm(sound: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = shutil.copytree(sound, Path(place) / "journal")
        files = segments(folder)
        file = data.draw(st.sampled_from(files))
        size = file.stat().st_size - (MARK_BYTES if file == files[-1] else 0)
        offset, bit = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 7))
        content = bytearray(file.read_bytes())
        content[offset] ^= 1 << bit
        file.write_bytes(content)
        verdict = verify_journal(folder)
        assert [damage.file for damage in verdict.damage][:1] == [file]
        assert verdict.damage[0].offset <= offset
        with pytest.raises(JournalDamaged):
            [*read_journal(folder)]
        if file == files[-1]:
            assert _refused(folder).data["file"] == file


def test_a_scrub_lists_every_damage_and_counts_the_good_part(tmp_path: Path) -> None:
    files = filled(tmp_path, _PAYLOADS)
    assert len(files) >= 4
    for file in (files[0], files[2]):
        content = bytearray(file.read_bytes())
        content[HEADER_BYTES + MARK_BYTES + 20] ^= 1
        file.write_bytes(content)
    verdict = verify_journal(tmp_path)
    assert [damage.file for damage in verdict.damage] == [files[0], files[2]]
    assert verdict.records == len(_PAYLOADS) - 2


def test_a_closed_segment_that_lost_its_end_is_refused(tmp_path: Path) -> None:
    first, *_ = filled(tmp_path, _PAYLOADS)
    for lost in (1, MARK_BYTES, first.stat().st_size // 2):
        folder = tmp_path / f"lost-{lost}"
        shutil.copytree(tmp_path, folder, ignore=shutil.ignore_patterns("lost-*"))
        with (folder / first.name).open("r+b") as segment:
            segment.truncate(first.stat().st_size - lost)
        assert _refused(folder).data["file"] == folder / first.name
        assert not verify_journal(folder).ok


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_missing_segment_is_refused(tmp_path: Path, place: int) -> None:
    files = filled(tmp_path, _PAYLOADS)
    files[place].unlink()
    _refused(tmp_path)
    assert not verify_journal(tmp_path).ok
    with pytest.raises(JournalDamaged):
        [*read_journal(tmp_path)]


def test_swapped_segments_are_refused(tmp_path: Path) -> None:
    one, two = filled(tmp_path, _PAYLOADS)[1:3]
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    _refused(tmp_path)
    assert not verify_journal(tmp_path).ok


def test_a_segment_of_another_life_of_this_home_is_refused(tmp_path: Path) -> None:
    files = filled(tmp_path / "here", _PAYLOADS)
    filled(tmp_path / "there", [payload[::-1] + b"!" for payload in _PAYLOADS])
    other = [file for file in segments(tmp_path / "there") if file.name == files[1].name]
    if not other:  # records of another size would start segments elsewhere
        other = [segments(tmp_path / "there")[1]]
    shutil.copy(other[0], files[1])
    _refused(tmp_path / "here")
    assert not verify_journal(tmp_path / "here").ok


def test_a_cut_between_a_new_segment_and_the_closing_of_the_old_one_is_mended(
    tmp_path: Path,
) -> None:
    with Journal.open(tmp_path / "live", HERE, segment_bytes=1500) as journal:
        while len(segments(tmp_path / "live")) < 3:
            journal.append(b"x" * 90)
        kept = len(journal) - 1
        left = crashed(tmp_path / "live", tmp_path / "left")
    _, before, last = segments(left)
    for lost in (MARK_BYTES, 7):  # the closing mark absent, then torn
        folder = tmp_path / f"mended-{lost}"
        shutil.copytree(left, folder)
        with (folder / last.name).open("r+b") as segment:
            segment.truncate(HEADER_BYTES)
        with (folder / before.name).open("r+b") as segment:
            segment.truncate(before.stat().st_size - lost)
        assert [*read_journal(folder)] == [(n, b"x" * 90) for n in range(kept)]
        assert payloads_of(folder) == [b"x" * 90] * kept
        assert verify_journal(folder).ok
        assert _contents(folder)[before.name] == before.read_bytes()


def test_a_payload_that_imitates_a_mark_does_not_turn_a_torn_tail_into_an_alarm(
    tmp_path: Path,
) -> None:
    (other,) = filled(tmp_path / "other", [b"q" * 500])
    seal = other.read_bytes()[-MARK_BYTES:]
    with Journal.open(tmp_path / "live", HERE) as journal:
        journal.append(b"kept")
        journal.append(seal * 8 + b"end")
        torn = crashed(tmp_path / "live", tmp_path / "torn")
    (file,) = segments(torn)
    with file.open("r+b") as segment:
        segment.truncate(file.stat().st_size - 1)
    assert payloads_of(torn) == [b"kept"]


def test_a_copy_of_an_older_epoch_cannot_append(tmp_path: Path) -> None:
    filled(tmp_path, _PAYLOADS[:3])
    with Journal.open(tmp_path, Origin(HERE.home_id, 2)) as journal:
        assert journal.append(b"after the take-over") == 3
    before = _contents(tmp_path)
    with pytest.raises(JournalEpochRefused) as refusal:
        Journal.open(tmp_path, HERE)
    assert (refusal.value.data["found"], refusal.value.data["wanted"]) == (2, 1)
    assert _contents(tmp_path) == before
    with Journal.open(tmp_path, Origin(HERE.home_id, 3)) as journal:
        assert len(journal) == 4
    assert verify_journal(tmp_path).ok


def test_an_empty_last_segment_takes_the_new_epoch(tmp_path: Path) -> None:
    Journal.open(tmp_path, HERE).close()
    with Journal.open(tmp_path, Origin(HERE.home_id, 2)) as journal:
        assert journal.append(b"first") == 0
    assert len(segments(tmp_path)) == 1
    with pytest.raises(JournalEpochRefused):
        Journal.open(tmp_path, HERE)


def test_the_journal_of_another_home_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, _PAYLOADS[:3])
    with pytest.raises(JournalForeign):
        Journal.open(tmp_path, Origin("b" * 32, 1))


@pytest.mark.parametrize(
    "reader", [lambda f: Journal.open(f, HERE), verify_journal, lambda f: [*read_journal(f)]]
)
def test_a_newer_format_is_refused_and_not_called_damage(
    tmp_path: Path, reader: Callable[[Path], object]
) -> None:
    (file,) = filled(tmp_path, _PAYLOADS[:3])
    preamble = struct.pack(">8sI", file.read_bytes()[:8], 2)
    file.write_bytes(preamble + struct.pack(">I", value(preamble)) + b"who knows" * 50)
    with pytest.raises(JournalTooNew):
        reader(tmp_path)
