"""A ward day: what happens between four walls, drawn from a deck that holds each kind of event.

Messages come out of order, twice, cancelled, corrected, merged and unmerged, as in life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from releve.drill.simulator.his import clinical
from releve.drill.simulator.his.hospital import GAP, Bed, Hospital, Movement, Stay
from releve.drill.simulator.his.telling import Message, Teller

_Event = Callable[[], Iterator[Message]]


class WardDay:
    """The events of one hospital; each moves it and says what it did."""

    def __init__(self, hospital: Hospital, teller: Teller, rng: Random) -> None:
        self._hospital, self._teller, self._rng = hospital, teller, rng

    def messages(self) -> Iterator[Message]:
        """Without end; every kind of event comes in each deck, in another order."""
        deck = [event for event, times in self._deck() for _ in range(times)]
        while True:
            self._rng.shuffle(deck)
            for event in deck:
                yield from event()

    def prescribe_to(self, stay: Stay) -> Iterator[Message]:
        """A new treatment."""
        number = f"RX{self._hospital.number('order'):07d}"
        since = self._teller.now if not self._teller.loading else stay.admitted
        order = clinical.draw_prescription(self._rng, number, since)
        stay.orders.append(order)
        yield self._teller.prescribe(stay, order, "NW")

    def _deck(self) -> tuple[tuple[_Event, int], ...]:
        """How often each comes (assumed: results first, then treatments and movements)."""
        return (
            (self._result, 10),
            (self._followed_result, 7),
            (self._prescribe, 6),
            (self._stop, 3),
            (self._admit, 4),
            (self._transfer, 5),
            (self._discharge, 5),
            (self._cancel_admission, 1),
            (self._recalled, 1),
            (self._cancel_transfer, 1),
            (self._cancel_discharge, 1),
            (self._correct, 2),
            (self._crossed, 2),
            (self._historic, 2),
            (self._again, 4),
            (self._rename, 1),
            (self._allergy, 1),
            (self._merge, 2),
            (self._unmerge, 1),
            (self._note, 3),
            (self._appointment, 1),
        )

    # -- movements ----------------------------------------------------------------------------

    def _admit(self) -> Iterator[Message]:
        bed = self._hospital.free()
        if bed is None:
            yield from self._discharge()
            return
        stay = self._arrive(bed, provisional=self._rng.random() < 0.4)
        yield self._teller.identity("A28", stay.person, stay)
        yield self._teller.insert("A01", stay, stay.last)

    def _transfer(self) -> Iterator[Message]:
        stay = self._hospital.someone(self._teller.now)
        if stay is None:
            return
        bed = self._hospital.free(stay.bed.ward if self._rng.random() < 0.5 else None)
        if bed is None:
            return
        before = self._hospital.written(stay.bed)
        move = self._move(stay, bed)
        yield self._teller.insert("A02", stay, move, before=before)

    def _discharge(self) -> Iterator[Message]:
        stay = self._hospital.someone(self._teller.now)
        if stay is None:
            return
        self._hospital.release(stay.bed)
        self._hospital.stays.remove(stay)
        self._hospital.left.append(stay)
        move = self._add(stay, None, "A03")
        yield self._teller.insert("A03", stay, move)

    def _cancel_admission(self) -> Iterator[Message]:
        """A patient admitted by mistake."""
        bed = self._hospital.free()
        if bed is None:
            return
        stay = self._arrive(bed, provisional=False)
        yield self._teller.insert("A01", stay, stay.last)
        self._hospital.release(bed)
        self._hospital.stays.remove(stay)
        yield self._teller.cancel("A11", stay, stay.last)

    def _recalled(self) -> Iterator[Message]:
        """The same, and the cancel comes before what it cancels."""
        admission, cancel = tuple(self._cancel_admission()) or (None, None)
        if admission is not None and cancel is not None:
            yield cancel
            yield admission

    def _cancel_transfer(self) -> Iterator[Message]:
        """A transfer, then its cancel: back in the bed that was kept."""
        stay, bed = self._hospital.someone(self._teller.now), self._hospital.free()
        if stay is None or bed is None:
            return
        before, kept = self._hospital.written(stay.bed), stay.bed
        move = self._move(stay, bed)
        yield self._teller.insert("A02", stay, move, before=before)
        stay.movements.pop()
        self._hospital.release(bed)
        self._hospital.take(kept)
        yield self._teller.cancel("A12", stay, move)

    def _cancel_discharge(self) -> Iterator[Message]:
        """A patient said to have left, who did not."""
        back = [s for s in self._hospital.left if self._hospital.is_free(s.bed)]
        if not back:
            return
        stay = self._rng.choice(back)
        move = stay.movements.pop()
        self._hospital.left.remove(stay)
        self._hospital.stays.append(stay)
        self._hospital.take(stay.bed)
        yield self._teller.cancel("A13", stay, move)

    def _correct(self) -> Iterator[Message]:
        """Z99: the bed of the last movement was wrong."""
        stay = self._hospital.someone(self._teller.now)
        bed = self._hospital.free(stay.bed.ward) if stay else None
        if stay is None or bed is None:
            return
        self._hospital.release(stay.bed)
        self._hospital.take(bed)
        move = replace(stay.last, bed=bed, revision=stay.last.revision + 1)
        stay.movements[-1] = move
        yield self._teller.correct(stay, move)

    def _crossed(self) -> Iterator[Message]:
        """Two transfers of a patient; the second is told first, the first comes later."""
        stay = self._hospital.someone(self._teller.now)
        first = self._hospital.free()
        if stay is None or first is None:
            return
        written = self._hospital.written(stay.bed)
        middle = self._move(stay, first)
        second = self._hospital.free()
        if second is None or self._teller.now - middle.at < 3 * GAP:
            yield self._teller.insert("A02", stay, middle, before=written)
            return
        last = self._move(stay, second)
        yield self._teller.insert("A02", stay, last, before=self._hospital.written(first))
        yield from self._result()
        yield self._teller.insert("A02", stay, middle, before=written)

    def _historic(self) -> Iterator[Message]:
        """A movement of the past told late (ZBE-5 = Y): the present does not change."""
        wide = [
            stay
            for stay in self._hospital.stays
            if not stay.still
            and len(stay.movements) > 1
            and stay.movements[-1].at - stay.movements[-2].at > 3 * GAP
        ]
        if not wide:
            yield from self._transfer()
            return
        stay = self._rng.choice(wide)
        span = int((stay.movements[-1].at - stay.movements[-2].at) / GAP)
        at = stay.movements[-2].at + GAP * self._rng.randrange(1, span)
        number = self._hospital.number("movement")
        move = Movement(number, at, self._hospital.any_bed(), "A02")
        stay.movements.insert(-1, move)
        yield self._teller.insert("A02", stay, move, historic=True)

    def _again(self) -> Iterator[Message]:
        """The very bytes of a message already sent."""
        yield from self._teller.again(self._rng)

    def _rename(self) -> Iterator[Message]:
        """A31: the first name was mistyped."""
        stay = self._hospital.someone(self._teller.now)
        if stay is None or stay.merged_from is not None:
            return
        first, space, others = stay.person.first_names.partition(" ")
        names = f"{first.removesuffix('-Ange')}-Ange{space}{others}"
        stay.person = replace(stay.person, first_names=names, status="VALI")
        yield self._teller.identity("A31", stay.person, stay)

    def _allergy(self) -> Iterator[Message]:
        """A08: what is known of allergies changed."""
        stay = self._hospital.someone(self._teller.now)
        if stay is not None:
            stay.allergies = clinical.draw_allergies(self._rng) or ()
            yield self._teller.update(stay)

    def _merge(self) -> Iterator[Message]:
        """A40: the unknown of the night is somebody the hospital knew."""
        unknown = [
            stay
            for stay in self._hospital.stays
            if stay.person.status == "PROV" and stay.merged_from is None and not stay.still
        ]
        if not unknown or not self._hospital.former:
            return
        stay = self._rng.choice(unknown)
        gone, kept = stay.person, self._hospital.former.pop()
        stay.person, stay.merged_from = kept, gone
        yield self._teller.join(stay, kept, gone)

    def _unmerge(self) -> Iterator[Message]:
        """A37: they were two persons after all."""
        merged = [
            stay
            for stay in self._hospital.stays
            if stay.merged_from is not None and len(stay.movements) == 1
        ]
        if not merged:
            return
        stay = self._rng.choice(merged)
        kept, gone = stay.person, stay.merged_from
        if gone is None:
            return
        stay.person, stay.merged_from = replace(gone, status="QUAL"), None
        yield self._teller.join(stay, kept, stay.person, parted=True)

    def _result(self) -> Iterator[Message]:
        stay = self._anyone()
        asked = self._teller.now - GAP * self._rng.randrange(20, 90)
        exam = clinical.draw_exam(self._rng, f"BIO{self._hospital.number('exam'):07d}", asked)
        status = self._rng.choice(("P", "F", "F"))
        if status == "P":
            stay.exams.append((exam, status))
        yield self._teller.measure(stay, exam, status)

    def _followed_result(self) -> Iterator[Message]:
        """A preliminary result becomes final; a final one is corrected."""
        waiting = [stay for stay in self._hospital.stays if stay.exams]
        if not waiting:
            yield from self._result()
            return
        stay = self._rng.choice(waiting)
        exam, status = stay.exams.pop(0)
        then = "F" if status == "P" else "C"
        exam = clinical.correct(self._rng, exam) if then == "C" else exam
        if then == "F" and self._rng.random() < 0.5:
            stay.exams.append((exam, then))
        yield self._teller.measure(stay, exam, then)

    def _prescribe(self) -> Iterator[Message]:
        yield from self.prescribe_to(self._anyone())

    def _stop(self) -> Iterator[Message]:
        """ORC-1 = DC."""
        treated = [stay for stay in self._hospital.stays if stay.orders and not stay.still]
        if treated:
            stay = self._rng.choice(treated)
            order = stay.orders.pop(self._rng.randrange(len(stay.orders)))
            yield self._teller.prescribe(stay, order, "DC")

    def _note(self) -> Iterator[Message]:
        yield self._teller.note(self._anyone())

    def _appointment(self) -> Iterator[Message]:
        yield self._teller.appoint(self._anyone())

    # -- drawing ------------------------------------------------------------------------------

    def _anyone(self) -> Stay:
        return self._rng.choice(self._hospital.stays)

    def _arrive(self, bed: Bed, *, provisional: bool) -> Stay:
        """Somebody admitted a little while ago."""
        at = self._teller.now.replace(second=0) - GAP * self._rng.randrange(20, 240)
        person = self._hospital.births.person(provisional=provisional)
        stay = self._hospital.admit(person, bed, at, emergency=provisional)
        stay.allergies = clinical.draw_allergies(self._rng)
        return stay

    def _move(self, stay: Stay, bed: Bed) -> Movement:
        self._hospital.release(stay.bed)
        self._hospital.take(bed)
        return self._add(stay, bed, "A02")

    def _add(self, stay: Stay, bed: Bed | None, origin: str) -> Movement:
        at = self._hospital.hour(stay, self._teller.now)
        move = Movement(self._hospital.number("movement"), at, bed, origin)
        stay.movements.append(move)
        return move
