"""Django on a drill home that knows its establishment and has received a few patients."""

from __future__ import annotations

from pathlib import Path

import pytest

from releve.establishment import load
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from tests.care.pages.hospital import fill, story, write_folder
from tests.pages.conftest import records

__all__ = ["records"]


@pytest.fixture
def known(records: Home, tmp_path: Path) -> Home:
    """The establishment is loaded; nothing was received."""
    load(records, write_folder(tmp_path / "etablissement"), SystemClock().now())
    return records


@pytest.fixture
def hospital(known: Home) -> Home:
    """Six patients in three wards."""
    fill(known, story())
    return known
