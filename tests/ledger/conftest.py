"""A real home beside the drill home."""

from __future__ import annotations

from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World


@pytest.fixture
def real_home(tmp_path: Path) -> Home:
    """A real home, just born."""
    return birth(tmp_path / "real", World.REAL, SystemClock().now())
