"""What several rooms' tests share: a fresh drill home, and the real Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A clone that releve cannot write in has no place for examples; nor has CI for deadlines.
hypothesis.settings.register_profile("releve", database=None, deadline=None)
hypothesis.settings.load_profile("releve")

CHROMIUM = Path("/usr/bin/chromium")
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A drill home, just born."""
    return birth(tmp_path / "home", World.DRILL, SystemClock().now())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without any request of its own; its tests are skipped aloud without it.

    One per module: while it lives, Playwright runs an event loop in this thread, where Django
    refuses its database and no other loop can start.
    """
    if not CHROMIUM.exists():
        pytest.skip("chromium manque : apt-get install chromium")
    from playwright.sync_api import sync_playwright

    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*_QUIET, *sandbox]
        )
        yield chromium
        chromium.close()
