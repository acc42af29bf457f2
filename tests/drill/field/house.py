"""A real home with the example hospital under numbers that no department uses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from releve.establishment import load
from releve.establishment.folder import BLANK
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

VALBRUME = Path(__file__).parents[3] / "examples/valbrume"
#: Department « 00 » does not exist; the keys are right.
EJ, SITE, OTHER_SITE, CARE_HOME = "000000018", "000000026", "000000034", "000000042"
_NUMBERS = {"990000010": EJ, "990000028": SITE, "990000036": OTHER_SITE, "990000044": CARE_HOME}


def folder(where: Path, numbers: Mapping[str, str] = _NUMBERS) -> Path:
    """The example's entities and services under those numbers; nothing else is known."""
    where.mkdir(parents=True)
    text = (VALBRUME / "establishment.toml").read_text("utf-8")
    text = text.partition("[[gate]]")[0]
    for test, real in numbers.items():
        text = text.replace(test, real)
    (where / "establishment.toml").write_text(text, "utf-8")
    for name, data in BLANK.items():
        (where / name).write_bytes(data)
    return where


def real_home(where: Path) -> Home:
    """Born real, its establishment loaded."""
    home = birth(where / "real", World.REAL, SystemClock().now())
    load(home, folder(where / "folder"), SystemClock().now())
    return home
