"""Texts out of a message with the place they were read from, and back.

A place is written as HL7 does, « RXE-2.2 »: field 2, component 2. « OBX(3)-5(2) » is field 5 of the
third OBX, second repetition, whole. Reading the place again gives the same text, to the letter.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from releve.care.hl7 import Message, Segment, parse_hl7_time
from releve.care.identity import Number

_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\(([0-9]+)\))?-([0-9]+)(?:\(([0-9]+)\))?(?:\.([0-9]+))?")
#: A text of a clinical part: its label, itself, its place.
Text = tuple[str, str, str]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def locate(message: Message, place: str) -> str:
    """The text found at ``place``; empty when the message has nothing there."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return ""
    name, occurrence, field, repetition, component = found.groups()
    return message.text(
        name, int(field), int(component or 0), 0, int(repetition or 1), int(occurrence or 1)
    )


@lru_cache(maxsize=65_536)
def hour(text: str) -> int | None:
    """An HL7 time in milliseconds since 1970 UTC; None when it is not one."""
    moment = parse_hl7_time(text)
    if moment is None:
        return None
    apart = moment - _EPOCH
    return (apart.days * 86_400 + apart.seconds) * 1000 + apart.microseconds // 1000


class Row:
    """One segment, its place in the message, and its texts added to a list as they are wanted."""

    __slots__ = ("_mark", "_name", "segment")

    def __init__(self, segment: Segment, occurrence: int, mark: str) -> None:
        self.segment = segment
        self._name = segment.name if occurrence == 1 else f"{segment.name}({occurrence})"
        self._mark = mark

    def whole(self, into: list[Text], label: str, field: int) -> None:
        """Each repetition as it stands: ST, NM, TX, FT, times."""
        text = self.segment.text(field, 0, 0)
        if text:
            into.append((label, text, f"{self._name}-{field}"))
        for number in self._more(field):
            text = self.segment.text(field, 0, 0, number)
            if text:
                into.append((label, text, f"{self._name}-{field}({number})"))

    def coded(self, into: list[Text], label: str, field: int) -> None:
        """For each repetition of a CE or CWE: its wording, else its code, else the original."""
        self._coded(into, label, field, 1, f"{self._name}-{field}")
        for number in self._more(field):
            self._coded(into, label, field, number, f"{self._name}-{field}({number})")

    def parts(self, into: list[Text], label: str, field: int) -> None:
        """Each component that is there: quantities with units, ranges, timings."""
        count = len(self.segment.field(field).repetition(1).components)
        for number in range(1, count + 1):
            text = self.segment.text(field, number, 0)
            if text:
                into.append((label, text, f"{self._name}-{field}.{number}"))

    def component(self, into: list[Text], label: str, field: int, number: int) -> None:
        """One component of the first repetition."""
        text = self.segment.text(field, number, 0)
        if text:
            into.append((label, text, f"{self._name}-{field}.{number}"))

    def _coded(self, into: list[Text], label: str, field: int, number: int, place: str) -> None:
        for component in (2, 1, 9):
            text = self.segment.text(field, component, 0, number)
            if text:
                into.append((label, text, f"{place}.{component}"))
                return

    def _more(self, field: int) -> range:
        if self._mark not in self.segment.text(field, 0, 0, 0):
            return range(0)
        return range(2, len(self.segment.field(field).repetitions) + 1)


def rows(message: Message, name: str | None = None) -> list[Row]:
    """Every segment, or those of one name, in order, numbered among those of its name."""
    counts: dict[str, int] = {}
    mark = message.separators.repetition
    found = []
    for segment in message.segments(name):
        its = segment.name
        counts[its] = number = counts.get(its, 0) + 1
        found.append(Row(segment, number, mark))
    return found


def numbers(segment: Segment, field: int) -> list[Number]:
    """The CX of a field: type, authority (its OID, else its name), number."""
    return [
        number
        for repetition in range(1, len(segment.field(field).repetitions) + 1)
        if (number := cx(segment, field, repetition)) is not None
    ]


def cx(segment: Segment, field: int, repetition: int = 1) -> Number | None:
    """One CX; None when it holds no number."""
    number = segment.text(field, 1, 1, repetition).strip()
    if not number:
        return None
    oid = segment.text(field, 4, 2, repetition).strip()
    authority = oid or segment.text(field, 4, 1, repetition).strip()
    return Number(segment.text(field, 5, 1, repetition).strip(), authority, number)


def entity(segment: Segment, field: int, scope: str) -> str:
    """An EI as one text: number and who gave it (its namespace, else ``scope``); or empty."""
    number = segment.text(field, 1)
    if not number:
        return ""
    return f"{number}^{segment.text(field, 2) or segment.text(field, 3) or scope}"
