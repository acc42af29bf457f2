"""Messages out of a file or a stream kept whole: one or many, framed or not.

Line ends CR, LF, CRLF or mixed; MLLP frames (0B … 1C 0D) or none; FHS, BHS, BTS, FTS envelopes;
blank lines; files joined end to end, whose byte order mark or ``MSH|^~\\&`` then stands in the
middle of a line (no field can hold those separators unescaped).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What ends or begins something: a frame's end, a frame's start, a header or envelope segment.
_MARKS = re.compile(
    rb"\x1c(?:\r\n?|\n|(?=\x0b)|\Z)"
    rb"|\x0b(?:(?=MSH[^0-9A-Za-z\s])|(?<![^\r\n\x1c]\x0b))"
    rb"|MSH(?=[^0-9A-Za-z\s])(?:(?<![^\r\n\x0b\x1c]MSH)|(?<=\xef\xbb\xbfMSH))"
    rb"|MSH\|\^~\\&"
    rb"|(?:FHS|BHS|BTS|FTS)(?=[^0-9A-Za-z]|\Z)(?:(?<![^\r\n\x0b\x1c]...)|(?<=\xef\xbb\xbf...))"
)
_LINE_END = re.compile(rb"\r\n|\r|\n|\Z")
_BOM = b"\xef\xbb\xbf"
_BLANK = b"\r\n\t "


@dataclass(frozen=True, slots=True)
class Piece:
    """A message and what surrounds it. ``before + message + after``, end to end, are the data.

    ``message`` is what should be a message: ``parse`` says whether it is. It is empty only when the
    data hold nothing but envelope and blanks. ``after`` is empty save in the last piece.
    """

    before: bytes
    message: bytes
    after: bytes
    #: Of the message's first octet in the data.
    offset: int


def split_messages(data: bytes) -> Iterator[Piece]:
    """Cut ``data`` into pieces, each octet in exactly one; nothing for no data.

    Octets that belong to no message and to no envelope come as a piece of their own, so that
    ``parse`` refuses them aloud instead of their being dropped. One pass, linear time.
    """
    spans = list(_spans(data))
    done = 0
    for number, (start, end) in enumerate(spans):
        last = number + 1 == len(spans)
        after = data[end:] if last else b""
        yield Piece(data[done:start], data[start:end], after, start)
        done = end
    if data and not spans:
        yield Piece(data, b"", b"", len(data))


def _spans(data: bytes) -> Iterator[tuple[int, int]]:
    """The start and end of each message, or of each run of octets that should be one."""
    start = 0
    for mark in _MARKS.finditer(data):
        if mark.start() < start:
            continue  # inside an envelope segment already passed
        yield from _between(data, start, mark.start())
        start = mark.start()
        if mark[0][:1] in b"\x0b\x1c":
            start = mark.end()
        elif mark[0][:3] != b"MSH":
            start = _LINE_END.search(data, mark.end()).start()  # type: ignore[union-attr]
    yield from _between(data, start, len(data))


def _between(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What lies between two marks, without the blanks around it; its own line end is kept."""
    while True:
        while start < end and data[start] in _BLANK:
            start += 1
        if not data.startswith(_BOM, start, end):
            break
        start += len(_BOM)
    if start == end:
        return
    stop = end
    if data.endswith(_BOM, start, end):
        stop -= len(_BOM)
    while data[stop - 1] in b"\r\n":
        stop -= 1
    kept = _LINE_END.match(data, stop, end)
    yield start, kept.end() if kept else stop
