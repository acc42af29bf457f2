"""One event of the hospital as one message: which segments, in which order (PAM FR, HL7 2.5)."""

from __future__ import annotations

from datetime import datetime

from releve.drill.simulator.his import clinical
from releve.drill.simulator.his.clinical import Exam, Prescription
from releve.drill.simulator.his.hospital import Hospital, Movement, Stay
from releve.drill.simulator.his.people import Person
from releve.drill.simulator.his.writing import Writer

#: An event ready to be sent: message type, trigger, segments after MSH.
Notice = tuple[str, str, list[str]]


class Notices:
    """Writes the events of one hospital; changes nothing in it."""

    def __init__(self, hospital: Hospital, writer: Writer) -> None:
        self._hospital, self._writer = hospital, writer

    def identity(self, trigger: str, person: Person, stay: Stay | None, at: datetime) -> Notice:
        """A28 or A31: an identity, with what is known of allergies when there is a stay."""
        w = self._writer
        allergies = w.allergies(stay.allergies) if stay else []
        zfd = ["ZFD|||N|N|INSI"] if w.habits.zfd else []
        return (
            "ADT",
            trigger,
            [w.evn(trigger, at), w.pid(person), "PV1||N", *allergies, *zfd],
        )

    def moved(
        self,
        trigger: str,
        stay: Stay,
        move: Movement,
        at: datetime,
        *,
        action: str = "INSERT",
        historic: bool = False,
        before: str = "",
    ) -> Notice:
        """A movement: A01, A02, A03, their cancels A11, A12, A13, or their correction Z99.

        PV1-3 is where the patient is once this is taken into account, or was in ``move`` itself.
        """
        w, hospital = self._writer, self._hospital
        bed = move.bed if move.bed is not None and trigger != "A12" else stay.bed
        unit = (bed.ward.unit, bed.ward.site)
        left = move.at if trigger == "A03" else None
        segments = [
            w.evn(trigger, at, move.at),
            w.pid(stay.person, stay.visit),
            w.pv1(
                hospital.written(bed),
                stay.visit,
                stay.admitted,
                before=before,
                left=left,
                patient_class="E" if stay.emergency else "I",
            ),
            *(w.allergies(stay.allergies) if trigger == "A01" else []),
            w.zbe(
                move.number,
                move.at,
                action,
                unit,
                historic=historic,
                origin="" if action == "INSERT" else move.origin,
                nature="S" if trigger in ("A03", "A13") else "HMS",
            ),
            *w.french(move.at, admission=trigger == "A01", emergency=stay.emergency),
        ]
        return "ADT", trigger, segments

    def updated(self, stay: Stay, at: datetime) -> Notice:
        """A08: what is known of the patient, and by habit the movement they are in."""
        w, move, unit = self._writer, stay.last, stay.bed.ward
        segments = [
            w.evn("A08", at),
            w.pid(stay.person, stay.visit),
            w.pv1(self._hospital.written(stay.bed), stay.visit, stay.admitted),
            *w.allergies(stay.allergies),
        ]
        if w.habits.zbe_on_update:
            where = (unit.unit, unit.site)
            segments.append(w.zbe(move.number, move.at, "UPDATE", where, origin=move.origin))
        return "ADT", "A08", segments

    def joined(self, trigger: str, kept: Person, gone: Person, at: datetime) -> Notice:
        """A40: ``gone`` becomes ``kept``; A37: they are two persons again."""
        w = self._writer
        other = w.mrg(gone) if trigger == "A40" else w.pid(gone)
        return "ADT", trigger, [w.evn(trigger, at), w.pid(kept), other]

    def prescribed(self, stay: Stay, order: Prescription, control: str, at: datetime) -> Notice:
        """A treatment: NW new, DC stopped."""
        rde = self._writer.habits.prescription == "RDE"
        rest = clinical.prescribed(self._writer, order, control, at)
        return ("RDE", "O11", self._of(stay, rest)) if rde else ("OMP", "O09", self._of(stay, rest))

    def measured(self, stay: Stay, exam: Exam, status: str, at: datetime) -> Notice:
        """Results of one request."""
        rest = clinical.measured(self._writer, exam, status, at)
        return "ORU", "R01", self._of(stay, rest)

    def note(self, stay: Stay, at: datetime) -> Notice:
        """A document of the ward."""
        number = f"DOC{self._hospital.number('note'):06d}"
        rest = clinical.written(self._writer, self._hospital.rng, number, at)
        return "MDM", "T02", [self._writer.evn("T02", at), *self._of(stay, rest)]

    def appointment(self, stay: Stay, at: datetime) -> Notice:
        """A message of a kind that no ward page shows."""
        number = f"RDV{self._hospital.number('rdv'):06d}"
        first, *rest = clinical.planned(self._writer, number, at)
        return "SIU", "S12", [first, *self._of(stay, rest)]

    def _of(self, stay: Stay, rest: list[str]) -> list[str]:
        w = self._writer
        place = self._hospital.written(stay.bed)
        return [w.pid(stay.person, stay.visit), w.pv1(place, stay.visit, stay.admitted), *rest]
