"""What a home keeps is the folder's very bytes, or what it kept before: nothing in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from releve.establishment import current, load, load_folder, save, stored
from releve.establishment.errors import (
    FolderFaulty,
    FolderNotNew,
    NothingStored,
    StoreDamaged,
)
from releve.establishment.store import stored_files
from releve.kernel.clock import SystemClock
from releve.kernel.home import FinessRefused, Home, birth
from releve.kernel.world import World
from tests.establishment.sample import FILES, changed, write

_NOW = SystemClock().now()
#: What keeps a file: between any two of these a machine can stop.
_BOUNDARIES = ("open", "write", "fsync", "link", "replace", "mkdir", "unlink")


def test_what_is_saved_is_what_was_loaded_to_the_byte(home: Home, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **FILES,
        "people.csv": FILES["people.csv"].replace("\n", "\r\n").encode("cp1252"),
        "machines.csv": b"\xef\xbb\xbf" + FILES["machines.csv"].encode(),
        "LISEZMOI.md": "# À lire\n",
    }
    folder = write(tmp_path / "d", {**files, "brouillon.txt": "x"})
    generation, read = load(home, folder, _NOW)
    assert generation.number == 1
    assert stored(home) == read == load_folder(folder)
    names = save(home, tmp_path / "back")
    assert sorted(names) == sorted(files)
    for name in files:
        assert (tmp_path / "back" / name).read_bytes() == (folder / name).read_bytes()
    assert sorted(p.name for p in (tmp_path / "back").iterdir()) == sorted(files)


def test_the_same_bytes_are_kept_once_and_others_are_a_new_generation(
    home: Home, tmp_path: Path
) -> None:
    folder = write(tmp_path / "d")
    first, _ = load(home, folder, _NOW)
    again, _ = load(home, folder, SystemClock().now())
    assert (again.number, again.fresh, again.loaded) == (1, False, first.loaded)
    other, _ = load(home, write(tmp_path / "e", changed("people.csv", "Nora", "Léa")), _NOW)
    assert (other.number, other.fresh) == (2, True)
    assert other.fingerprint != first.fingerprint


def test_a_folder_with_one_fault_changes_nothing(home: Home, tmp_path: Path) -> None:
    load(home, write(tmp_path / "d"), _NOW)
    before = _tree(home.path / "establishment")
    bad = write(tmp_path / "bad", changed("people.csv", "P002;DIALLO", "P001;DIALLO"))
    with pytest.raises(FolderFaulty):
        load(home, bad, _NOW)
    assert _tree(home.path / "establishment") == before


def test_a_real_home_refuses_the_test_numbers(tmp_path: Path) -> None:
    real = birth(tmp_path / "real", World.REAL, _NOW)
    with pytest.raises(FinessRefused) as refusal:
        load(real, write(tmp_path / "d"), _NOW)
    assert "Mettez le FINESS de votre établissement" in refusal.value.remedy
    assert current(real) is None


def test_killed_at_any_moment_a_load_leaves_the_one_before(home: Home, tmp_path: Path) -> None:
    load(home, write(tmp_path / "old"), _NOW)
    before = stored_files(home)
    new_folder = write(tmp_path / "new", changed("people.csv", "Nora", "Léa"))
    after = {name: (new_folder / name).read_bytes() for name in FILES}
    seen = set()
    for boundary in range(1, 400):
        status = _killed_at(boundary, lambda: load(home, new_folder, _NOW))
        kept = stored_files(home)
        assert kept in (before, after)
        seen.add(kept == after)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        if kept == after:  # begin again from the old one
            load(home, tmp_path / "old", _NOW)
    else:
        pytest.fail("the load never ended")
    assert boundary > 30
    assert seen == {False, True}
    assert stored(home) == load_folder(new_folder)


def _killed_at(boundary: int, act: Callable[[], object]) -> int:
    """Run ``act`` in a child that is killed just before its nth call of a boundary; its status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left = boundary

    def watched(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return wrapper

    for name in _BOUNDARIES:
        setattr(os, name, watched(getattr(os, name)))
    try:
        act()
    finally:
        os._exit(0)


def test_nothing_kept_and_a_folder_in_the_way(home: Home, tmp_path: Path) -> None:
    assert stored(home) is None
    with pytest.raises(NothingStored):
        save(home, tmp_path / "back")
    assert not (tmp_path / "back").exists()
    load(home, write(tmp_path / "d"), _NOW)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(FolderNotNew):
        save(home, tmp_path / "full")
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["people.csv", "manifest.json"])
@pytest.mark.parametrize("how", ["changed", "removed"])
def test_a_kept_file_that_was_touched_is_refused(
    home: Home, tmp_path: Path, name: str, how: str
) -> None:
    folder = write(tmp_path / "d")
    load(home, folder, _NOW)
    path = home.path / "establishment" / "1" / name
    if how == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"P003", b"P004") + b" ]")
    with pytest.raises(StoreDamaged):
        stored(home)


def test_a_damaged_home_takes_the_folder_again(home: Home, tmp_path: Path) -> None:
    folder = write(tmp_path / "d")
    load(home, folder, _NOW)
    for name in ("people.csv", "manifest.json"):
        (home.path / "establishment" / str(_number(home)) / name).write_bytes(b"?")
        _, read = load(home, folder, _NOW)
        assert stored(home) == read


def _number(home: Home) -> int:
    found = current(home)
    assert found is not None
    return found.number


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
