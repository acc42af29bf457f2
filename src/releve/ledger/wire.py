"""The signer's socket protocol, without I/O: frames cut out of bytes, replies put into bytes.

A frame is its length (uint32, big endian) then one byte of kind and a body. Asked: ``A`` + one
entry in canonical JSON, ``P`` (publish now). Answered, in the order of the questions: ``O`` + a
uint64 (index or size), or ``E`` + JSON ``{"message", "fix", "forever"}``. A frame too long closes
the connection after its error: what follows cannot be trusted.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from releve.kernel.errors import ReleveError
from releve.kernel.home import FinessRefused
from releve.ledger.errors import EntryNotKept, EntryRefused, EvidenceRefused, NumberTaken
from releve.ledger.tiles import MAX_ENTRY

APPEND, PUBLISH, DONE, FAILED = b"A", b"P", b"O", b"E"
_LENGTH = 4
_MAX_ASKED = 1 + MAX_ENTRY
_MAX_ANSWER = 1 << 20


class BrokenFrame(ReleveError):
    """La demande reçue n'a pas la forme attendue : {why}."""

    next_step = "Employez le programme de la même version que le signataire."


class Frame(NamedTuple):
    """One question or one answer."""

    kind: bytes
    body: bytes


class Frames:
    """Cuts a stream of bytes into frames; raises :class:`BrokenFrame` when it cannot be one."""

    def __init__(self, *, longest: int = _MAX_ASKED) -> None:
        self._longest = longest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by ``data``."""
        self._buffer += data
        frames = []
        at = 0
        while len(self._buffer) - at >= _LENGTH:
            length = int.from_bytes(self._buffer[at : at + _LENGTH], "big")
            if not 1 <= length <= self._longest:
                raise BrokenFrame(why=f"elle annonce {length} octets")
            end = at + _LENGTH + length
            if len(self._buffer) < end:
                break
            body = bytes(self._buffer[at + _LENGTH : end])
            frames.append(Frame(body[:1], body[1:]))
            at = end
        del self._buffer[:at]
        return frames

    @property
    def partial(self) -> bool:
        """True when part of a frame has arrived."""
        return bool(self._buffer)


def answers() -> Frames:
    """What a client reads with: errors may be longer than entries."""
    return Frames(longest=_MAX_ANSWER)


def frame(kind: bytes, body: bytes = b"") -> bytes:
    return (1 + len(body)).to_bytes(_LENGTH, "big") + kind + body


def done(number: int) -> bytes:
    return frame(DONE, number.to_bytes(8, "big"))


def failed(error: ReleveError) -> bytes:
    forever = isinstance(error, EvidenceRefused | FinessRefused)
    fields = {"message": str(error)[:20_000], "fix": error.remedy[:20_000], "forever": forever}
    if isinstance(error, NumberTaken):
        fields["taken"] = error.data
    return frame(FAILED, json.dumps(fields).encode())


def result(answer: Frame) -> int:
    """The number answered. Raises, with the signer's own words, :class:`NumberTaken` when the
    (origin, number) is another entry's, :class:`EntryRefused` when it will never be otherwise,
    :class:`EntryNotKept` when it is about now (disk full…).
    """
    if answer.kind == DONE and len(answer.body) == 8:
        return int.from_bytes(answer.body, "big")
    if answer.kind == FAILED:
        try:
            fields = json.loads(answer.body)
            if "taken" in fields:
                raise NumberTaken(**fields["taken"])
            kind = EntryRefused if fields["forever"] is True else EntryNotKept
            error = kind(message=str(fields["message"]), fix=str(fields["fix"]))
        except (ValueError, KeyError, TypeError):
            raise BrokenFrame(why="erreur illisible") from None
        raise error
    raise BrokenFrame(why="réponse inconnue")
