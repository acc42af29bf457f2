"""A real home with the example hospital under numbers that no department uses."""

from __future__ import annotations

import shutil
from pathlib import Path

from releve.establishment import load
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

VALBRUME = Path(__file__).parents[3] / "examples/valbrume"
#: Department « 00 » does not exist; the keys are right.
EJ, SITE, OTHER_SITE, CARE_HOME = "000000018", "000000026", "000000034", "000000042"
_NUMBERS = {"990000010": EJ, "990000028": SITE, "990000036": OTHER_SITE, "990000044": CARE_HOME}


def folder(where: Path) -> Path:
    """The example's seven files under those numbers."""
    shutil.copytree(VALBRUME, where, ignore=shutil.ignore_patterns("*.md"))
    for path in where.iterdir():
        text = path.read_text("utf-8")
        for test, real in _NUMBERS.items():
            text = text.replace(test, real)
        path.write_text(text, "utf-8")
    return where


def real_home(where: Path) -> Home:
    """Born real, its establishment loaded."""
    home = birth(where / "home", World.REAL, SystemClock().now())
    load(home, folder(where / "folder"), SystemClock().now())
    return home
