"""What a message says of one row of a section: the content, and how it stands.

Both carry a version made of what the message says, never of when it came: the latest wins, in
whatever order messages arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from releve.care.hl7 import Message
from releve.care.projection.reading import Row, Text, rows

#: Of content or status that a message does not give.
UNSAID = -1


class Fact(NamedTuple):
    """One row; ``content`` is None, and ``cversion`` UNSAID, when only its standing is said."""

    section: str
    ident: str
    cversion: int
    at: int | None
    content: list[Text] | None
    sversion: int
    status: str
    ended: bool


class Reading(NamedTuple):
    """Rows, and what could not be read, in French (the message then waits in quarantine too).

    ``kept``: an excerpt whose rows are to be read when a file is opened; empty when there are none.
    """

    facts: list[Fact]
    problems: list[str]
    kept: bytes = b""


class Said:
    """A message ready to be read: itself, MSH-9.2, its hour (ms), who says it, its segments."""

    __slots__ = ("_rows", "message", "sender", "sent", "trigger")

    def __init__(self, message: Message, trigger: str, sent: int, sender: str) -> None:
        self.message = message
        self.trigger = trigger
        self.sent = sent
        self.sender = sender
        self._rows: list[Row] | None = None

    @property
    def rows(self) -> list[Row]:
        """Every segment in order; cut when first asked for."""
        if self._rows is None:
            self._rows = rows(self.message)
        return self._rows


def by_place(facts: Iterable[Fact]) -> list[Fact]:
    """The lines of one message, no two of one name: the second of a name becomes « …#2 ».

    Each is told by its place, whatever it says, so that the second line of a later message still
    corrects the second of this one.
    """
    named = _Names()
    return [named.apart(fact) for fact in facts]


def by_content(facts: Iterable[Fact]) -> list[Fact]:
    """As :func:`by_place`, but what one message says twice is one row.

    A line without content speaks of the first of its name. One that stands after an ended one says
    the row anew: it is not ended with it.
    """
    named = _Names()
    said: dict[tuple[str, str, tuple[tuple[str, str], ...]], Fact] = {}
    told: list[Fact] = []
    for fact in facts:
        if not fact.content:
            told.append(fact)
            continue
        texts = tuple((label, text) for label, text, _ in fact.content)
        same = said.get((fact.section, fact.ident, texts))
        if same is None or (same.ended and not fact.ended):
            same = said[fact.section, fact.ident, texts] = named.apart(fact)
        told.append(fact._replace(ident=same.ident))
    return told


class _Names:
    """Those that the rows of one message already bear."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()
        self._counts: dict[tuple[str, str], int] = {}

    def apart(self, fact: Fact) -> Fact:
        """``fact`` under its own name, else under the first « name#2 », « name#3 » not borne."""
        section, ident = fact.section, fact.ident
        number = self._counts.get((section, ident), 0) + 1
        name = ident if number == 1 else f"{ident}#{number}"
        while (section, name) in self._taken:
            number += 1
            name = f"{ident}#{number}"
        self._counts[section, ident] = number
        self._taken.add((section, name))
        return fact if name == ident else fact._replace(ident=name)


def version(sent: int, tie: int = 0, standing: int = 0) -> int:
    """``standing`` first (a final result over a provisional one), then the hour, then ``tie``."""
    return (standing << 56) | (max(sent, 0) << 6) | tie
