"""One message: every part at its number, nothing lost, and refusals that say where."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releve.care.hl7 import MOST_SEGMENTS, Columns, Message, NotHl7, Wanted, parse
from tests.care.hl7.written import messages, shared_files

ADMISSION = (
    "MSH|^~\\&|DPI^1.2.250.1^ISO|CHV|RELEVE|CHV|20261121030900+0100||ADT^A01^ADT_A01|42|P|2.5^FRA^2.11"
    "|||||FRA|UNICODE UTF-8\r"
    "PID|1||0042^^^CHV&1.2.3&ISO^PI~199^^^INS&1.2.250.1.213.1.4.10&ISO^INS||DUPONT^Élise^^^MME^^L"
    '~GARNIER^Élise^^^^^D||19510412|""||||||||\r'
    "ZBE|M1^MVT|20261121030000||INSERT|N\r"
    "OBX|1|ST|X^Na||H&E ^ vu||\r"
    "OBX|2|NM|Y^K^LN^^^|1|4.1\r"
).encode()


def rebuilt_from_parts(message: Message) -> list[bytes]:
    """Each segment joined again from what the public tree gives, from the leaves up."""
    marks = message.separators
    lines = []
    for segment in message.segments():
        fields = []
        for number in range(1, segment.fields_count + 1):
            repetitions = [
                marks.component.encode().join(
                    marks.subcomponent.encode().join(leaf.raw for leaf in component.subcomponents)
                    for component in repetition.components
                )
                for repetition in segment.field(number).repetitions
            ]
            fields.append(marks.repetition.encode().join(repetitions))
        if segment.name == "MSH":
            del fields[0]
        lines.append(marks.field.encode().join((segment.name.encode(), *fields)))
    return lines


def test_the_header_and_the_parts_are_at_the_numbers_of_the_standard() -> None:
    message = parse(ADMISSION)
    assert (message.type, message.trigger, message.structure) == ("ADT", "A01", "ADT_A01")
    assert (message.control_id, message.sender, message.version) == ("42", "DPI|CHV", "2.5")
    assert message.processing == "P"
    assert message.sent == datetime(2026, 11, 21, 2, 9, tzinfo=UTC)
    assert message.text("MSH", 1) == "|"
    assert message.text("MSH", 2) == "^~\\&"
    header = message.segments("MSH")[0]
    assert header.field(2).text == "^~\\&"
    assert [len(f.repetitions) for f in (header.field(1), header.field(2))] == [1, 1]
    assert message.text("PID", 5, 2) == "Élise"
    assert message.text("PID", 3, 4, 2, repetition=2) == "1.2.250.1.213.1.4.10"
    assert message.text("PID", 5, 1, repetition=2) == "GARNIER"
    assert message.text("OBX", 3, 2, occurrence=2) == "K"
    assert message.text("OBX", 5, 0) == "H&E ^ vu"
    assert [segment.name for segment in message.segments()] == ["MSH", "PID", "ZBE", "OBX", "OBX"]
    first = message.first("ZBE")
    assert first is not None
    assert first.field(1).component(2).text == "MVT"
    assert message.first("PV1") is None
    assert message.text("PV1", 3) == message.text("PID", 99) == message.text("PID", 5, 9) == ""


def test_the_order_to_erase_is_not_silence() -> None:
    pid = parse(ADMISSION).first("PID")
    assert pid is not None
    sex, silent, absent = pid.field(8), pid.field(9), pid.field(60)
    assert (sex.present, sex.null, sex.text, sex.raw) == (True, True, "", b'""')
    assert (silent.present, silent.null, silent.text) == (False, False, "")
    assert (absent.present, absent.null, absent.raw) == (False, False, b"")


def test_a_sender_that_lives_on_an_oid_alone_keeps_a_name() -> None:
    message = parse(b"MSH|^~\\&|^1.2.250.1^ISO|CHV|\r")
    assert message.sender == "1.2.250.1|CHV"


def test_other_separators_and_fewer_of_them() -> None:
    with pytest.raises(NotHl7):
        parse(b"MSH|^\rPID|1")
    message = parse(b"MSH$*!$A\rPID$1$$7&\\T\\*x!8")
    assert message.text("PID", 3) == "7&\\T\\"
    assert message.text("PID", 3, repetition=2) == "8"
    assert message.encode() == message.raw


@pytest.mark.parametrize(
    ("raw", "octet", "word"),
    [
        (b"", 0, "vide"),
        (b"PID|1", 0, "MSH"),
        (b"MSH", 3, "MSH-3"),
        (b"MSH|^~\\&", 3, "MSH-3"),
        (b"MSH|^~\\&\rPID|1", 3, "MSH-3"),
        (b"MSH|^^\\&|a", 5, "deux fois"),
        (b"MSH|^A\\&|a", 5, "séparateur"),
        (b"MSHxMSHx|", 3, "séparateur"),
        (b"\x0bMSH|^~\\&|a\r\x1c\r", 0, "MLLP"),
        ("MSH|^~\\&|a".encode("utf-16"), 0, "UTF-16"),
        (b"<ADT_A01/>", 0, "XML"),
        (b"\xef\xbb\xbfMSH|^~\\&|a\rPID|1\rMSH|^~\\&|b\r", 20, "second"),
        (b"MSH|^~\\&|a\rPID|1|FRAMSH|^~\\&|b\r", 20, "second"),
    ],
)
def test_a_refusal_says_what_and_at_which_octet(raw: bytes, octet: int, word: str) -> None:
    with pytest.raises(NotHl7) as refused:
        parse(raw)
    assert word in str(refused.value)
    assert refused.value.octet == octet
    assert refused.value.remedy


def test_line_ends_come_back_as_they_came_and_a_line_feed_inside_a_text_is_text() -> None:
    raw = b"MSH|^~\\&|A\rOBX|1|TX|||ligne 1\nligne 2\r\nNTE|1\nNTE|2\r\r\nZ!!|x\r\n\r\n"
    message = parse(raw)
    assert message.encode() == raw
    assert message.text("OBX", 5) == "ligne 1\nligne 2"
    assert [s.name for s in message.segments()] == ["MSH", "OBX", "NTE", "NTE", "Z!!"]
    assert message.read(Wanted({"NTE": Columns(1)})) == {"NTE": [("1",), ("2",)]}


def test_what_others_wrote_comes_back_octet_for_octet_from_its_smallest_parts() -> None:
    for path in shared_files():
        raw = path.read_bytes()
        for changed in (raw, raw.replace(b"\n", b"\r"), raw.replace(b"\n", b"\r\n")):
            message = parse(changed)
            assert message.encode() == changed, path.name
            plain = [line for line in changed.splitlines() if line]
            plain[0] = plain[0].removeprefix(b"\xef\xbb\xbf")
            assert rebuilt_from_parts(message) == plain, path.name


@given(messages())
def test_any_sound_message_comes_back_octet_for_octet(raw: bytes) -> None:
    message = parse(raw)
    assert message.encode() == raw
    assert message.segments("MSH")[0].raw == raw.splitlines()[0]


@given(messages(), st.data())
def test_the_fast_paths_read_what_the_tree_reads(raw: bytes, data: st.DataObject) -> None:
    message = parse(raw)
    number = st.integers(1, 8)
    paths = data.draw(st.lists(st.tuples(number, st.integers(0, 4), st.integers(0, 3)), min_size=1))
    columns = Columns(*paths)
    for name in ("MSH", "PID", "OBX", "ZBE"):
        expected = []
        for occurrence, segment in enumerate(message.segments(name), start=1):
            texts = []
            for field, component, subcomponent in paths:
                part = segment.field(field).repetition(1)
                if not component:
                    text = part.text
                elif not subcomponent:
                    text = part.component(component).text
                else:
                    text = part.component(component).subcomponent(subcomponent).text
                if segment.name == "MSH" and field < 3:
                    text = segment.field(field).text
                texts.append(text)
                arguments = (field, component, subcomponent)
                assert segment.text(*arguments) == text
                assert message.text(name, *arguments, occurrence=occurrence) == text
            expected.append(tuple(texts))
        assert message.table(name, columns) == expected
        assert message.read(Wanted({name: columns}))[name] == expected
    inner = Columns(*[(max(c, 1), s) for _, c, s in paths])
    pid = message.first("PID")
    field = data.draw(number)
    rows = message.repeats("PID", field, inner)
    assert message.read(Wanted({f"PID-{field}": inner})) == {f"PID-{field}": rows}
    if pid is None or not pid.field(field).present:
        assert rows == []
    else:
        assert rows == [
            tuple(pid.text(field, c, s, n) for c, s, _ in inner.paths)
            for n in range(1, len(pid.field(field).repetitions) + 1)
        ]


HOSTILE = {
    "a document in one line": b"OBX|1|ED|||" + b"A" * 1_000_000,
    "fields": b"ZZZ" + b"|" * 100_000,
    "nested separators": b"ZZZ|" + b"~^&" * 100_000,
    "escape characters": b"NTE|1||" + b"\\" * 500_000,
    "one huge escape": b"NTE|1||" + b"\\X" + b"41" * 300_000 + b"\\",
    "escapes, the last one open": b"NTE|1||" + b"\\X41\\" * 100_000 + b"\\X4",
    "local escapes, open": b"NTE|1||" + b"\\Z" * 200_000,
    "NUL and line feeds": b"NTE|1||\x00\x00" + b"\n" * 40_000 + b"x" + b"\n" * 40_000,
    "segments": b"NTE|1\r" * (MOST_SEGMENTS // 2),
    "no text at all": b"\xff" * 1_000_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_lengths_are_read_whole(what: str) -> None:
    body = HOSTILE[what]
    raw = b"MSH|^~\\&|A|||||||1|P|2.5\r" + body
    message = parse(raw)
    assert message.encode() == raw
    # every reader goes through: none may take more than linear time
    message.text("NTE", 3)
    message.read(
        Wanted({"NTE": Columns(3), "ZZZ": Columns((99_000, 3, 2), (1, 4)), "OBX": Columns(5)})
    )
    message.repeats("ZZZ", 1, Columns(1, 2))


def test_too_many_segments_or_octets_are_refused_not_attempted() -> None:
    head = b"MSH|^~\\&|A|\r"
    with pytest.raises(NotHl7, match="lignes"):
        parse(head + b"\r\n" * (MOST_SEGMENTS + 1))
    with pytest.raises(NotHl7, match="octets"):
        parse(head + b"A" * (16 << 20))


def test_a_message_never_shows_a_patient_in_a_trace() -> None:
    message = parse(ADMISSION)
    shown = repr([message, message.first("PID"), message.segments()[1].field(5)])
    assert "DUPONT" not in shown
