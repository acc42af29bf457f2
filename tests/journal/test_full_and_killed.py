"""A disk that fills up, a disk that refuses to flush, and kill -9."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from releve.journal import Journal, JournalFull, read_journal, verify_journal
from tests.journal.crash import HERE, payloads_of, segments

_ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{_ROOT / 'src'}{os.pathsep}{_ROOT}"}
#: A file system of 2 MiB, its use, and a look at what is left, in a namespace that then vanishes.
_ON_A_TINY_DISK = """
mount -t tmpfs -o size=2m none "$1" && "$2" -m tests.journal.filler "$1" && cp -r "$1/journal" "$3"
"""


@contextmanager
def _files_limited_to(size: int) -> Iterator[None]:
    """No file may grow beyond ``size``: writes stop half-way, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_room_an_append_is_refused_whole_and_works_again_with_room(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HERE, reserve_bytes=1000) as journal:
        journal.append(b"kept")
        size = segments(tmp_path)[0].stat().st_size
        with _files_limited_to(size + 500):  # room for the first record and half of the second
            with pytest.raises(JournalFull) as refusal:
                journal.append_many([b"x" * 300, b"y" * 300])
            assert str(tmp_path) in str(refusal.value)
        assert segments(tmp_path)[0].stat().st_size == size
        assert len(journal) == 1
        assert journal.append(b"later") == 1
    assert payloads_of(tmp_path) == [b"kept", b"later"]
    assert verify_journal(tmp_path).ok


def test_without_room_for_the_next_segment_the_current_one_stays_open(tmp_path: Path) -> None:
    with Journal.open(tmp_path, HERE, segment_bytes=600, reserve_bytes=0) as journal:
        while segments(tmp_path)[0].stat().st_size < 600:
            journal.append(b"x" * 100)
        kept = len(journal)
        with _files_limited_to(segments(tmp_path)[0].stat().st_size), pytest.raises(JournalFull):
            journal.append(b"refused")
        assert len(segments(tmp_path)) == 1
        assert journal.append(b"later") == kept
    assert len(payloads_of(tmp_path)) == kept + 1
    assert verify_journal(tmp_path).ok


def test_on_a_disk_that_really_fills_up_the_reserve_serves_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    arguments = [str(tmp_path / "disk"), sys.executable, str(tmp_path / "left")]
    command = ["unshare", "-rm", "sh", "-c", _ON_A_TINY_DISK, "sh", *arguments]
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("les espaces de noms sans droits sont fermés sur cette machine")
    done = subprocess.run(
        command, cwd=_ROOT, env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = [line.split() for line in done.stdout.splitlines()]
    kept = [int(number) for word, number in said if word == "kept"]
    assert len(kept) > 30
    assert ["full", str(len(kept) - 1)] in said
    assert ["reserve", "100000"] in said
    left = [*read_journal(tmp_path / "left")]
    assert [record.index for record in left] == kept == [*range(len(kept))]
    assert all(record.payload[:4] == record.index.to_bytes(4, "big") for record in left)
    assert verify_journal(tmp_path / "left").ok


_APPEND_IN_A_THREAD = """
import sys, threading
from pathlib import Path
from releve.journal import Journal
from tests.journal.crash import HERE
journal = Journal.open(Path(sys.argv[1]), HERE, reserve_bytes=0)
def work():
    for n in range(50):
        journal.append(b"%d" % n)
        print(n, flush=True)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print("went on", flush=True)
"""


def _python(code: str, folder: Path, *under: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*under, sys.executable, "-c", code, str(folder)],
        cwd=_ROOT,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace manque")
def test_a_refused_fsync_ends_the_process_even_from_a_thread(tmp_path: Path) -> None:
    inject = "inject=fsync:error=EIO:when=20"
    done = _python(
        _APPEND_IN_A_THREAD, tmp_path, "strace", "-f", "-qq", "-e", inject, "-o", "/dev/null"
    )
    assert done.returncode == 2
    assert "fsync refusé par le disque" in done.stderr
    assert "went on" not in done.stdout
    acknowledged = len(done.stdout.split())
    assert 0 < acknowledged < 50
    assert len(payloads_of(tmp_path)) >= acknowledged


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace manque")
def test_a_refused_write_stops_the_journal_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    inject = "inject=pwrite64:error=EIO:when=20"
    done = _python(
        _APPEND_IN_A_THREAD, tmp_path, "strace", "-f", "-qq", "-e", inject, "-o", "/dev/null"
    )
    assert "JournalStopped" in done.stderr
    assert len(payloads_of(tmp_path)) == len(done.stdout.splitlines()) - 1 < 50


def test_killed_without_warning_all_that_was_acknowledged_is_there(tmp_path: Path) -> None:
    kept = 0
    for _ in range(3):
        command = [sys.executable, "-m", "tests.rig.writers.journal", "work", str(tmp_path), "7"]
        with subprocess.Popen(
            command, cwd=_ROOT, env=_ENVIRONMENT, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            acknowledged = [process.stdout.readline() for _ in range(200)]
            process.kill()
            acknowledged += process.stdout.readlines()
        kept += len(acknowledged)
        found = [*read_journal(tmp_path / "journal")]
        assert {line.split()[1] for line in acknowledged} <= {
            record.payload.split(b" ")[0] for record in found
        }
        assert len(found) >= kept
    assert verify_journal(tmp_path / "journal").ok
