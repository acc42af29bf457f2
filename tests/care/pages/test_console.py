"""``./run care ward`` and ``./run care patient``, as commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from releve.care.opening import OPENED
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.ledger import Place
from releve.ledger.commitments import Salts
from releve.runtime.ledger import read_entries
from tests.care.pages.hospital import ELISE
from tests.care.pages.parts import born

#: The whole program, with the verbs of care whether or not it lists them already.
_PROGRAM = """
import sys
from releve.cli import care, main
if not any(group.name == "care" for group in main.app.registered_groups):
    main.app.add_typer(care.app, name="care")
sys.exit(main.run())
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The small hospital, without any page."""
    return born(tmp_path_factory.mktemp("console"))


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The verb in its own process."""
    command = [sys.executable, "-c", _PROGRAM, "care", *words, "--home", str(home)]
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def figures(home: Path, *words: str) -> dict[str, object]:
    done = run(home, *words, "--json", "-")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_census_of_a_ward(home: Home) -> None:
    found = figures(home.path, "ward", "CHIR-B")
    patients = found["patients"]
    assert isinstance(patients, list)
    assert found["count"] == len(patients) == 3
    assert [each["bed"] for each in patients] == ["B01", "B02", "B03"]
    assert (patients[0]["ipp"], patients[0]["name"]) == (ELISE.ipp, "DUPONT")
    assert patients[0]["states"]["allergies"] == "received"
    assert patients[1]["states"]["treatments"] == "never"
    shown = run(home.path, "ward", "CHIR-B").stdout
    assert "HOMONYME EN B02" in shown and "\u202e" not in shown and "\x07" not in shown


def test_an_unknown_ward_says_which_are_known(home: Home) -> None:
    done = run(home.path, "ward", "RIEN")
    assert done.returncode == 1
    assert "CHIR-B" in done.stdout and "MED-A" in done.stdout


@pytest.mark.parametrize("wanted", [ELISE.ipp, ELISE.ins, "S1", "800009"])
def test_a_file_by_each_of_its_numbers(home: Home, wanted: str) -> None:
    found = figures(home.path, "patient", wanted)
    assert found["ipp"] == ELISE.ipp
    sections = found["sections"]
    assert isinstance(sections, dict)
    texts = [value["text"] for row in sections["treatments"]["rows"] for value in row["values"]]
    assert "Héparine calcique 5000 UI" in texts


def test_each_opening_on_the_console_is_in_the_ledger_without_a_name(home: Home) -> None:
    before = [e for _, e in read_entries(home) if e.what == OPENED]
    key = figures(home.path, "patient", ELISE.ipp)["key"]
    after = [e for _, e in read_entries(home) if e.what == OPENED]
    assert len(after) == len(before) + 1
    told = after[-1]
    assert (told.value, told.kind) == ("console", "access")
    assert told.detail["perimeter"] == "990000010/990000028/CHIR-B"
    assert Salts(Place(home).salts).verify(told.commitments["patient"], str(key))


def test_nobody_then_nothing_received(home: Home, tmp_path: Path) -> None:
    nobody = run(home.path, "patient", "999999")
    assert nobody.returncode == 1 and "Aucun dossier" in nobody.stdout
    empty = birth(tmp_path / "vide", World.DRILL, SystemClock().now())
    for verb in (("ward", "CHIR-B"), ("patient", ELISE.ipp)):
        done = run(empty.path, *verb)
        assert done.returncode == 2 and "care replay" in done.stderr
