"""Hashing and proofs against RFC 6962's reference vectors and a naive oracle."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.ledger import verify as verifier
from releve.ledger.errors import ProofRefused
from releve.ledger.merkle import (
    Node,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)

#: The eight entries and roots of the certificate-transparency reference implementation.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + naive(leaves[:split]) + naive(leaves[split:])).digest()


def nodes_of(leaves: list[bytes]) -> Node:
    return lambda height, position: naive(leaves[position << height : (position + 1) << height])


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_reference_vectors(size: int) -> None:
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    assert root_hash(size, nodes_of(leaves)).hex() == ROOTS[size]


def test_inclusion_of_the_reference_vector() -> None:
    proof = inclusion_proof(0, 8, nodes_of([leaf_hash(entry) for entry in ENTRIES]))
    assert [step.hex() for step in proof] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@settings(deadline=None)
@given(st.data())
def test_every_inclusion_proof_verifies_and_no_altered_one_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = [sha256(bytes([n])).digest() for n in range(size)]
    root = naive(leaves)
    proof = inclusion_proof(index, size, nodes_of(leaves))
    for holds in (verify_inclusion, verifier.inclusion_holds):
        assert holds(leaves[index], index, size, proof, root)
        assert not holds(leaves[index], index, size, [*proof, root], root)
        assert not holds(leaves[index - 1], index, size, proof, root) or size == 1
        assert not holds(leaves[index], size, size, proof, root)
        if proof:
            assert not holds(leaves[index], index, size, proof[:-1], root)
            place = data.draw(st.integers(0, len(proof) - 1))
            altered = [*proof]
            altered[place] = sha256(proof[place]).digest()
            assert not holds(leaves[index], index, size, altered, root)


@settings(deadline=None)
@given(st.data())
def test_every_consistency_proof_verifies_and_no_altered_one_does(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, size))
    leaves = [sha256(bytes([n])).digest() for n in range(size)]
    old_root, root = naive(leaves[:old]), naive(leaves)
    proof = consistency_proof(old, size, nodes_of(leaves))
    forked = naive([sha256(b"fork").digest(), *leaves[1:old]])
    for holds in (verify_consistency, verifier.consistency_holds):
        assert holds(old, old_root, size, root, proof)
        assert not holds(old, forked, size, root, proof)
        assert not holds(old, old_root, size, root, [*proof, root])
        assert not holds(0, old_root, size, root, proof)
        assert not holds(size + 1, old_root, size, root, proof)
        if proof:
            assert not holds(old, old_root, size, root, proof[1:])
            place = data.draw(st.integers(0, len(proof) - 1))
            altered = [*proof]
            altered[place] = sha256(proof[place]).digest()
            assert not holds(old, old_root, size, root, altered)


def test_no_proof_exists_outside_the_log() -> None:
    leaves = nodes_of([leaf_hash(b"x")])
    for index, size in ((0, 0), (1, 1), (-1, 1), (5, 2)):
        with pytest.raises(ProofRefused, match="pas dans un registre"):
            inclusion_proof(index, size, leaves)
    for old, size in ((0, 1), (0, 0), (2, 1)):
        with pytest.raises(ProofRefused, match="prolonge pas"):
            consistency_proof(old, size, leaves)
