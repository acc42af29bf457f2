"""The turns that imports wrote in oncall.ics, in and out; every other event keeps its octets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from releve.establishment.imports.merge import Row
from releve.kernel.clock import from_iso, iso

#: How the ``UID`` of an imported turn begins.
OURS = "import-"
_EVENT = re.compile(r"BEGIN:VEVENT\r?\n.*?END:VEVENT\r?\n?", re.DOTALL)
_UID = re.compile(rf"^UID:({OURS}[0-9a-f]+)@releve\s*$", re.MULTILINE)
_STAMP = "%Y%m%dT%H%M%SZ"


def uid_of(rota: str, start: str) -> str:
    """The id of a turn: one per rota and beginning."""
    return OURS + sha256(f"{rota}|{start}".encode()).hexdigest()[:20]


def read_events(data: bytes) -> dict[str, Row]:
    """id → row of each imported turn that still reads; one that a person made unreadable to us is
    left to the agenda.
    """
    found: dict[str, Row] = {}
    text = data.decode("utf-8-sig", "replace")
    for block in _EVENT.findall(text):
        uid = _UID.search(block)
        row = _row(block) if uid else None
        if uid and row:
            found[uid[1]] = row
    return found


def _row(block: str) -> Row | None:
    unfolded = re.sub(r"\r?\n[ \t]", "", block)
    start, end = (
        re.search(rf"^{name}:(\d{{8}}T\d{{6}}Z)\s*$", unfolded, re.M)
        for name in ("DTSTART", "DTEND")
    )
    summary = re.search(r"^SUMMARY:(.*?)\r?$", unfolded, re.M)
    people = re.findall(r"^X-RELEVE-PERSON:(\S+)\s*$", unfolded, re.M)
    if not (start and end and summary) or "\nRRULE" in unfolded:
        return None
    return {
        "rota": re.sub(r"\\(.)", r"\1", summary[1]).strip(),
        "start": iso(_time(start[1])),
        "end": iso(_time(end[1])),
        "people": " ".join(people),
    }


def _time(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def with_events(data: bytes, rows: Mapping[str, Row], now: datetime) -> bytes:
    """The agenda with these imported turns: those that did not change keep their octets."""
    text = data.decode("utf-8-sig", "replace")
    before = read_events(data)
    left = dict(rows)

    def kept(found: re.Match[str]) -> str:
        uid = _UID.search(found[0])
        if uid is None or uid[1] not in before:
            return found[0]
        row = left.pop(uid[1], None)
        if row is None:
            return ""
        return found[0] if row == before[uid[1]] else _event(uid[1], row, now)

    text = _EVENT.sub(kept, text)
    head, end, tail = text.rpartition("END:VCALENDAR")
    added = "".join(_event(number, row, now) for number, row in left.items())
    if not end:
        head, end, tail = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Releve//FR\r\n",
            "END:VCALENDAR",
            "\r\n",
        )
    return (head + added + end + tail).encode()


def _event(number: str, row: Row, now: datetime) -> str:
    summary = re.sub(r"([\\,;])", r"\\\1", row["rota"])
    lines = [
        "BEGIN:VEVENT",
        f"UID:{number}@releve",
        f"DTSTAMP:{now.astimezone(UTC).strftime(_STAMP)}",
        f"DTSTART:{from_iso(row['start']).strftime(_STAMP)}",
        f"DTEND:{from_iso(row['end']).strftime(_STAMP)}",
        *_folded(f"SUMMARY:{summary}"),
        *(f"X-RELEVE-PERSON:{person}" for person in row["people"].split()),
        "END:VEVENT",
    ]
    return "\r\n".join(lines) + "\r\n"


def _folded(line: str) -> list[str]:
    """RFC 5545 3.1: at most 75 octets a line, continuations begin with a space."""
    parts, current = [], ""
    for character in line:
        if len((current + character).encode()) > 74:
            parts.append(current)
            current = " "
        current += character
    return [*parts, current]
