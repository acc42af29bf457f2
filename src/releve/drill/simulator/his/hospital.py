"""The wards as the story moves through them: stays, beds taken and free, what each patient has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from releve.drill.simulator.his.clinical import Exam, Prescription
from releve.drill.simulator.his.order import Order, Ward
from releve.drill.simulator.his.people import Births, Person
from releve.drill.simulator.his.truth import Place
from releve.drill.simulator.his.writing import Writer

#: Two movements of a stay are at least this far apart: some editors write no seconds.
GAP = timedelta(minutes=1)


@dataclass(frozen=True)
class Bed:
    """A bed of a ward, as its order names it."""

    ward: Ward
    name: str


@dataclass(frozen=True)
class Movement:
    """``bed`` None = discharged. ``origin`` is the event that made it: A01, A02 or A03."""

    number: int
    at: datetime
    bed: Bed | None
    origin: str
    revision: int = 0


@dataclass
class Stay:
    """A patient's stay; ``movements`` oldest first, those that were cancelled taken out."""

    visit: str
    person: Person
    movements: list[Movement]
    emergency: bool = False
    allergies: tuple[tuple[str, str], ...] | None = None
    orders: list[Prescription] = field(default_factory=list)
    exams: list[tuple[Exam, str]] = field(default_factory=list)
    #: The identity it was admitted under, once merged into another.
    merged_from: Person | None = None
    #: True for the marker, whom nothing happens to.
    still: bool = False

    @property
    def last(self) -> Movement:
        """Where the patient is, or that they left."""
        return self.movements[-1]

    @property
    def bed(self) -> Bed:
        """The bed of the last movement that names one."""
        return next(move.bed for move in reversed(self.movements) if move.bed is not None)

    @property
    def admitted(self) -> datetime:
        """The hour of the first movement."""
        return self.movements[0].at


class Hospital:
    """Who is where, on the generator's side; every draw comes from ``rng``."""

    def __init__(self, order: Order, writer: Writer, rng: Random, start: datetime) -> None:
        self.rng, self.start = rng, start
        self.births = Births(rng, date(start.year, start.month, start.day), writer.habits.codec)
        self.stays: list[Stay] = []
        self.left: list[Stay] = []
        #: Known to the hospital without a stay: a provisional identity may turn out to be theirs.
        self.former: list[Person] = [self.births.person() for _ in range(10 + order.patients // 10)]
        self._writer = writer
        self._beds = [Bed(ward, bed) for ward in order.wards for bed in ward.beds]
        self._taken: set[tuple[str, str]] = set()
        self._numbers = dict.fromkeys(("movement", "visit", "order", "exam", "note", "rdv"), 0)

    def number(self, kind: str) -> int:
        """The next number of that kind, from 1."""
        self._numbers[kind] += 1
        return self._numbers[kind]

    def settle(self, order: Order) -> None:
        """Patients already there when the day begins: the marker, then the others, some beside a
        homonym.
        """
        wanted = order.marker_ward or order.wards[0].code
        first = next(bed for bed in self._beds if bed.ward.code == wanted)
        marker = self.admit(self.births.marker(), first, self.start - timedelta(days=2, hours=3))
        marker.still, marker.allergies = True, (("J01CA", "Pénicillines"),)
        free = [bed for bed in self._beds if bed != first]
        chosen = sorted(self.rng.sample(range(len(free)), order.patients - 1))
        before: Stay | None = None
        for place in chosen:
            person = self.births.person()
            twin = before is not None and before.bed.ward == free[place].ward
            if twin and before is not None and self.rng.random() < 0.06:
                person = self.births.homonym(before.person)
            since = self.start - timedelta(minutes=self.rng.randrange(300, 9 * 1440))
            before = self.admit(person, free[place], since)

    def admit(self, person: Person, bed: Bed, at: datetime, *, emergency: bool = False) -> Stay:
        """A new stay in a bed that was free."""
        self.take(bed)
        move = Movement(self.number("movement"), at, bed, "A01")
        visit = f"26{self.start:%j}{self.number('visit'):05d}"
        stay = Stay(visit, person, [move], emergency=emergency)
        self.stays.append(stay)
        return stay

    def free(self, near: Ward | None = None) -> Bed | None:
        """A free bed, of that ward when one is left there; None when the hospital is full."""
        beds = [bed for bed in self._beds if self.is_free(bed)]
        same = [bed for bed in beds if near is not None and bed.ward == near]
        return self.rng.choice(same or beds) if beds else None

    def any_bed(self) -> Bed:
        """A bed, free or not: where somebody may have been yesterday."""
        return self.rng.choice(self._beds)

    def is_free(self, bed: Bed) -> bool:
        """True when nobody is in it."""
        return (bed.ward.unit, bed.name) not in self._taken

    def take(self, bed: Bed) -> None:
        """Somebody is in it."""
        self._taken.add((bed.ward.unit, bed.name))

    def release(self, bed: Bed) -> None:
        """Nobody is in it any more."""
        self._taken.discard((bed.ward.unit, bed.name))

    def someone(self, now: datetime) -> Stay | None:
        """A stay that may move at ``now``: the marker never does."""
        ready = [s for s in self.stays if not s.still and now - s.last.at >= 6 * GAP]
        return self.rng.choice(ready) if ready else None

    def hour(self, stay: Stay, now: datetime) -> datetime:
        """When the next movement took place: after the last one, before ``now``, to the minute."""
        span = int((now - stay.last.at) / GAP)
        return stay.last.at + GAP * self.rng.randrange(1, max(2, span - 1))

    def place(self, bed: Bed) -> Place:
        """The bed as the census names it."""
        return self._writer.place(bed.ward.code, bed.ward.unit, bed.name)

    def written(self, bed: Bed) -> str:
        """The bed as PV1-3."""
        return self._writer.location(bed.ward.unit, bed.name, bed.ward.site)
