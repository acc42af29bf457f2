"""The intruder really tries: against an open door it destroys, against the product it does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from releve.drill.scenario import Scenario
from releve.drill.simulator.intruder import ATTEMPTS, BY_ID, Intruder
from releve.drill.simulator.plan import draw
from releve.drill.simulator.proxy import Proxy
from releve.kernel.outward import WrongWorld
from releve.kernel.world import World
from tests.drill.simulator.receiving import Receiving, start_receiver

_NAME = "PC-A"


@pytest.fixture(scope="module")
def receiving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    if shutil.which("restic") is None:
        pytest.skip("SANS RESTIC : apt-get install restic")
    started = start_receiver(tmp_path_factory.mktemp("recepteur") / "home")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def filled(receiving: Receiving, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A machine that made one backup, and a neighbour."""
    environment = receiving.enrol(_NAME)
    receiving.enrol("PC-B")
    folder = tmp_path_factory.mktemp("documents")
    (folder / "dossier.txt").write_bytes(os.urandom(5000))
    through = {**os.environ, **environment, "RESTIC_CACHE_DIR": str(folder.with_name("cache"))}
    subprocess.run(["restic", "backup", "-q", "."], cwd=folder, env=through, check=True)
    return environment


def _intruder(receiving: Receiving, environment: dict[str, str]) -> Intruder:
    home = receiving.home.path
    work = home / "coulisses/intrus"
    files = (path for path in receiving.storage.glob(f"{_NAME}/*/**/*") if path.is_file())
    known = [(path.relative_to(receiving.storage / _NAME).parts[0], path.name) for path in files]
    return Intruder(World.DRILL, home, environment, "PC-B", Random("essai"), work, known=known)


def _kept(storage: Path) -> dict[str, bytes]:
    """What nobody may touch: everything but the locks."""
    files = (path for path in sorted(storage.rglob("*")) if path.is_file())
    return {str(path): path.read_bytes() for path in files if "/locks/" not in str(path)}


def test_the_catalogue_is_large_enough_and_drawn_by_the_plan(scenario: Scenario) -> None:
    ids = [attempt.id for attempt in ATTEMPTS]
    assert len(set(ids)) == len(ids) >= 14
    first, second = (draw(scenario, seed, fleet=1, attempts=ids).intruder_order for seed in (1, 2))
    assert set(first) == set(second) == set(ids)
    assert first != second


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.id)
def test_what_was_received_before_is_still_there_byte_for_byte(
    receiving: Receiving, filled: dict[str, str], attempt: object
) -> None:
    before = _kept(receiving.storage)
    thief = _intruder(receiving, filled)
    try:
        said = BY_ID[getattr(attempt, "id", "")].run(thief)
    finally:
        thief.close()
    assert said
    assert before.items() <= _kept(receiving.storage).items()


def test_where_deleting_is_allowed_it_does_destroy(
    receiving: Receiving, filled: dict[str, str], tmp_path: Path
) -> None:
    """Otherwise « refused » would prove nothing."""
    aside = tmp_path / "ecarte"
    proxy = Proxy("delete-allowed", receiving.url, tmp_path / "log", receiving.storage, aside)
    before = _kept(receiving.storage)
    try:
        thief = _intruder(receiving, proxy.through(filled))
        assert BY_ID["delete-config"].run(thief) == "200"
        assert "200" in BY_ID["delete-keys"].run(thief)
        thief.close()
        assert not before.items() <= _kept(receiving.storage).items()
        proxy.tell(do="put-back")
        assert before.items() <= _kept(receiving.storage).items()
    finally:
        proxy.stop()


def test_it_never_leaves_this_machine(receiving: Receiving) -> None:
    elsewhere = {"RESTIC_REPOSITORY": "rest:http://a:b@192.0.2.1:80/a/", "RESTIC_PASSWORD": "x"}
    with pytest.raises(WrongWorld):
        _intruder(receiving, elsewhere)
