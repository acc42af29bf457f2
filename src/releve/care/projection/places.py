"""Where a stay is, from its movements: ordered by their own dates, never by arrival.

Source of the rules: IHE PAM FR 2.11.2 (ITI-31, ZBE). A movement is known by ZBE-1; its INSERT, its
latest UPDATE and its CANCEL may come in any order. A number reinserted after its cancellation (sent
later on both of its hours) lives again. Events without ZBE (feeds of other countries) are movements
of their own hour (EVN-6, else EVN-2, else MSH-7), and a cancel takes back the last event of its
kind before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

#: Events that put somebody in a place, whether or not they had left.
OPENING = frozenset({"A01", "A02", "A04", "A06", "A07"})
#: Events of a stay in progress: they show where a patient is and never bring back one who left.
STAYING = frozenset({"A08", "A21", "A22", "A44", "A54", "Z99"})
LEAVING = frozenset({"A03"})
#: Foreseen, not done: no effect on where the patient is.
PENDING = frozenset({"A05", "A14", "A15", "A16"})
#: Cancels, and what each takes back.
CANCELS = {
    "A11": frozenset({"A01", "A04", "A05"}),
    "A12": frozenset({"A02"}),
    "A13": frozenset({"A03"}),
    "A25": frozenset({"A16"}),
    "A26": frozenset({"A15"}),
    "A27": frozenset({"A14"}),
    "A38": frozenset({"A05"}),
    "A52": frozenset({"A21"}),
    "A53": frozenset({"A22"}),
    "A55": frozenset({"A54"}),
}
#: The number under which a stay's latest A08 without ZBE is kept: it places the patient only while
#: no movement of that stay was ever received.
UPDATE_ALONE = "~A08"
MOVEMENTS = OPENING | STAYING | LEAVING | PENDING | frozenset(CANCELS)
_RANK = dict.fromkeys(OPENING | PENDING, 0) | {"A03": 2} | dict.fromkeys(CANCELS, 3)
_RANK["A02"] = 1


class Movement(NamedTuple):
    """One slot of a movement, as stored (see ``schema``)."""

    ident: str
    slot: int
    patient: int
    version: int
    sent: int
    source: int
    action: str
    event: str
    date: int
    kind: str
    unit: str
    room: str
    bed: str


class Place(NamedTuple):
    """Where a stay is. ``since`` and ``date`` in ms: arrival in this bed, last movement."""

    patient: int
    open: bool
    kind: str
    unit: str
    room: str
    bed: str
    since: int
    date: int
    source: int


def place(slots: Iterable[Movement]) -> Place | None:
    """Where one stay is after all that was said of it; None when nothing places it."""
    slots = list(slots)
    if any(slot.ident != UPDATE_ALONE for slot in slots):
        slots = [slot for slot in slots if slot.ident != UPDATE_ALONE]
    said = [movement for movement in _effective(slots) if movement.event not in PENDING]
    said.sort(key=lambda m: (m.date, _RANK.get(m.event, 1), m.version, len(m.ident), m.ident))
    done: list[Movement] = []
    for movement in said:
        taken_back = CANCELS.get(movement.event)
        if taken_back is None:
            done.append(movement)
            continue
        for number in range(len(done) - 1, -1, -1):
            if done[number].event in taken_back:
                del done[number]
                break
    return _replay(done)


def _replay(moves: Sequence[Movement]) -> Place | None:
    here: Place | None = None
    for move in moves:
        here = _left(here, move) if move.event in LEAVING else _moved(here, move)
    return here


def _left(here: Place | None, move: Movement) -> Place:
    unit, room, bed = (here.unit, here.room, here.bed) if here else (move.unit, move.room, move.bed)
    kind = move.kind or (here.kind if here else "")
    return Place(move.patient, False, kind, unit, room, bed, move.date, move.date, move.source)


def _moved(here: Place | None, move: Movement) -> Place:
    if here is None:
        return Place(
            move.patient, True, move.kind, move.unit, move.room, move.bed,
            move.date, move.date, move.source,
        )  # fmt: skip
    if not here.open and move.event not in OPENING:
        return here
    same = not move.unit or move[-3:] == (here.unit, here.room, here.bed)
    unit, room, bed = (here.unit, here.room, here.bed) if same else move[-3:]
    since = here.since if same and here.open else move.date
    return Place(
        move.patient, True, move.kind or here.kind, unit, room, bed, since, move.date, move.source
    )


def _effective(slots: Iterable[Movement]) -> Iterable[Movement]:
    """One live movement per number, as its latest version says."""
    first: dict[str, Movement] = {}
    amended: dict[str, Movement] = {}
    for slot in slots:
        (amended if slot.slot else first)[slot.ident] = slot
    for ident in first.keys() | amended.keys():
        inserted, latest = first.get(ident), amended.get(ident)
        if latest is None or (inserted is not None and _again(inserted, latest)):
            if inserted is not None:
                yield inserted
        elif latest.action != "CANCEL":
            yield _completed(inserted, latest)


def _again(inserted: Movement, latest: Movement) -> bool:
    """Inserted anew under a cancelled number."""
    later = inserted.version > latest.version and inserted.sent > latest.sent
    return later and latest.action == "CANCEL"


def _completed(inserted: Movement | None, latest: Movement) -> Movement:
    """An update, with what it leaves unsaid taken from what it updates."""
    if inserted is None:
        return latest
    silent = latest.event in ("", "Z99", "A08")
    spot = latest[-3:] if latest.unit else inserted[-3:]
    return latest._replace(
        event=inserted.event if silent else latest.event,
        date=latest.date or inserted.date,
        kind=latest.kind or inserted.kind,
        unit=spot[0],
        room=spot[1],
        bed=spot[2],
    )
