"""The real web part on a home that knows a few patients, and open sessions on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from releve.establishment import load
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from tests.care.pages.hospital import fill, story, write_folder


def born(folder: Path) -> Home:
    """A drill home with the small hospital in it."""
    home = birth(folder / "home", World.DRILL, SystemClock().now())
    load(home, write_folder(folder / "etablissement"), SystemClock().now())
    fill(home, story())
    return home


def seats(home: Home, *wanted: str) -> dict[str, str]:
    """Session cookies of caregivers, « login=perimeter » each."""
    command = [sys.executable, "-m", "tests.care.pages.seat", str(home.path), *wanted]
    said = subprocess.run(command, check=True, capture_output=True, env=environment(home))
    return dict(json.loads(said.stdout))


@contextmanager
def served(home: Home) -> Iterator[str]:
    """The web part's address, until the block ends."""
    command = [sys.executable, "-m", "releve.runtime.web", "--home", str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(home)) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["endpoints"]["web"])
        finally:
            process.terminate()


def environment(home: Home) -> dict[str, str]:
    """What a part's process needs of this one."""
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, "RELEVE_HOME": str(home.path), "PYTHONPATH": paths}
