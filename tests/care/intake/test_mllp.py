"""Frames and acknowledgements as a dialogue of bytes, without any socket."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.care.hl7 import parse
from releve.care.mllp import Framer, Head, TooLong, acknowledgement, frame, read_head
from tests.care import messages

_NOW = b"20261123030000+0100"
_TEXT = st.binary(max_size=60).map(lambda data: data.replace(b"\x0b", b"").replace(b"\x1c", b""))
_ELISE = messages.Someone("8001", "ESSAI-DUPONT")


def _chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


@given(
    st.lists(st.tuples(_TEXT, st.sampled_from([b"", b"\r\n", b"bruit"])), max_size=8),
    st.lists(st.integers(0, 10_000), max_size=30),
)
def test_the_same_messages_come_out_wherever_the_bytes_are_cut(
    sent: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    data = b"".join(between + frame(message) for message, between in sent)
    framer = Framer()
    found = [event for chunk in _chunks(data, cuts) for event in framer.feed(chunk)]
    assert found == [message for message, _ in sent]
    assert framer.garbage == sum(len(between.strip(b"\r\n")) for _, between in sent)
    assert framer.open_bytes == 0


def test_a_frame_begun_again_gives_the_whole_message_and_counts_the_half() -> None:
    framer = Framer()
    half = b"\x0bMSH|^~\\&|A|B\rPID|1||80"
    assert framer.feed(half) == []
    assert framer.feed(frame(b"MSH|^~\\&|A|B\rPID|1||8001")) == [b"MSH|^~\\&|A|B\rPID|1||8001"]
    assert framer.garbage == len(half) - 1


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_message_too_long_keeps_its_head_only_and_the_next_one_passes(step: int) -> None:
    framer = Framer(limit=100)
    data = frame(b"MSH|^~\\&|A|B" + b"x" * 5000) + frame(b"court") + frame(b"y" * 100)
    found = []
    for place in range(0, len(data), step):
        found += framer.feed(data[place : place + step])
        assert framer.open_bytes < 100 + step + 2
    long, *rest = found
    assert isinstance(long, TooLong)
    assert long.head.startswith(b"MSH|^~\\&|A|B")
    assert rest == [b"court", b"y" * 100]


def test_the_acknowledgement_is_a_message_that_answers_the_other() -> None:
    raw = messages.a01(_ELISE, messages.Bed("CHIR-B", "12", "P", "V1"), "M1")
    answer = acknowledgement(read_head(raw), b"AA", "RLV7", _NOW)
    sent, got = parse(raw), parse(answer[1:-2])
    assert answer.startswith(b"\x0b")
    assert answer.endswith(b"\r\x1c\r")
    assert [got.text("MSA", n) for n in (1, 2)] == ["AA", sent.control_id]
    assert [got.text("MSH", n) for n in (3, 4, 5, 6)] == [sent.text("MSH", n) for n in (5, 6, 3, 4)]
    assert (got.type, got.trigger, got.structure) == ("ACK", "A01", "ACK")
    assert (got.version, got.text("MSH", 18)) == (sent.version, "UNICODE UTF-8")
    assert (got.control_id, got.processing) == ("RLV7", "T")
    assert got.sent is not None


def test_a_refusal_says_why_in_ascii() -> None:
    head = read_head(messages.a28(_ELISE))
    answer = acknowledgement(head, b"AR", "RLVR1", _NOW, "disque plein")
    assert answer.split(b"\r")[1].split(b"|")[0::3] == [b"MSA", b"disque plein"]


def test_the_senders_own_separators_come_back() -> None:
    raw = b"MSH*:~\\&*APP*FAC*X*Y*20261123**ADT:A08*42*P*2.3\rPID*1"
    answer = acknowledgement(read_head(raw), b"AA", "RLV1", _NOW)
    assert answer.startswith(b"\x0bMSH*:~\\&*X*Y*APP*FAC*")
    assert b"*ACK:A08:ACK*RLV1*P*2.3\rMSA*AA*42\r" in answer


@pytest.mark.parametrize(
    "raw", [b"", b"bonjour", b"MSH", b"MSHA", b"PID|1\rMSH|", b"\0" * 50, b"MSH|", b"MSH|^~\\&\r"]
)
def test_what_has_no_header_still_gets_a_well_formed_answer(raw: bytes) -> None:
    answer = acknowledgement(read_head(raw), b"AA", "RLV1", _NOW)
    got = parse(answer[1:-2])
    assert (got.type, got.text("MSA", 1), got.text("MSA", 2)) == ("ACK", "AA", "")
    assert (got.version, got.processing) == ("2.5", "P")


@given(st.binary(max_size=300))
def test_any_header_is_answered(tail: bytes) -> None:
    answer = acknowledgement(read_head(b"MSH" + tail), b"AE", "RLV1", _NOW)
    assert answer.startswith(b"\x0bMSH")
    assert b"AE" in answer.split(b"\rMSA")[1]


@pytest.mark.parametrize("names", ["DPI|CHV", "^1.2.250.9^ISO|CHV&x^1.2^ISO", "|", "É|À"])
def test_the_sender_is_the_one_the_reader_sees(names: str) -> None:
    raw = messages.a28(_ELISE, sender=names)
    assert read_head(raw).sender == parse(raw).sender


def test_line_feeds_end_the_header_too() -> None:
    head = read_head(b"MSH|^~\\&|A|B|C|D|20261123||ADT^A08|7|P|2.5\nPID|1\n")
    assert (head.field(10), head.field(12)) == (b"7", b"2.5")
    assert Head(b"|", []).field(3) == b""
