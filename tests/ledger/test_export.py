"""The folder handed to a stranger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from releve.kernel.ids import TEST_FINESS
from releve.ledger import Place, export
from releve.ledger import verify as verifier
from releve.ledger.errors import ExportRefused
from tests.ledger.examples import evidence, exported, signing, stand_alone, verdict


def test_a_stranger_verifies_it_with_python_alone(home: Home, tmp_path: Path) -> None:
    folder = exported(home, tmp_path / "x", entries=300)
    said = stand_alone(folder / "verify.py", folder)
    assert said.returncode == 0, said.stdout + said.stderr
    fingerprint = Place(home).public_key().fingerprint
    assert "cohérent, NON ANCRÉ" in said.stdout
    assert fingerprint in said.stdout
    assert "SIMULATION" in said.stdout
    assert fingerprint in (folder / "LISEZMOI.txt").read_text("utf-8")


def test_it_speaks_in_any_locale(home: Home, tmp_path: Path) -> None:
    folder = exported(home, tmp_path / "x", entries=1)
    command = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
    for locale in ("C", "POSIX", "fr_FR.ISO-8859-1"):
        said = subprocess.run(
            command, env={**os.environ, "LC_ALL": locale}, capture_output=True, check=False
        )
        assert said.returncode == 0, said.stderr


def test_the_manifest_tells_every_other_file(home: Home, tmp_path: Path) -> None:
    folder = exported(home, tmp_path / "x", entries=300)
    listed = {row["path"] for row in json.loads((folder / "manifest.json").read_bytes())["files"]}
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert present == listed | {"manifest.json"}
    assert "tile/0/000" in listed
    assert "tile/entries/001.p/45" in listed


def test_an_existing_folder_is_left_alone(home: Home, tmp_path: Path) -> None:
    with signing(home):
        pass
    taken = tmp_path / "taken"
    taken.mkdir()
    export(home, taken)  # empty: welcome
    before = sorted(taken.rglob("*"))
    with pytest.raises(ExportRefused, match="pas vide") as refused:
        export(home, taken)
    assert "taken-2" in refused.value.remedy
    assert sorted(taken.rglob("*")) == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportRefused):
        export(home, tmp_path / "file" / "below")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "taken", "file"}


@pytest.mark.parametrize("below", [".", "x", "log/x", "journal"])
def test_nothing_is_exported_into_the_log_itself(home: Home, tmp_path: Path, below: str) -> None:
    with signing(home):
        pass
    (tmp_path / "link").symlink_to(home.path / "ledger")
    before = sorted(home.path.rglob("*"))
    for door in (home.path / "ledger", tmp_path / "link"):
        with pytest.raises(BadInput, match="le dossier du registre lui-même"):
            export(home, door / below)
    assert sorted(home.path.rglob("*")) == before


def test_it_is_consistent_while_the_log_grows(home: Home, tmp_path: Path) -> None:
    stop = threading.Event()
    with signing(home) as signer:

        def grow() -> None:
            number = 0
            while not stop.is_set():
                number += 25
                signer.append_many([evidence(n) for n in range(number - 24, number + 1)])
                signer.publish()

        growing = threading.Thread(target=grow)
        growing.start()
        try:
            heads = [export(home, tmp_path / f"x{n}") for n in range(8)]
        finally:
            stop.set()
            growing.join()
    assert heads[0].size < heads[-1].size
    for number in range(8):
        assert verdict(tmp_path / f"x{number}")[0] == 0
    kept = str(tmp_path / "x0" / "checkpoint")
    assert verdict(tmp_path / "x7", "--checkpoint", kept)[0] == 0


def test_the_verifier_is_short_alone_and_knows_our_test_numbers() -> None:
    source = Path(verifier.__file__).read_text("utf-8")
    assert len(source.splitlines()) <= 350
    imported = {
        line.split()[1].split(".")[0]
        for line in source.splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported <= set(sys.stdlib_module_names)
    assert set(TEST_FINESS) == verifier.TEST_FINESS
