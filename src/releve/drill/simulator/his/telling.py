"""From an event of the hospital to a numbered message, with what it makes true."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from releve.drill.simulator.his import clinical
from releve.drill.simulator.his.habits import Habits
from releve.drill.simulator.his.hospital import GAP, Hospital, Movement, Stay
from releve.drill.simulator.his.notices import Notice, Notices
from releve.drill.simulator.his.order import Order
from releve.drill.simulator.his.people import Person
from releve.drill.simulator.his.truth import Fact, Joined, Known, Moved, Withdrawn
from releve.drill.simulator.his.writing import Writer

_RECENT = 40


@dataclass(frozen=True)
class Message:
    """``data`` is the message without its frame; ``facts`` are what it makes true once taken.

    ``sender`` is MSH-3|MSH-4; ``laboratory`` tells on which of the two links it travels.
    """

    number: int
    sender: str
    laboratory: bool
    control_id: str
    what: str
    loading: bool
    data: bytes
    facts: tuple[Fact, ...]


class Teller:
    """Numbers and dates what the hospital's applications say. ``loading`` until the day begins."""

    def __init__(self, order: Order, habits: Habits, hospital: Hospital, writer: Writer) -> None:
        self.loading = True
        self._order, self._habits = order, habits
        self._hospital, self._writer = hospital, writer
        self._notices = Notices(hospital, writer)
        self._written = self._spoken = 0
        self._revision = itertools.count(1)
        self._recent: deque[Message] = deque(maxlen=_RECENT)

    @property
    def now(self) -> datetime:
        """The hour the next message is written at."""
        if self.loading:
            return self._hospital.start - GAP
        elapsed = int(self._spoken / self._order.messages_per_s)
        return self._hospital.start + timedelta(seconds=elapsed)

    def identity(self, trigger: str, person: Person, stay: Stay | None = None) -> Message:
        """A28 or A31."""
        notice = self._notices.identity(trigger, person, stay, self.now)
        return self._say(notice, Known(next(self._revision), person))

    def insert(
        self, trigger: str, stay: Stay, move: Movement, *, before: str = "", historic: bool = False
    ) -> Message:
        """A new movement."""
        notice = self._notices.moved(
            trigger, stay, move, self.now, before=before, historic=historic
        )
        return self._say(notice, self._fact(stay, move), self._known(stay))

    def correct(self, stay: Stay, move: Movement) -> Message:
        """Z99: the movement was not so."""
        notice = self._notices.moved("Z99", stay, move, self.now, action="UPDATE")
        return self._say(notice, self._fact(stay, move), self._known(stay))

    def cancel(self, trigger: str, stay: Stay, move: Movement) -> Message:
        """The movement was not."""
        notice = self._notices.moved(trigger, stay, move, self.now, action="CANCEL")
        return self._say(notice, Withdrawn(move.number), self._known(stay))

    def update(self, stay: Stay) -> Message:
        """A08."""
        return self._say(self._notices.updated(stay, self.now), self._known(stay))

    def join(self, stay: Stay, kept: Person, gone: Person, *, parted: bool = False) -> Message:
        """A40 of ``gone`` into ``kept``, or the A37 that undoes it."""
        notice = self._notices.joined("A37" if parted else "A40", kept, gone, self.now)
        joined = Joined(next(self._revision), gone.ipp, kept.ipp, parted=parted)
        return self._say(notice, joined, self._known(stay))

    def prescribe(self, stay: Stay, order: clinical.Prescription, control: str) -> Message:
        """A treatment: NW new, DC stopped."""
        return self._say(self._notices.prescribed(stay, order, control, self.now))

    def measure(self, stay: Stay, exam: clinical.Exam, status: str) -> Message:
        """Results: P, F or C."""
        return self._say(self._notices.measured(stay, exam, status, self.now))

    def note(self, stay: Stay) -> Message:
        """A document."""
        return self._say(self._notices.note(stay, self.now))

    def appoint(self, stay: Stay) -> Message:
        """An appointment."""
        return self._say(self._notices.appointment(stay, self.now))

    def again(self, rng: Random) -> Iterator[Message]:
        """The very bytes of one of the last messages."""
        if self._recent:
            self._spoken += not self.loading
            yield replace(rng.choice(self._recent), number=self._count())

    def _fact(self, stay: Stay, move: Movement) -> Moved:
        place = self._hospital.place(move.bed) if move.bed else None
        ipp = stay.person.ipp
        return Moved(move.number, move.revision, stay.visit, ipp, move.at, place)

    def _known(self, stay: Stay) -> Known:
        return Known(next(self._revision), stay.person)

    def _count(self) -> int:
        self._written += 1
        return self._written

    def _say(self, notice: Notice, *facts: Fact) -> Message:
        kind, trigger, segments = notice
        habits, number, laboratory = self._habits, self._count(), kind == "ORU"
        application = habits.laboratory if laboratory else habits.record_system
        control_id = f"{'L' if laboratory else 'D'}{self._order.seed % 10**6:06d}{number:08d}"
        head = self._writer.msh(application, kind, trigger, control_id, self.now)
        if not self.loading:
            self._spoken += 1
        message = Message(
            number=number,
            sender=f"{application}|{habits.facility}",
            laboratory=laboratory,
            control_id=control_id,
            what=f"{kind}^{trigger}",
            loading=self.loading,
            data=self._writer.message([head, *segments]),
            facts=facts,
        )
        self._recent.append(message)
        return message
