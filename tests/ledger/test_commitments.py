"""Salted commitments: opened with the salt, unlinkable once it is destroyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from releve.kernel.home import Home
from releve.ledger import Salts, export
from releve.ledger.commitments import SALT_BYTES, commitment
from releve.ledger.errors import SaltUnknown
from tests.ledger.examples import evidence, signing, verdict


def test_a_value_is_verified_and_another_is_not(tmp_path: Path) -> None:
    salts = Salts(tmp_path)
    made = salts.commit_all({"patient": "DUPONT Jean", "chemin": "/home/dupont/cr.docx"})
    assert salts.verify(made["patient"], "DUPONT Jean")
    assert not salts.verify(made["patient"], "DUPOND Jean")
    assert len(salts.salt(made["patient"])) == SALT_BYTES >= 16


def test_the_same_value_twice_gives_two_commitments(tmp_path: Path) -> None:
    salts = Salts(tmp_path)
    assert salts.commit("DUPONT") != salts.commit("DUPONT")


def test_salts_are_destroyed_one_by_one_and_the_log_still_verifies(home: Home) -> None:
    salts = Salts(home.path / "ledger" / "salts")
    made = salts.commit_all({"patient": "DUPONT Jean", "agent": "MARTIN Ana"})
    with signing(home) as signer:
        signer.append(evidence(commitments=made))
    inode_path = home.path / "ledger" / "salts" / made["patient"][:2] / made["patient"]
    with inode_path.open("rb") as still_open:
        salts.destroy(made["patient"])
        assert still_open.read() == bytes(SALT_BYTES)
    assert not inode_path.exists()
    with pytest.raises(SaltUnknown):
        salts.verify(made["patient"], "DUPONT Jean")
    with pytest.raises(SaltUnknown):
        salts.destroy(made["patient"])
    assert salts.verify(made["agent"], "MARTIN Ana")
    export(home, home.path.with_name("x"))
    assert verdict(home.path.with_name("x"))[0] == 0


@pytest.mark.parametrize("made", ["", "../../home.json", "é" * 64, "A" * 64])
def test_a_commitment_never_names_another_file(tmp_path: Path, made: str) -> None:
    with pytest.raises(SaltUnknown):
        Salts(tmp_path).destroy(made)


def test_a_short_salt_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="128 bits"):
        commitment(b"short", "DUPONT")
