"""What happens to the patients of one seed: a first load, then a ward day that does not end.

The story is a sequence of messages, the same for the same :class:`Order` on every machine.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from datetime import datetime
from random import Random

from releve.drill.simulator.his import clinical
from releve.drill.simulator.his.habits import habits_of
from releve.drill.simulator.his.hospital import Hospital, Stay
from releve.drill.simulator.his.order import Order
from releve.drill.simulator.his.telling import Message, Teller
from releve.drill.simulator.his.truth import Resident
from releve.drill.simulator.his.ward_day import WardDay
from releve.drill.simulator.his.writing import Writer


class Story:
    """Draws an order's story. ``marker`` lies in a bed from the load on and never moves."""

    def __init__(self, order: Order) -> None:
        self.habits = habits_of(order.seed, order.habits)
        self._rng = Random(f"{order.seed}/his/story")  # noqa: S311 (a story, nothing secret)
        writer = Writer(self.habits, order.legal_entity)
        start = datetime.fromisoformat(order.start).replace(microsecond=0)
        self._hospital = Hospital(order, writer, self._rng, start)
        self._hospital.settle(order)
        self._teller = Teller(order, self.habits, self._hospital, writer)
        self._day = WardDay(self._hospital, self._teller, self._rng)
        self.marker = self._resident(self._hospital.stays[0])

    def messages(self) -> Iterator[Message]:
        """The load, then the day; to be called once."""
        yield from self._load()
        self._teller.loading = False
        yield from self._day.messages()

    def _load(self) -> Iterator[Message]:
        for person in self._hospital.former:
            yield self._teller.identity("A28", person)
        for stay in list(self._hospital.stays):
            if not stay.still:
                stay.allergies = clinical.draw_allergies(self._rng)
            yield self._teller.identity("A28", stay.person, stay)
            yield self._teller.insert("A01", stay, stay.last)
            yield from self._file(stay)

    def _file(self, stay: Stay) -> Iterator[Message]:
        """Treatments (some never come), results, a note."""
        if stay.still or self._rng.random() < 0.85:
            for _ in range(self._rng.randrange(1, 4)):
                yield from self._day.prescribe_to(stay)
        if stay.still or self._rng.random() < 0.5:
            number = f"BIO{self._hospital.number('exam'):07d}"
            exam = clinical.draw_exam(self._rng, number, stay.admitted)
            yield self._teller.measure(stay, exam, "F")
        if stay.still or self._rng.random() < 0.3:
            yield self._teller.note(stay)

    def _resident(self, stay: Stay) -> Resident:
        person, place = stay.person, self._hospital.place(stay.bed)
        return Resident(
            ipp=person.ipp,
            name=person.family,
            first_names=person.first_names,
            born=person.born,
            ward=place.ward,
            unit=place.unit,
            room=place.room,
            bed=place.bed,
        )


def story_sha256(order: Order, messages: int) -> str:
    """SHA-256 over the first ``messages`` of the story, each framed by its length."""
    digest = hashlib.sha256()
    for message in itertools.islice(Story(order).messages(), messages):
        digest.update(len(message.data).to_bytes(4, "big") + message.data)
    return digest.hexdigest()
