"""The rig's root program grants one disk, in its asker's own folder, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.disk import Disk, DiskAbsent

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="le lanceur du banc ne se lance que par root"),
]


class _Dialogue:
    """A launcher started on ``folder``; ``ask`` returns why it refused, or None."""

    def __init__(self, folder: Path) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-I", "-m", "releve.runtime.launchers.rig", str(folder)]
            line = theirs.fileno()
            self.process = subprocess.Popen(command, stdin=line, stdout=line)
        self._answers = self._ours.makefile("rb")
        self._folder = folder

    def ask(self, **request: object) -> str | None:
        self._ours.sendall(json.dumps(request).encode() + b"\n")
        return self.answer()

    def make(self, **other: object) -> str | None:
        place = {"image": str(self._folder / "disk"), "mount": str(self._folder / "mnt")}
        return self.ask(**{"do": "make", **place, "mib": 16, "uid": 0, "gid": 0, **other})

    def answer(self) -> str | None:
        answer = json.loads(self._answers.readline())
        return None if answer["ok"] else str(answer["why"])

    def end(self) -> int:
        self._ours.shutdown(socket.SHUT_WR)
        status = self.process.wait()
        self._answers.close()
        self._ours.close()
        return status


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    try:
        (tmp_path / "probe").mkdir()
        Disk(tmp_path / "probe", 0, 0, mib=16).close()
    except DiskAbsent as why:
        pytest.skip(f"banc de pannes impossible : {why}")
    (tmp_path / "own").mkdir()
    yield tmp_path / "own"


def _traces(folder: Path) -> list[str]:
    """Mounts and loop devices that speak of this folder, and files left in it."""
    mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    loops = [
        str(backing.parents[1].name)
        for backing in Path("/sys/block").glob("loop*/loop/backing_file")
        if str(folder) in backing.read_text("utf-8")
    ]
    return [m for m in mounts if str(folder) in m] + loops + [f.name for f in folder.iterdir()]


def test_a_power_cut_loses_what_was_not_flushed_and_only_that(folder: Path) -> None:
    with Disk(folder, 0, 0, mib=16) as disk:
        descriptor = os.open(disk.mount / "kept", os.O_WRONLY | os.O_CREAT)
        os.write(descriptor, b"flushed")
        os.fsync(descriptor)
        os.close(descriptor)
        (disk.mount / "lost").write_bytes(b"in memory only")
        disk.cut()
        disk.remount()
        assert (disk.mount / "kept").read_bytes() == b"flushed"
        assert not (disk.mount / "lost").exists()
    assert _traces(folder) == []


@pytest.mark.parametrize("ending", ["eof", "sigterm"])
def test_nothing_survives_its_end(folder: Path, ending: str) -> None:
    launcher = _Dialogue(folder)
    assert launcher.make() is None
    assert any("ext4" in trace for trace in _traces(folder))
    held = os.open(folder / "mnt/held", os.O_WRONLY | os.O_CREAT)  # even while a file is open
    if ending == "sigterm":
        launcher.process.send_signal(signal.SIGTERM)
    assert launcher.end() == 0
    os.close(held)
    assert _traces(folder) == []


def test_paths_outside_its_folder_are_refused(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    launcher = _Dialogue(folder)
    for path in (
        outside / "disk",
        folder / "../outside/disk",
        folder / "a/b",
        folder / "..",
        "mnt",
    ):
        assert launcher.make(image=str(path)) is not None
        assert launcher.make(mount=str(path)) is not None
    for number in (0, 5000, -1, True, "16"):
        assert launcher.make(mib=number) is not None
    assert launcher.ask(do="format", device="/dev/sda") is not None
    assert launcher.ask(do="cut") is not None
    launcher.end()
    assert _traces(folder) == []
    assert [*outside.iterdir()] == []


def test_links_in_its_folder_are_not_followed(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (folder / "disk").symlink_to(outside / "disk")
    (folder / "mnt").symlink_to(outside)
    launcher = _Dialogue(folder)
    assert launcher.make(mount=str(folder / "other")) is not None
    assert launcher.make(image=str(folder / "other")) is not None
    launcher.end()
    assert [*outside.iterdir()] == []


def test_a_folder_that_is_not_the_askers_is_refused(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    os.chown(folder, 65534, 65534)
    for place in (folder, link, folder / "none"):
        launcher = _Dialogue(place)
        assert launcher.answer() is not None
        assert launcher.end() == 2
