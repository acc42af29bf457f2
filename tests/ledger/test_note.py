"""Keys, signed notes and checkpoints, against the vector of Go's note package (C2SP)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from releve.ledger import verify as verifier
from releve.ledger.errors import KeyMalformed, NoteRefused
from releve.ledger.note import Checkpoint, SigningKey, VerifyKey, open_note, read_checkpoint

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


def test_the_published_note_opens_under_the_published_key() -> None:
    key = VerifyKey.from_text(VKEY)
    assert key.text == VKEY
    assert open_note(NOTE.encode(), key).startswith("If you think")
    with pytest.raises(NoteRefused, match="fausse"):
        open_note(NOTE.replace("problem is", "problem Is").encode(), key)


def test_a_checkpoint_comes_back_and_its_private_key_too() -> None:
    key = SigningKey.from_text(SigningKey.generate("releve/x/1").to_text())
    head = Checkpoint("releve/x/1", 12, bytes(range(32)))
    assert read_checkpoint(key.sign(head.text), key.public) == head
    assert verifier.open_checkpoint(key.sign(head.text), _stranger(key.public), "checkpoint") == (
        12,
        head.root,
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda note: note + note.split("\n\n")[1], "deux signatures"),
        (lambda note: note.split("\n\n")[0] + "\n\n", "lignes de signature"),
        (lambda note: note.replace("\n\n", "\n"), "lignes de signature|illisible"),
        (lambda note: note + "garbage", "lignes de signature"),
        (lambda note: note + "— x AAAA\n", "illisible"),
        (lambda note: note.replace("12", "13"), "fausse"),
        (lambda note: note.replace("\n12\n", "\n12\r\n"), "commande"),
    ],
)  # fmt: skip
def test_a_spoiled_checkpoint_is_refused(change, why: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    key = SigningKey.generate("releve/x/1")
    note = change(key.sign(Checkpoint("releve/x/1", 12, bytes(32)).text).decode())
    with pytest.raises(NoteRefused, match=why):
        read_checkpoint(note.encode(), key.public)
    with pytest.raises(verifier.Wrong):
        verifier.open_checkpoint(note.encode(), _stranger(key.public), "checkpoint")


@pytest.mark.parametrize("size", ["-1", "012", "1.0", "٣", "9" * 30, ""])
def test_a_signed_nonsense_size_is_refused(size: str) -> None:
    key = SigningKey.generate("releve/x/1")
    note = key.sign(Checkpoint("releve/x/1", 12, bytes(32)).text.replace("\n12\n", f"\n{size}\n"))
    with pytest.raises(NoteRefused, match=r"taille|point de contrôle"):
        read_checkpoint(note, key.public)
    with pytest.raises(verifier.Wrong):
        verifier.open_checkpoint(note, _stranger(key.public), "checkpoint")


def test_a_witness_may_sign_beside_us_but_not_instead_of_us() -> None:
    key, witness = SigningKey.generate("releve/x/1"), SigningKey.generate("temoin")
    text = Checkpoint("releve/x/1", 12, bytes(32)).text
    ours, theirs = key.sign(text).decode(), witness.sign(text).decode()
    both = ours + theirs.split("\n\n")[1]
    assert read_checkpoint(both.encode(), key.public).size == 12
    assert verifier.open_checkpoint(both.encode(), _stranger(key.public), "c")[0] == 12
    with pytest.raises(NoteRefused, match="pas signée par"):
        read_checkpoint(theirs.encode(), key.public)


@pytest.mark.parametrize(
    "text",
    ["", "x", "a+b", VKEY[:-4], VKEY.replace("c74f20a3", "c74f20a4"), "a b" + VKEY, "é+" * 9],
)
def test_a_malformed_key_is_named(text: str) -> None:
    with pytest.raises(KeyMalformed):
        VerifyKey.from_text(text)
    assert verifier.parse_key(text) is None


@settings(deadline=None, max_examples=20)
@given(st.binary(max_size=200), st.integers(0, 63), st.integers(1, 255))
def test_the_stand_alone_ed25519_agrees_with_the_library(
    message: bytes, place: int, flip: int
) -> None:
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verifier.ed25519_verifies(public, message, signature)
    assert not verifier.ed25519_verifies(public, message + b"x", signature)
    spoiled = bytearray(signature)
    spoiled[place] ^= flip
    assert not verifier.ed25519_verifies(public, message, bytes(spoiled))


def test_a_signature_beyond_the_order_is_refused() -> None:
    private = Ed25519PrivateKey.generate()
    signature = private.sign(b"m")
    malleable = int.from_bytes(signature[32:], "little") + verifier.ORDER
    twin = signature[:32] + malleable.to_bytes(32, "little")
    assert not verifier.ed25519_verifies(private.public_key().public_bytes_raw(), b"m", twin)


def _stranger(key: VerifyKey) -> verifier.Key:
    parsed = verifier.parse_key(key.text)
    assert parsed is not None
    return parsed
