"""``verify.py inclusion`` and ``consistency``: 0 true, 1 false, 2 malformed, whatever is given."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.ledger import verify as verifier
from releve.ledger.merkle import consistency_proof, inclusion_proof
from tests.ledger.examples import stand_alone
from tests.ledger.test_merkle import naive, nodes_of

LEAVES = [sha256(bytes([n])).digest() for n in range(11)]
INCLUSION: dict[str, Any] = {
    "leaf_hash": LEAVES[4].hex(),
    "index": 4,
    "size": 11,
    "proof": [step.hex() for step in inclusion_proof(4, 11, nodes_of(LEAVES))],
    "root": naive(LEAVES).hex(),
}
CONSISTENCY: dict[str, Any] = {
    "old_size": 6,
    "old_root": naive(LEAVES[:6]).hex(),
    "size": 11,
    "root": naive(LEAVES).hex(),
    "proof": [step.hex() for step in consistency_proof(6, 11, nodes_of(LEAVES))],
}
#: For both kinds: what is not a proof at all.
_MALFORMED: list[dict[str, Any]] = [
    {"size": True},
    {"size": -1},
    {"size": 11.0},
    {"size": "11"},
    {"size": None},
    {"size": 10**30},
    {"root": "zz" * 32},
    {"root": "00" * 31},
    {"root": " " + "00" * 31 + " "},
    {"root": 10**63},
    {"root": ["00" * 32]},
    {"proof": "00" * 32},
    {"proof": [True]},
    {"proof": {"0": "00" * 32}},
    {"proof": [INCLUSION["root"]] * 1000},
    {"more": 1},
]


def code(kind: str, data: bytes, folder: Path) -> int:
    (folder / "proof.json").write_bytes(data)
    return verifier.main([kind, str(folder / "proof.json")])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"root": INCLUSION["root"].upper()}, 0),
        ({"index": 5}, 1),
        ({"index": 11}, 1),
        ({"index": 0, "size": 0, "proof": []}, 1),
        ({"index": 0, "size": 0, "proof": [], "root": sha256(b"").hexdigest()}, 1),
        ({"size": 17}, 1),
        ({"size": 4}, 1),
        ({"proof": INCLUSION["proof"][:-1]}, 1),
        ({"proof": [*INCLUSION["proof"], "00" * 32]}, 1),
        ({"proof": []}, 1),
        ({"index": -1}, 2),
        ({"index": False}, 2),
        *((changes, 2) for changes in _MALFORMED),
    ],
)
def test_inclusion(tmp_path: Path, changes: dict[str, Any], expected: int) -> None:
    assert code("inclusion", json.dumps({**INCLUSION, **changes}).encode(), tmp_path) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"old_size": 11, "old_root": CONSISTENCY["root"], "proof": []}, 0),
        ({"old_size": 11, "old_root": CONSISTENCY["root"]}, 1),
        ({"old_size": 11, "proof": []}, 1),
        ({"old_size": 0, "proof": []}, 1),
        ({"old_size": 0, "old_root": sha256(b"").hexdigest(), "proof": []}, 1),
        ({"old_size": 0, "size": 0, "old_root": CONSISTENCY["root"], "proof": []}, 1),
        ({"old_size": 12}, 1),
        ({"size": 6}, 1),
        ({"proof": []}, 1),
        ({"proof": CONSISTENCY["proof"][1:]}, 1),
        ({"old_root": "00" * 32}, 1),
        ({"old_size": -6}, 2),
        *((changes, 2) for changes in _MALFORMED),
    ],
)
def test_consistency(tmp_path: Path, changes: dict[str, Any], expected: int) -> None:
    data = json.dumps({**CONSISTENCY, **changes}).encode()
    assert code("consistency", data, tmp_path) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"size":' + b"9" * 10_000 + b"}",
        b'{"size":NaN}',
        json.dumps(INCLUSION).encode()[:-1] + b',"size":11}',
    ],
)
def test_what_is_not_a_proof_is_malformed(tmp_path: Path, data: bytes) -> None:
    assert code("inclusion", data, tmp_path) == 2
    assert code("consistency", data, tmp_path) == 2


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from([*INCLUSION, *CONSISTENCY]), inner)
        ),
    )
)
def test_no_json_makes_it_fall_over(found: Any) -> None:
    for kind in ("inclusion", "consistency"):
        with pytest.raises(ValueError, match=r"il faut|ni entier|illisible"):
            verifier.verify_proof(kind, json.dumps(found).encode())


@pytest.mark.parametrize("data", [b"", b"{a", b"\xff\xfe", b'{"size":1,"size":1}', b"9" * 10_000])
def test_it_says_so_in_french(tmp_path: Path, data: bytes) -> None:
    proof = tmp_path / "proof.json"
    proof.write_bytes(data)
    said = stand_alone(verifier.__file__, "inclusion", proof).stdout
    assert said in (
        "Illisible. JSON illisible, ou une clé y figure deux fois\n",
        "Illisible. il faut les champs leaf_hash, index, size, proof, root, chacun une fois\n",
    )


def test_a_disk_that_fails_is_told_in_french() -> None:
    said = stand_alone(verifier.__file__, "inclusion", "/proc/self/mem")  # opens, never reads
    assert (said.returncode, said.stdout) == (2, "Illisible. disque : lecture impossible\n")


@pytest.mark.parametrize("arguments", [[], ["a", "b"], [".", "--key"], [".", "--other", "x"]])
def test_a_badly_written_request_shows_how(arguments: list[str]) -> None:
    said = stand_alone(verifier.__file__, *arguments)
    assert (said.returncode, said.stderr) == (2, "")
    assert said.stdout.startswith("Illisible. demande mal écrite")
    assert "--checkpoint FICHIER" in said.stdout


def test_help_is_not_an_error() -> None:
    said = stand_alone(verifier.__file__, "--help")
    assert (said.returncode, said.stdout.startswith("Vérifie un export")) == (0, True)


def test_the_program_itself_gives_the_statuses(tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(json.dumps(INCLUSION))
    assert stand_alone(verifier.__file__, "inclusion", proof).returncode == 0
    proof.write_text(json.dumps({**INCLUSION, "index": 3}))
    assert stand_alone(verifier.__file__, "inclusion", proof).returncode == 1
    for arguments in (["inclusion", tmp_path / "absent"], ["inclusion", tmp_path], []):
        assert stand_alone(verifier.__file__, *arguments).returncode == 2
    for options in (["--key", "x"], ["--checkpoint", tmp_path / "absent"]):
        assert stand_alone(verifier.__file__, tmp_path, *options).returncode == 2
    assert stand_alone(verifier.__file__, tmp_path / "absent").returncode == 2
