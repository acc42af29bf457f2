"""A home is born once, knows a copy of itself, and has one writer per part."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from releve.kernel import home
from releve.kernel.ids import Finess
from releve.kernel.world import World

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def test_a_home_keeps_the_world_it_was_born_with(tmp_path: Path) -> None:
    born = home.birth(tmp_path / "h", World.DRILL, NOW)
    again = home.birth(tmp_path / "h", World.REAL, NOW)
    assert again == born
    with pytest.raises(home.HomeWrongWorld):
        again.check_world(World.REAL)


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(home.HomeUnreadable, match="n'est pas vide"):
        home.birth(tmp_path, World.REAL, NOW)
    assert [p.name for p in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_birth_that_was_killed_is_finished_by_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "h/secrets").mkdir(parents=True)
    (tmp_path / "h/.home.json.abc123.tmp").write_bytes(b"{")
    assert home.birth(tmp_path / "h", World.REAL, NOW).world is World.REAL


def test_births_at_once_give_one_home(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for round_ in range(20):
            path = tmp_path / str(round_)
            born = list(pool.map(lambda _, at=path: home.birth(at, World.REAL, NOW), range(8)))
            assert len({each.id for each in born}) == 1


def test_a_live_home_is_not_taken_over(tmp_path: Path) -> None:
    born = home.birth(tmp_path / "h", World.REAL, NOW)
    with pytest.raises(home.HomeAlreadyLive):
        home.take_over(born.path)
    assert home.read(born.path).epoch == 1


def test_a_newer_home_is_refused_by_this_program(tmp_path: Path) -> None:
    home.birth(tmp_path / "h", World.REAL, NOW)
    file = tmp_path / "h/home.json"
    fields = json.loads(file.read_text())
    file.write_text(json.dumps({**fields, "format": home.FORMAT + 1}))
    with pytest.raises(home.HomeTooNew) as caught:
        home.read(tmp_path / "h")
    assert "version" in caught.value.remedy


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', '{"format": "x"}'])
def test_a_damaged_home_file_says_where_and_what_next(tmp_path: Path, damage: str) -> None:
    home.birth(tmp_path / "h", World.REAL, NOW)
    (tmp_path / "h/home.json").write_text(damage)
    with pytest.raises(home.HomeUnreadable) as caught:
        home.read(tmp_path / "h")
    assert str(tmp_path / "h") in str(caught.value)
    assert caught.value.remedy


def test_a_copied_home_cannot_write_until_it_takes_over(tmp_path: Path) -> None:
    born = home.birth(tmp_path / "h", World.REAL, NOW)
    shutil.copytree(born.path, tmp_path / "copy")
    copy = home.read(tmp_path / "copy")
    with pytest.raises(home.HomeCopied), home.sole_writer(copy, "signer"):
        pass
    live = home.take_over(copy.path)
    assert live.epoch == born.epoch + 1
    with home.sole_writer(live, "signer"):
        pass


def test_a_moved_home_still_writes(tmp_path: Path) -> None:
    home.birth(tmp_path / "h", World.REAL, NOW)
    (tmp_path / "h").rename(tmp_path / "elsewhere")
    with home.sole_writer(home.read(tmp_path / "elsewhere"), "signer"):
        pass


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    born = home.birth(tmp_path / "h", World.REAL, NOW)
    program = (
        "import sys, pathlib\n"
        "from releve.kernel import home\n"
        "h = home.read(pathlib.Path(sys.argv[1]))\n"
        "with home.sole_writer(h, 'signer'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, str(born.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdin is not None
    assert first.stdout is not None
    with first:
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(home.HomeBusy, match=str(first.pid)),
            home.sole_writer(born, "signer"),
        ):
            pass
        first.stdin.close()
    with home.sole_writer(born, "signer"):
        pass


def test_a_drill_signs_only_under_test_numbers_and_a_real_home_never(tmp_path: Path) -> None:
    drill = home.birth(tmp_path / "d", World.DRILL, NOW)
    real = home.birth(tmp_path / "r", World.REAL, NOW)
    drill.check_finess(Finess("990000010"))
    real.check_finess(Finess("750712184"))
    with pytest.raises(home.FinessRefused):
        drill.check_finess(Finess("750712184"))
    with pytest.raises(home.FinessRefused):
        real.check_finess(Finess("990000010"))
