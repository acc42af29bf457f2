"""Readers see the old bytes or the new ones; a taken name is never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from releve.kernel import durable


def test_writing_replaces_the_whole_and_leaves_no_scrap(tmp_path: Path) -> None:
    path = tmp_path / "f"
    durable.write_durably(path, b"old")
    durable.write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_creating_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert durable.create_durably(path, b"first")
    assert not durable.create_durably(path, b"second")
    assert path.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_disk_that_refuses_to_sync_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(SystemExit):
        durable.write_durably(tmp_path / "f", b"x")
    assert not (tmp_path / "f").exists()
