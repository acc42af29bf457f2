"""MLLP without I/O: bytes in, frames out; and the acknowledgements that answer them.

A frame is 0x0B, a message, 0x1C 0x0D (HL7 v2.5 Appendix C, « Minimal Lower Layer Protocol »).
Answers follow the original mode (HL7 2.5 §2.9.2): AA = on this machine's disk, AE = on the disk
and not readable (for senders set so), AR = not kept. The enhanced mode's CA/CR are not spoken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from releve.care.hl7 import NotHl7, parse
from releve.care.intake import MAX_MESSAGE

START = b"\x0b"
END = b"\x1c\r"
#: The start of a frame inside a frame: what was open was never finished.
_AGAIN = START + b"MSH"
_BLANK = b"\r\n \t\0"
#: What is kept of a message that is too long: enough to answer it.
_HEAD_BYTES = 4096
#: What is read of a field that names a sender.
_LONG = 256
_BETWEEN = [b""] * 13


@dataclass(frozen=True, slots=True)
class TooLong:
    """A frame beyond the limit: its first bytes; the rest was dropped as it came."""

    head: bytes


class Framer:
    """One connection's bytes, cut into messages. Memory: one unfinished frame at most.

    ``garbage`` counts bytes that belong to no finished frame (blanks between frames aside).
    """

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._held = bytearray()
        self._searched = 0
        self._too_long: bytes | None = None
        self.garbage = 0

    @property
    def open_bytes(self) -> int:
        """Bytes of the frame that has begun and not ended; 0 between frames."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes | TooLong]:
        """The messages (without their frame) that these bytes complete, in order."""
        if self._held:
            self._held += data
            data = bytes(self._held) if self._completes(data) else b""
            if not data:
                return self._waiting()
        return self._cut(data)

    def _completes(self, data: bytes) -> bool:
        """Whether the end of the open frame has come; looks at each byte once."""
        found = self._held.find(END, self._searched)
        self._searched = max(0, len(self._held) - 1)
        return found >= 0

    def _waiting(self) -> list[bytes | TooLong]:
        if len(self._held) > len(START) + self._limit + 1:
            if self._too_long is None:
                self._too_long = bytes(self._held[1:_HEAD_BYTES])
            # The last byte may be the first half of the end.
            self._held = bytearray(START) + self._held[-1:]
            self._searched = 1
        return []

    def _cut(self, data: bytes) -> list[bytes | TooLong]:
        self._held, self._searched = bytearray(), 0
        found: list[bytes | TooLong] = []
        place = 0
        while place < len(data):
            start = data.find(START, place)
            if start != place:
                self._count_garbage(data, place, len(data) if start < 0 else start)
                if start < 0:
                    break
            end = data.find(END, start + 1)
            if end < 0:
                self._hold(data, start)
                break
            found.append(self._message(data[start + 1 : end]))
            place = end + len(END)
        return found

    def _hold(self, data: bytes, start: int) -> None:
        """An unfinished frame; one may have begun again inside it."""
        self._held = bytearray(data[start:])
        self._searched = max(0, len(self._held) - 1)
        self._waiting()

    def _message(self, message: bytes) -> bytes | TooLong:
        if self._too_long is not None:
            head, self._too_long = self._too_long, None
            return TooLong(head)
        if START in message:
            again = message.rfind(_AGAIN)
            if again >= 0:
                self.garbage += again
                message = message[again + 1 :]
        return message if len(message) <= self._limit else TooLong(message[:_HEAD_BYTES])

    def _count_garbage(self, data: bytes, start: int, end: int) -> None:
        if end > start:
            self.garbage += len(data[start:end].translate(None, _BLANK))


def frame(message: bytes) -> bytes:
    """A message in its frame."""
    return START + message + END


class Head(NamedTuple):
    """What answering needs of MSH, as raw bytes: fields by position, MSH-n at ``fields[n - 1]``.

    ``fields`` is empty when there is no MSH to read.
    """

    separator: bytes
    fields: list[bytes]

    def field(self, number: int) -> bytes:
        """MSH-``number`` (2 and up) as it came; empty when absent."""
        return self.fields[number - 1] if number <= len(self.fields) else b""

    @property
    def sender(self) -> str:
        """« APP|FACILITY » as ``hl7.Message.sender`` reads it; empty when there is no MSH."""
        fields = self.fields
        if not fields:
            return ""
        names = (self.separator, *fields[1:4], self.field(18))
        return _sender(*names) if sum(map(len, names)) < _LONG else _read_sender(*names)


_NO_HEAD = Head(b"|", [])


def read_head(message: bytes) -> Head:
    """The fields of the first segment when it is an MSH, without looking at the rest."""
    if not message.startswith(b"MSH"):
        message = message.lstrip(b"\xef\xbb\xbf\r\n ")
        if not message.startswith(b"MSH"):
            return _NO_HEAD
    line = message[: _line_end(message)]
    separator = line[3:4]
    if len(line) < 5 or separator.isalnum() or separator <= b" ":
        return _NO_HEAD
    return Head(separator, line.split(separator))


def _line_end(message: bytes) -> int | None:
    end = message.find(b"\r")
    if end < 0 or end > _HEAD_BYTES:  # LF alone, or a long first line: look for the nearer of both
        feed = message.find(b"\n")
        end = feed if end < 0 or 0 <= feed < end else end
    else:
        feed = message.find(b"\n", 0, end)
        end = feed if feed >= 0 else end
    return None if end < 0 else end


def _read_sender(separator: bytes, *fields: bytes) -> str:
    """What the reader says of a header with these MSH-2 to 4 and 18; empty when it refuses it."""
    *names, charset = (field[:_LONG] for field in fields)
    try:
        return parse(separator.join([b"MSH", *names, *_BETWEEN, charset])).sender
    except NotHl7:
        return ""


#: Few senders, many messages; long names are not kept, a hostile feed would fill the memory.
_sender = lru_cache(maxsize=1024)(_read_sender)


def acknowledgement(head: Head, code: bytes, control_id: str, now: bytes, text: str = "") -> bytes:
    """The framed ACK. ``now``: HL7 time; ``control_id``: its own MSH-10; ``text``: MSA-3, ASCII.

    Sender and receiver change places; separators, processing id, version and character set are the
    message's own; MSA-2 is its MSH-10, byte for byte, or empty when it has no readable MSH.
    """
    own = control_id.encode("ascii")
    separator, fields = head
    if len(fields) < 12:
        fields = [b"MSH", *fields[1:]] + [b""] * (12 - len(fields))
    encoding = fields[1] or b"^~\\&"
    parts = encoding[:1]
    trigger = fields[8].split(parts)
    kind = b"ACK" + parts + trigger[1] + parts + b"ACK" if len(trigger) > 1 else b"ACK"
    line = [b"\x0bMSH", encoding, fields[4], fields[5], fields[2], fields[3], now, b"", kind, own]
    line += (fields[10] or b"P", fields[11] or b"2.5")
    if len(fields) > 17 and fields[17]:
        line += (b"", b"", b"", b"", b"", fields[17])
    answer = [b"\rMSA", code, fields[9]]
    if text:
        answer.append(text.encode("ascii", "replace"))
    return separator.join(line) + separator.join(answer) + b"\r" + END
