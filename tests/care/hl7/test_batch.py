"""Files and batches: every message found, every octet in one piece, strangers never dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.care.hl7 import NotHl7, parse, split_messages
from tests.care.hl7.written import messages, shared_files

A = b"MSH|^~\\&|A|||||||1|P|2.5\rPID|1||11\r"
B = b"MSH|^~\\&|B|||||||2|P|2.5\rPID|1||22\r"
FHS, BHS, BTS, FTS = b"FHS|^~\\&|X\r", b"BHS|^~\\&|X\r", b"BTS|2\r", b"FTS|1\r"


def whole(data: bytes) -> list[bytes]:
    """The messages; checks on the way that no octet is lost nor moved."""
    pieces = list(split_messages(data))
    assert b"".join(p.before + p.message + p.after for p in pieces) == data
    for piece in pieces:
        assert data[piece.offset :].startswith(piece.message)
    return [piece.message for piece in pieces]


@pytest.mark.parametrize(
    "data",
    [
        A + B,
        A + b"\r\n\r\n" + B + b"\r\n\n",
        b"\xef\xbb\xbf" + A + b"\xef\xbb\xbf" + B,
        b"\x0b" + A + b"\x1c\r\x0b" + B + b"\x1c\r",
        b"\x0b" + A + b"\x1c\r\n\r\n\x0b" + B + b"\x1c",
        b"\x0b" + A + b"\x0b" + B + b"\x1c\r",
        b"\x0b" + A + b"\x1c\x0b" + B + b"\x1c\r",
        FHS + BHS + A + B + BTS + FTS,
        FHS + BHS + A + BTS + BHS + B + BTS + b"FTS",
        b"\x0b" + FHS + BHS + A + B + BTS + FTS + b"\x1c\r",
        b" \t\r\n" + A + b"\r\n" + B,
    ],
)
def test_two_messages_whatever_surrounds_them(data: bytes) -> None:
    assert whole(data) == [A, B]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_feeds_and_both(end: bytes) -> None:
    first, second = A.replace(b"\r", end), B.replace(b"\r", end)
    assert whole(first + second) == [first, second]
    assert whole(first + end + end + second) == [first, second]
    assert whole(FHS.replace(b"\r", end) + first + second + BTS) == [first, second]


def test_files_joined_end_to_end_without_a_line_end() -> None:
    first = A.rstrip(b"\r") + b"||FRA"
    assert whole(first + B) == [first, B]
    assert whole(first + b"\xef\xbb\xbf" + B) == [first, B]


def test_no_octet_of_a_stranger_is_dropped() -> None:
    found = whole(b"bonjour\r" + A + b"\x0bPID|1||33\r\x1c\r" + b"\x0b" + B + b"\x1c\rau revoir")
    assert found == [b"bonjour\r", A, b"PID|1||33\r", B, b"au revoir"]
    refused = 0
    for message in found:
        try:
            parse(message)
        except NotHl7:
            refused += 1
    assert refused == 3


def test_marks_inside_a_text_are_text() -> None:
    odd = b"MSH|^~\\&|A|\rOBX|1|TX|||a\x0bb\x1cc MSH de garde, BTS et FHS|\rNTE|1||MSHA|x\r"
    assert whole(odd + B) == [odd, B]


def test_nothing_and_nearly_nothing() -> None:
    assert whole(b"") == []
    assert whole(b"\r\n") == [b""]
    assert whole(FHS + FTS) == [b""]
    assert whole(b"\x00\xff") == [b"\x00\xff"]


def test_what_others_wrote_in_one_file_in_every_wrapping() -> None:
    raws = [path.read_bytes() for path in shared_files()]
    bare = [raw.removeprefix(b"\xef\xbb\xbf") for raw in raws]
    assert whole(b"".join(raws)) == bare
    ended = [raw if raw.endswith(b"\n") else raw + b"\r\n" for raw in bare]
    assert whole(b"\r\n".join(raws))[:-1] == ended[:-1]
    assert whole(b"".join(b"\x0b" + raw + b"\x1c\r" for raw in bare)) == bare


@given(st.lists(messages(ends=("\r", "\r\n")), min_size=1, max_size=4), st.data())
def test_sound_messages_are_found_again(raws: list[bytes], data: st.DataObject) -> None:
    framed = data.draw(st.booleans())
    closed = [raw if raw.endswith((b"\r", b"\n")) else raw + b"\r" for raw in raws]
    wrapped = [b"\x0b" + raw + b"\x1c\r" for raw in closed] if framed else closed
    assert whole(b"".join(wrapped)) == closed


TOKENS = st.sampled_from(
    (
        b"\x0b",
        b"\x1c",
        b"\x1c\r",
        b"\r",
        b"\n",
        b"MSH|^~\\&|",
        b"MSH",
        b"FHS|",
        b"BTS",
        b"\xef\xbb\xbf",
    )
)


@given(st.lists(TOKENS | st.binary(max_size=4), max_size=14).map(b"".join))
def test_any_octets_are_cut_without_loss_and_never_two_messages_in_one(data: bytes) -> None:
    for message in whole(data):
        try:
            assert parse(message).encode() == message
        except NotHl7 as error:
            assert "second" not in str(error)
