"""What a message says of one row of a section: the content, and how it stands.

Both carry a version made of what the message says, never of when it came: the latest wins, in
whatever order messages arrive.
"""

from __future__ import annotations

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


def version(sent: int, tie: int = 0, standing: int = 0) -> int:
    """``standing`` first (a final result over a provisional one), then the hour, then ``tie``."""
    return (standing << 56) | (max(sent, 0) << 6) | tie
