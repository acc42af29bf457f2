"""Kits that are really built: a published ward, and pages that must stay silent."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from releve.care.kit import Names, Published, publish, published_path, window_of
from releve.care.kit.build import build, up_to_date
from releve.care.kit.errors import KitsNotBuilt
from releve.care.sheet import WardSheet
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from tests.care.kit.wards import NOW, PERIOD, ward

NAMES = Names("Centre hospitalier de Valbrume", "Chirurgie B")


@dataclass(frozen=True)
class Kit:
    """A published kit, and what opens it."""

    home: Home
    path: Path
    code: str

    def copy(self, folder: Path, data: bytes | None = None) -> Path:
        """The kit (or ``data`` in its place) alone in another folder, as on a key."""
        path = folder / self.path.name
        path.write_bytes(self.path.read_bytes() if data is None else data)
        return path


def make_kit(home: Home, sheet: WardSheet) -> Kit:
    """Publish ``sheet`` and give what a card and a key would hold."""
    outcome = publish(home, sheet, NOW, PERIOD, names=NAMES)
    assert isinstance(outcome, Published), outcome
    window = window_of(home, sheet.ward)
    assert window is not None
    assert window.code is not None
    return Kit(home, published_path(home, sheet.ward), window.code)


@pytest.fixture(scope="session", autouse=True)
def _script() -> None:
    """The script is built as an install does; skipped aloud where npm is not."""
    if up_to_date():
        return
    if shutil.which("npm") is None:
        pytest.skip("npm manque : kits non construits")
    try:
        build()
    except KitsNotBuilt as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Twelve patients in CHIR-B, of whom one is the marker."""
    home = birth(tmp_path_factory.mktemp("kits") / "home", World.DRILL, NOW)
    return make_kit(home, ward())
