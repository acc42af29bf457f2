r"""HL7 v2.5 as the record system of one editor writes it: segments, escapes, identifiers, dates.

Sources: HL7 2.5 §2.7 (escapes), §3 (ADT); IHE PAM France 2.11.2 (ZBE, ZFA, ZFD, ZFM, ZFV, Z99);
IHE France, constraints on data types 1.8.2 (INS and FINESS authorities). Dates without offset are
Europe/Paris.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from releve.drill.simulator.his.habits import Habits
from releve.drill.simulator.his.people import Person
from releve.drill.simulator.his.truth import Place
from releve.kernel.units import PARIS

#: INS-NIR of tests: the number travels, nobody takes it for a real one.
_INS_TEST = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO"
_MOVEMENTS = "MVT-VALBRUME^2.25.9900000100.4^ISO"
_STRUCTURES = {
    "A01": "ADT_A01", "A02": "ADT_A02", "A03": "ADT_A03", "A08": "ADT_A01", "A11": "ADT_A09",
    "A12": "ADT_A12", "A13": "ADT_A01", "A28": "ADT_A05", "A31": "ADT_A05", "A37": "ADT_A37",
    "A40": "ADT_A39", "Z99": "ADT_A01", "R01": "ORU_R01", "O11": "RDE_O11", "O09": "OMP_O09",
    "T02": "MDM_T02", "S12": "SIU_S12",
}  # fmt: skip
_ESCAPES = {
    "\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\",
}  # fmt: skip


class Writer:
    """Writes for one set of habits. ``legal_entity`` and sites are FINESS numbers."""

    def __init__(self, habits: Habits, legal_entity: str) -> None:
        self.habits = habits
        self._entity = legal_entity
        more = {"'": "\\X27\\"} if habits.hexadecimal else {}
        self._escapes = str.maketrans({**_ESCAPES, **more})

    def message(self, segments: Sequence[str]) -> bytes:
        """Segments joined by CR, in the charset of MSH-18."""
        return ("\r".join(segments) + "\r").encode(self.habits.codec)

    def escape(self, text: str) -> str:
        """Separators and line ends by their escape sequences."""
        return text.translate(self._escapes)

    def moment(self, when: datetime) -> str:
        """A TS as this editor writes it."""
        local = when.astimezone(PARIS)
        if self.habits.dates == "minute":
            return f"{local:%Y%m%d%H%M}"
        offset = f"{local:%z}" if self.habits.dates == "offset" else ""
        return f"{local:%Y%m%d%H%M%S}{offset}"

    def msh(self, application: str, kind: str, trigger: str, control_id: str, at: datetime) -> str:
        """MSH-3.4 say who sends, MSH-9 what, MSH-18 in which charset."""
        habits = self.habits
        return segment(
            "MSH",
            {
                2: "^~\\&",
                3: application,
                4: habits.facility,
                5: "RELEVE",
                6: "CONTINUITE",
                7: self.moment(at),
                9: f"{kind}^{trigger}^{_STRUCTURES[trigger]}",
                10: control_id,
                11: "P",
                12: habits.version,
                17: "FRA",
                18: habits.charset,
                19: "FR",
            },
        )

    def evn(self, trigger: str, recorded: datetime, occurred: datetime | None = None) -> str:
        """EVN-2 recorded, EVN-6 occurred."""
        fields = {2: self.moment(recorded), 6: self.moment(occurred) if occurred else ""}
        return segment("EVN", {1: trigger, **fields} if self.habits.old_fields else fields)

    def pid(self, person: Person, visit: str = "") -> str:
        """Identity; the INS is sent whatever its status, as record systems do."""
        fields = {
            3: f"{self.ipp(person.ipp)}~{person.ins}^^^{_INS_TEST}^INS",
            5: self._names(person),
            7: person.born + ("000000" if self.habits.birth_midnight else ""),
            8: person.sex,
            11: "1 rue de la Fiction^^VALBRUME^^99000^FRA^H",
            18: f"{visit}^^^{self._authority(self._entity)}^AN" if visit else "",
            32: person.status,
        }
        return segment("PID", {1: "1", **fields} if self.habits.old_fields else fields)

    def ipp(self, number: str) -> str:
        """A CX of the legal entity, type PI."""
        return f"{number}^^^{self._authority(self._entity)}^PI"

    def pv1(
        self,
        place: str,
        visit: str,
        admitted: datetime | None,
        *,
        before: str = "",
        left: datetime | None = None,
        patient_class: str = "I",
    ) -> str:
        """``place`` and ``before`` are written locations (:meth:`location`)."""
        return segment(
            "PV1",
            {
                1: "1",
                2: patient_class,
                3: place,
                6: before,
                19: f"{visit}^^^{self._authority(self._entity)}^VN" if visit else "",
                44: self.moment(admitted) if admitted else "",
                45: self.moment(left) if left else "",
            },
        )

    def location(self, unit: str, bed: str, site: str) -> str:
        """PL: unit, room, bed, site; building and floor for some editors."""
        place = self.place("", unit, bed)
        written = f"{self.escape(unit)}^{place.room}^{place.bed}^{site}&{site}&N"
        if self.habits.location == "building":
            return f"{written}^^N^BAT-A^{place.room[:1]}"
        return written

    def place(self, ward: str, unit: str, bed: str) -> Place:
        """Room and bed as PV1-3.2 and PV1-3.3 will show them."""
        room, _, letter = bed.rpartition("-")
        if not room:
            return Place(ward, unit, bed, bed)
        return Place(ward, unit, room, letter if self.habits.bed == "split" else bed)

    def zbe(
        self,
        movement: int,
        at: datetime,
        action: str,
        unit: tuple[str, str],
        *,
        historic: bool = False,
        origin: str = "",
        nature: str = "HMS",
    ) -> str:
        """The movement (PAM FR): ``unit`` is (code, site), ``origin`` the event that is cancelled
        or corrected.
        """
        code, site = unit
        name = f"Unité {code}^^^^^{self._authority(site)}^UF^^^{code}"
        return segment(
            "ZBE",
            {
                1: f"{movement}^{_MOVEMENTS}",
                2: self.moment(at),
                4: action,
                5: "Y" if historic else "N",
                6: origin,
                7: name,
                8: name,
                9: nature,
            },
        )

    def french(self, at: datetime, *, admission: bool, emergency: bool) -> list[str]:
        """The Z segments some editors add to a movement."""
        added = []
        if self.habits.zfa:
            added.append("ZFA|ACTIF|||N||N|N")
        if admission:
            if not emergency:
                added.append(f"ZFV|990000036^{at.astimezone(PARIS):%Y%m%d}")
            added.append("ZFM|8||5" if emergency else "ZFM|8")
        if self.habits.zfd:
            added.append("ZFD|||N|N|INSI")
        return added

    def allergies(self, known: Sequence[tuple[str, str]] | None) -> list[str]:
        """AL1 of each (code, text); an empty list affirms that there is none; None says nothing."""
        if known is None:
            return []
        if not known:
            return [segment("AL1", {1: "1", 2: "DA", 3: self.habits.no_allergy})]
        return [
            segment("AL1", {1: str(rank), 2: "DA", 3: f"{code}^{self.escape(text)}^ATC", 4: "SV"})
            for rank, (code, text) in enumerate(known, 1)
        ]

    def mrg(self, gone: Person) -> str:
        """The number that disappears in a merge."""
        return segment("MRG", {1: self.ipp(gone.ipp)})

    def _names(self, person: Person) -> str:
        first, _, others = person.first_names.partition(" ")
        given = f"{self.escape(first)}^{self.escape(others)}^^^^"
        birth = f"{self.escape(person.birth_family)}^{given}L"
        if person.family == person.birth_family:
            return birth
        return f"{birth}~{self.escape(person.family)}^{given}D"

    def _authority(self, finess: str) -> str:
        return f"{finess}&{finess}&N"


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Fields by their HL7 number; MSH-1 is the separator itself."""
    first = 2 if name == "MSH" else 1
    return "|".join([name, *(fields.get(number, "") for number in range(first, max(fields) + 1))])
