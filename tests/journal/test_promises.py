"""What the door of the room promises, without enemies."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import threading
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.journal import (
    MAX_RECORD,
    Journal,
    JournalBusy,
    JournalClosed,
    Origin,
    RecordTooLarge,
    closed_segments,
    read_journal,
    verify_journal,
)
from tests.journal.crash import HERE, filled, segments

_COMMITS = st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=4), max_size=12)


def _chain(payloads: list[bytes]) -> bytes:
    def link(head: bytes, payload: bytes) -> bytes:
        return hashlib.sha256(head + payload).digest()

    return list(accumulate(payloads, link, initial=bytes(32)))[-1]


@settings(max_examples=40, deadline=None, database=None)
@given(lives=st.lists(_COMMITS, min_size=1, max_size=3), segment_bytes=st.integers(200, 3000))
def test_what_is_appended_is_read_back_in_order(
    lives: list[list[list[bytes]]], segment_bytes: int
) -> None:
    kept: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        for commits in lives:
            with Journal.open(
                Path(folder), HERE, segment_bytes=segment_bytes, reserve_bytes=0
            ) as journal:
                assert len(journal) == journal.recovered.records == len(kept)
                for commit in commits:
                    indices = journal.append_many(commit)
                    assert indices == range(len(kept), len(kept) + len(commit))
                    kept += commit
                assert [*journal.read()] == [*enumerate(kept)]
                assert journal.chain() == _chain(kept)
        for start in range(len(kept) + 2):
            assert [*read_journal(Path(folder), start)] == [*enumerate(kept)][start:]
        verdict = verify_journal(Path(folder))
        assert verdict.ok
        assert (verdict.records, verdict.chain) == (len(kept), _chain(kept))
        assert verdict.unfinished_bytes == 0


def test_each_closed_segment_has_the_root_of_all_records_before_its_end(tmp_path: Path) -> None:
    payloads = [bytes([n]) * 100 for n in range(60)]
    files = filled(tmp_path, payloads)
    closed = closed_segments(tmp_path)
    assert len(closed) == len(files) - 1 > 2
    for segment in closed:
        assert segment.root == _chain(payloads[: segment.first + segment.count])
    assert [s.first + s.count for s in closed[:-1]] == [s.first for s in closed[1:]]


def test_threads_that_share_commits_each_get_their_own_index(tmp_path: Path) -> None:
    found: dict[int, bytes] = {}
    with Journal.open(tmp_path, HERE, segment_bytes=4000) as journal:

        def append(thread: int) -> None:
            for n in range(60):
                payload = f"{thread}/{n}".encode()
                found[journal.append(payload)] = payload

        threads = [threading.Thread(target=append, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == list(range(480))
        assert dict(journal.read()) == found


def test_a_reader_beside_the_writer_sees_a_prefix_that_grows(tmp_path: Path) -> None:
    stop = threading.Event()
    with Journal.open(tmp_path, HERE, segment_bytes=3000) as journal:

        def write() -> None:
            n = 0
            while not stop.is_set():
                journal.append_many([b"%d" % n, b"%d" % (n + 1)])
                n += 2

        writer = threading.Thread(target=write)
        writer.start()
        try:
            seen = 0
            while seen < 300:
                at_least = len(journal)
                records = [*read_journal(tmp_path)]
                assert records == [(n, b"%d" % n) for n in range(len(records))]
                assert len(records) >= max(at_least, seen)
                seen = len(records)
                assert [*journal.read()][:at_least] == records[:at_least]
        finally:
            stop.set()
            writer.join()


def test_reading_near_the_end_of_a_long_segment_finds_the_right_records(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HERE) as journal:
        for n in range(40):
            journal.append_many([b"%d" % (n * 50 + i) + bytes(200) for i in range(50)])
        for start in (0, 49, 50, 1234, 1999):
            assert next(journal.read(start)).payload.rstrip(b"\0") == b"%d" % start
        assert [*journal.read(2000)] == []
    assert len(segments(tmp_path)) == 1


def test_a_second_writer_is_refused_and_told_who_is_first(tmp_path: Path) -> None:
    command = (
        "import sys; from pathlib import Path; from releve.journal import Journal, Origin\n"
        "j = Journal.open(Path(sys.argv[1]), Origin('a' * 32, 1)); print('open', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", command, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"open\n"
        with pytest.raises(JournalBusy) as refusal:
            Journal.open(tmp_path, HERE)
        assert refusal.value.data["pid"] == str(first.pid)
        first.kill()
    Journal.open(tmp_path, HERE).close()


def test_a_record_too_large_is_refused_and_the_journal_goes_on(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HERE) as journal:
        with pytest.raises(RecordTooLarge):
            journal.append_many([b"small", bytes(MAX_RECORD + 1)])
        assert journal.append(bytes(MAX_RECORD)) == 0
    with Journal.open(tmp_path, HERE) as journal:
        assert [len(record.payload) for record in journal.read()] == [MAX_RECORD]


def test_a_closed_journal_keeps_nothing_more(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, HERE)
    journal.append(b"before")
    journal.close()
    journal.close()
    with pytest.raises(JournalClosed):
        journal.append(b"after")
    assert [record.payload for record in read_journal(tmp_path)] == [b"before"]


def test_opening_many_times_does_not_make_an_idle_journal_grow(tmp_path: Path) -> None:
    (file,) = filled(tmp_path, [b"x"])
    size = file.stat().st_size
    for _ in range(3):
        Journal.open(tmp_path, Origin("a" * 32, 1)).close()
    assert file.stat().st_size == size


def test_a_missing_folder_reads_as_empty(tmp_path: Path) -> None:
    assert [*read_journal(tmp_path / "none")] == []
    assert closed_segments(tmp_path / "none") == []
    assert verify_journal(tmp_path / "none").ok
