"""The segments of a message that are worth keeping, as they were written."""

from __future__ import annotations

from collections.abc import Collection

from releve.care.hl7 import Message, parse

#: The separators almost everybody declares.
_USUAL = parse(b"MSH|^~\\&|").separators
#: Codecs in which the octets of ASCII signs stand for nothing else.
_ASCII_BASED = frozenset({"ascii", "utf-8", "cp1252", *(f"iso8859-{n}" for n in range(1, 17))})
_UTF_8 = b"MSH|^~\\&" + 16 * b"|" + b"UNICODE UTF-8\r"


def is_usual(message: Message) -> bool:
    """Whether its octets can be looked through as they are: usual separators, ends and charset."""
    return (
        message.separators == _USUAL
        and message.charset in _ASCII_BASED
        and b"\n" not in message.raw
        and message.raw.startswith(b"MSH")
    )


def excerpt(message: Message, names: Collection[bytes]) -> bytes:
    """A message of the same MSH and the segments of these names, which reads as ``message`` does:
    a text of theirs stands at the same place and is the same.

    The whole message where the octets left out decide of its charset or of its line ends.
    """
    raw = message.raw
    if b"\n" in raw or not raw.startswith(b"MSH"):
        return raw
    header, *lines = raw.split(b"\r")
    return settled(message, b"\r".join([header, *(ln for ln in lines if ln[:3] in names)]))


def settled(message: Message, kept: bytes) -> bytes:
    """``kept`` when it is read with the charset of ``message``, else the whole message."""
    if message.charset_known and message.charset == "utf-8":
        return kept
    return kept if parse(kept).charset == message.charset else message.raw


def alone(line: bytes, codec: str) -> Message:
    """A message of that one segment, written with the usual separators and without ``\\X``."""
    return parse(_UTF_8 + line.decode(codec).encode("utf-8"))
