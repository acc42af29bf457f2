"""A file's messages taken as if a sender had sent them: through the living listener, or without."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from releve.care.errors import NotTaken, UnreadableFeed
from releve.care.hl7 import split_messages
from releve.care.intake import MAX_MESSAGE, Incoming, Intake
from releve.care.mllp import END, START, frame, read_head
from releve.kernel.clock import Clock

#: Messages sent and not yet answered, as most senders have it at most.
_WINDOW = 32
_BYTES_IN_FLIGHT = 4 * 1024 * 1024
_PATIENCE_SECONDS = 30.0
_TOGETHER = 500
_FRAMED = "il contient une fin de cadre MLLP"
_OWN = b"RLV"


@dataclass(frozen=True)
class Sent:
    """One message of the file: its place (first octet, number from 1) and what became of it."""

    number: int
    offset: int
    raw: bytes
    #: Its index in the journal; None when it was not kept.
    index: int | None
    #: MSA-3 of a refusal.
    refusal: str = ""


def read_messages(path: Path | str, data: bytes) -> list[tuple[int, bytes]]:
    """(offset, message) of each message; raises ``UnreadableFeed`` when there is none to send."""
    pieces = [(piece.offset, piece.message) for piece in split_messages(data) if piece.message]
    if not any(b"MSH" in message for _, message in pieces):
        what = "ce fichier est vide" if not data.strip() else "aucun message HL7 v2 dans ce fichier"
        raise UnreadableFeed(file=path, what=what)
    return pieces


def keep(intake: Intake, messages: Sequence[tuple[int, bytes]], clock: Clock) -> list[Sent]:
    """Without a listener: straight into the journal, which the caller holds."""
    sent: list[Sent] = []
    for first in range(0, len(messages), _TOGETHER):
        several = messages[first : first + _TOGETHER]
        now = clock.now()
        taken = [
            Incoming(now, read_head(raw).sender, raw)
            for _, raw in several
            if len(raw) <= MAX_MESSAGE
        ]
        indices = iter(intake.keep(taken))
        for number, (offset, raw) in enumerate(several, first + 1):
            kept = len(raw) <= MAX_MESSAGE
            refusal = "" if kept else "message trop long"
            sent.append(Sent(number, offset, raw, next(indices) if kept else None, refusal))
    return sent


def send(address: tuple[str, int], messages: Sequence[tuple[int, bytes]]) -> list[Sent]:
    """Beside a living service: by MLLP to its listener, in order, a window at a time.

    Raises ``NotTaken`` when the link breaks before every answer has come.
    """
    where = f"{address[0]}:{address[1]}"
    sent: list[Sent] = []
    try:
        with closing(socket.create_connection(address, _PATIENCE_SECONDS)) as link:
            for window in _windows(messages):
                framed = [frame(raw) for _, raw in window if END not in raw]
                link.sendall(b"".join(framed))
                answers = _answers(link, len(framed))
                for offset, raw in window:
                    index, refusal = (None, _FRAMED) if END in raw else _read_answer(next(answers))
                    sent.append(Sent(len(sent) + 1, offset, raw, index, refusal))
    except (OSError, ValueError) as error:
        why = f"{error} (après {len(sent)} messages)"
        raise NotTaken(where=where, why=why) from error
    return sent


def _windows(messages: Sequence[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    window: list[tuple[int, bytes]] = []
    size = 0
    for message in messages:
        if window and (len(window) == _WINDOW or size + len(message[1]) > _BYTES_IN_FLIGHT):
            yield window
            window, size = [], 0
        window.append(message)
        size += len(message[1])
    if window:
        yield window


def _answers(link: socket.socket, count: int) -> Iterator[bytes]:
    held = b""
    while count:
        answer, end, rest = held.partition(END)
        if end:
            yield answer.removeprefix(START)
            held, count = rest, count - 1
            continue
        data = link.recv(1 << 16)
        if not data:
            raise ConnectionError("le service a raccroché")
        held += data


def _read_answer(answer: bytes) -> tuple[int | None, str]:
    """The journal's index that our own listener puts in its ACK's MSH-10, or the refusal's text."""
    head = read_head(answer)
    line = next((part for part in answer.split(b"\r") if part.startswith(b"MSA")), b"")
    fields = line.split(head.separator)
    if len(fields) < 2:
        raise ValueError("sa réponse n'est pas un acquittement")
    if fields[1] == b"AR":
        return None, fields[3].decode("ascii", "replace") if len(fields) > 3 else "refusé"
    number = head.field(10)
    if not number.startswith(_OWN) or not number[len(_OWN) :].isdigit():
        raise ValueError("ce n'est pas un service Relève qui répond")
    return int(number[len(_OWN) :]), ""
