"""python-hl7 and hl7apy read the same texts at the same numbers.

Where they are known to be wrong or to do less, each with its reason:

* hl7apy 1.3.5 refuses PRT below 2.7 (the whole message: 2 of those written by others), forgets the
  number of a field or component its tables for that version do not have, strips the blanks that end
  a segment, and rewrites « 001 » in a number as « 1 ».
* python-hl7 0.4.5 strips the blanks around a message (a last segment is added for it). Its
  ``unescape`` is a separate call that turns ``.br`` into CR and drops codes it does not know:
  escapes are compared on the separators alone.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import Any

from hypothesis import given

from releve.care.hl7 import Message, Segment, parse
from tests.care.hl7.written import messages, shared_files

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.exceptions import HL7apyException
    from hl7apy.parser import parse_message

    import hl7 as python_hl7

_PLAIN = {"\\F\\": "|", "\\S\\": "^", "\\T\\": "&", "\\R\\": "~", "\\E\\": "\\"}


def with_returns(message: Message) -> str:
    """The message as an oracle takes it: text, carriage returns, no byte order mark."""
    return "".join(segment.raw.decode(message.charset) + "\r" for segment in message.segments())


def _items(node: Any) -> list[Any]:
    return list(node) if isinstance(node, python_hl7.Container) else [node]


def _leaves(segment: Segment, number: int) -> list[list[list[str]]]:
    """As written: repetitions, components, subcomponents."""
    field = segment.field(number)
    if segment.name == "MSH" and number < 3:
        return [[[field.text]]]
    decode = [
        [[leaf.raw for leaf in c.subcomponents] for c in r.components] for r in field.repetitions
    ]
    return [[[leaf.decode() for leaf in c] for c in r] for r in decode]


def agree_with_python_hl7(message: Message) -> int:
    """Raises where they differ; the number of subcomponents compared."""
    compared = 0
    other = list(python_hl7.parse(with_returns(message) + "ZZZ|."))[:-1]
    segments = message.segments()
    assert [str(line[0]) for line in other] == [segment.name for segment in segments]
    for line, segment in zip(other, segments, strict=True):
        assert len(line) == segment.fields_count + 1
        for number in range(1, len(line)):
            theirs = [[_items(c) for c in _items(r)] for r in _items(line[number])]
            ours = _leaves(segment, number)
            assert theirs == ours, (segment.name, number)
            compared += sum(len(c) for r in ours for c in r)
    return compared


def agree_with_hl7apy(message: Message) -> int:
    """Raises where they differ; the number of subcomponents compared."""
    level = VALIDATION_LEVEL.TOLERANT
    other = parse_message(with_returns(message), find_groups=False, validation_level=level)
    segments = message.segments()
    assert [line.name for line in other.children] == [segment.name for segment in segments]
    compared = 0
    for line, segment in zip(other.children, segments, strict=True):
        repeated: dict[int, list[Any]] = defaultdict(list)
        for field in line.children:
            if field.name is not None and not (segment.name == "MSH" and field.name[4:] in "12"):
                repeated[int(field.name.rsplit("_", 1)[1])].append(field)
        for number, fields in repeated.items():
            assert len(fields) == len(segment.field(number).repetitions)
            for place, field in enumerate(fields, start=1):
                compared += _same_leaves(field, segment, number, place)
    return compared


def _same_leaves(field: Any, segment: Segment, number: int, place: int) -> int:
    compared = 0
    for c, component in enumerate(field.children, start=1):
        if component.name is None and len(field.children) > 1:
            continue
        for s, leaf in enumerate(component.children, start=1):
            at = (_numbered(component, c), _numbered(leaf, s))
            ours = segment.field(number).repetition(place).component(at[0]).subcomponent(at[1])
            written = ours.raw.decode()
            accepted = {written, written.rstrip()}
            if leaf.datatype in ("SI", "NM"):
                accepted.add(written.lstrip("0"))
            assert leaf.to_er7() in accepted, (segment.name, number, place, at)
            compared += 1
    return compared


def _numbered(part: Any, place: int) -> int:
    number = (part.name or "").rpartition("_")[2]
    return int(number) if "_" in (part.name or "") and number.isdigit() else place


def test_what_others_wrote_reads_the_same_with_python_hl7() -> None:
    compared = sum(agree_with_python_hl7(parse(path.read_bytes())) for path in shared_files())
    assert compared > 20_000


def test_what_others_wrote_reads_the_same_with_hl7apy() -> None:
    refused, compared = [], 0
    for path in shared_files():
        message = parse(path.read_bytes())
        try:
            compared += agree_with_hl7apy(message)
        except HL7apyException as error:
            assert "PRT" in str(error)
            refused.append(path.name)
    assert len(refused) <= 2
    assert compared > 20_000


@given(messages(ends=("\r",)))
def test_invented_messages_read_the_same_with_python_hl7(raw: bytes) -> None:
    agree_with_python_hl7(parse(raw))


def test_separators_escaped_by_others_are_read_as_python_hl7_reads_them() -> None:
    for written, meant in _PLAIN.items():
        raw = f"MSH|^~\\&|A|||||||1|P|2.5\rNTE|1||a{written}b"
        other = python_hl7.parse(raw)
        assert parse(raw.encode()).text("NTE", 3) == f"a{meant}b"
        assert other.unescape(str(other[1][3])) == f"a{meant}b"
