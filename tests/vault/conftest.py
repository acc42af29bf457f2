"""Homes with the vault's real processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.ids import machine_name
from releve.vault.enrolment import enrol
from releve.vault.restic import Restic
from tests.vault.house import House, drill_home, open_house

OpenHouse = Callable[..., House]


@pytest.fixture(scope="session")
def central(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose central repository was made by the real ``restic init``."""
    home = drill_home(tmp_path_factory.mktemp("central") / "home")
    enrol(home, machine_name("PREMIERE"), SystemClock().now(), Restic(home.world, home.path))
    return home.path


@pytest.fixture
def house(tmp_path: Path, central: Path) -> Iterator[OpenHouse]:
    """Opens a home with the named parts running; all are stopped at the end of the test."""
    with ExitStack() as stack:

        def start(*parts: str) -> House:
            return stack.enter_context(open_house(tmp_path / "home", central, *parts))

        yield start


def sha256(data: bytes) -> str:
    """An object's name."""
    return hashlib.sha256(data).hexdigest()
