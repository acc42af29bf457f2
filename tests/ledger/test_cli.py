"""``ledger append | prove | export | show`` as a person types them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from releve.cli.ledger import app
from releve.kernel.errors import BadInput, ReleveError
from releve.kernel.home import Home, read
from releve.kernel.world import World
from releve.ledger import verify as verifier
from releve.ledger.errors import BadEvidence, ProofRefused, WrongReality
from tests.ledger.examples import verdict

MINIMAL = {
    "what": "restauration essayée",
    "system": "SRV-FICHIERS",
    "value": 41,
    "unit": "fichiers",
    "finess": "990000010",
    "reality": "simulé",
    "kind": "measure",
}


def ledger(*arguments: object, given: str | None = None) -> str:
    """Standard output; a refusal is raised, as the main program receives it."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)
    if isinstance(done.exception, ReleveError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_append_then_prove_then_export(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps({**MINIMAL, "origin": "essai", "number": 1, "when": _NOON}))
    assert ledger("append", file, "--home", home.path) == "1\n"
    assert ledger("append", file, "--home", home.path) == "1\n"  # once
    assert ledger("append", "-", "--home", home.path, given=json.dumps(MINIMAL)) == "2\n"
    proof = tmp_path / "proof.json"
    proof.write_text(ledger("prove", 2, "--home", home.path))
    assert set(json.loads(proof.read_text())) == {"leaf_hash", "index", "size", "proof", "root"}
    assert verifier.main(["inclusion", str(proof)]) == 0
    said = ledger("export", tmp_path / "x", "--home", home.path)
    assert "3 entrées" in said
    assert verdict(tmp_path / "x")[0] == 0
    assert "SRV-FICHIERS : restauration essayée = 41 fichiers" in ledger(
        "show", "--since", 2, "--home", home.path
    )
    figures = json.loads(ledger("show", "--json", "-", "--home", home.path))
    assert [row["index"] for row in figures] == [0, 1, 2]


def test_the_printed_command_runs_as_it_is_even_with_spaces(home: Home, tmp_path: Path) -> None:
    said = ledger("export", tmp_path / "l'export du soir", "--home", home.path)
    (command,) = (line for line in said.splitlines() if line.startswith("vérifier : "))
    done = subprocess.run(
        ["/bin/sh", "-c", command.removeprefix("vérifier : ")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "cohérent" in done.stdout) == (0, True), done.stderr


def test_a_missing_home_is_born_real_and_its_birth_can_be_proved(tmp_path: Path) -> None:
    proof = json.loads(ledger("prove", 0, "--home", tmp_path / "new"))
    assert (proof["size"], proof["proof"], proof["root"]) == (1, [], proof["leaf_hash"])
    assert read(tmp_path / "new").world is World.REAL


def test_refusals_say_what_to_do(home: Home, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="absent"):
        ledger("append", tmp_path / "absent", "--home", home.path)
    with pytest.raises(BadInput, match="65 535"):
        ledger("append", "-", "--home", home.path, given="x" * 2_000_000)
    with pytest.raises(BadEvidence, match="« unit »"):
        ledger("append", "-", "--home", home.path, given=json.dumps({**MINIMAL, "unit": ""}))
    with pytest.raises(WrongReality):
        ledger("append", "-", "--home", tmp_path / "real", given=json.dumps(MINIMAL))
    with pytest.raises(ProofRefused, match="1 entrées"):
        ledger("prove", 10**6, "--home", home.path)


_NOON = "2026-11-23T12:00:00Z"
