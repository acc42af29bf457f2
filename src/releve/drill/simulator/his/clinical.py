"""What is prescribed, measured and written at the bedside: catalogues invented for the drill.

Codes look like the field's own (LOINC, UCD, ATC) and carry no advice: a reader shows what it
received. Each function returns the segments after PID and PV1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from releve.drill.simulator.his.writing import Writer, segment

_DRUGS = (
    ("9000001", "PARACETAMOL 1 g, comprimé", "1", "g", "CPR", "1 g toutes les 6 h si douleur"),
    ("9000002", "HÉPARINE SODIQUE 5 000 UI/mL", "20000", "UI", "SOL", "20 000 UI/24 h en continu"),
    ("9000003", "NaCl 0,9 % & KCl 2 g", "1000", "mL", "POCHE", "1 L/24 h | débit 42 mL/h"),
    ("9000004", "AMOXICILLINE 1 g", "1", "g", "INJ", "1 g x 3/j ~ 7 jours"),
    ("9000005", "INSULINE RAPIDE", "", "", "INJ", "selon protocole ^ glycémies"),
    ("9000006", "FUROSÉMIDE 40 mg", "40", "mg", "CPR", "matin à jeun"),
    (
        "9000007",
        "BISOPROLOL 2,5 mg",
        "2.5",
        "mg",
        "CPR",
        "1 comprimé jusqu'à nouvel avis",
    ),
    ("9000008", "ÉNOXAPARINE 4 000 UI", "4000", "UI", "INJ", "1 injection à 20 h"),
)
_EXAMS = (
    ("2823-3", "Potassium", "mmol/L", 28, 62, 10, "3.5-5.0"),
    ("2160-0", "Créatinine", "µmol/L", 45, 380, 1, "59-104"),
    ("718-7", "Hémoglobine", "g/dL", 65, 172, 10, "13.0-17.0"),
    ("1988-5", "CRP", "mg/L", 1, 240, 1, "<5"),
    ("777-3", "Plaquettes", "G/L", 40, 520, 1, "150-400"),
    ("2345-7", "Glucose", "mmol/L", 28, 190, 10, "4.1-5.9"),
)
_ALLERGIES = (
    ("J01CA", "Pénicillines"),
    ("M01A", "AINS & aspirine"),
    ("V08", "Produits de contraste iodés"),
    ("L90", "Latex"),
    ("J01E", "Sulfamides (éruption > 24 h)"),
)
_NOTES = (
    "Patient vu à l'entrée, constantes stables.\nÀ jeun à partir de minuit.",
    "Avis spécialisé demandé : réponse attendue.\nSurveillance des apports & diurèse.",
    "Plaie propre, pansement refait.\nProchaine réfection : demain matin.",
    "Douleur 2/10.\nMobilisation au fauteuil, aide d'une personne.",
)


@dataclass(frozen=True)
class Prescription:
    """An order in course; ``drug`` is its rank in the catalogue."""

    number: str
    drug: int
    since: datetime


@dataclass(frozen=True)
class Exam:
    """A laboratory request: the values first drawn, each in the catalogue's units."""

    number: str
    asked: datetime
    values: tuple[tuple[int, str], ...]


def draw_allergies(rng: Random) -> tuple[tuple[str, str], ...] | None:
    """Some, none affirmed (empty), or nothing said (None)."""
    said = rng.random()
    if said < 0.35:
        return ()
    if said < 0.65:
        return tuple(rng.sample(_ALLERGIES, rng.choice((1, 1, 2))))
    return None


def draw_prescription(rng: Random, number: str, since: datetime) -> Prescription:
    """One line of treatment."""
    return Prescription(number, rng.randrange(len(_DRUGS)), since)


def draw_exam(rng: Random, number: str, asked: datetime) -> Exam:
    """Two to four analyses."""
    ranks = rng.sample(range(len(_EXAMS)), rng.randrange(2, 5))
    return Exam(number, asked, tuple((rank, _value(rng, rank)) for rank in sorted(ranks)))


def correct(rng: Random, exam: Exam) -> Exam:
    """The same request with its first value measured again."""
    rank = exam.values[0][0]
    return Exam(exam.number, exam.asked, ((rank, _value(rng, rank)), *exam.values[1:]))


def prescribed(writer: Writer, order: Prescription, control: str, at: datetime) -> list[str]:
    """ORC, then RXE or RXO by habit, then RXR; ``control`` is ORC-1 (NW new, DC stopped)."""
    code, name, amount, unit, form, words = _DRUGS[order.drug]
    given = f"{code}^{writer.escape(name)}^UCD"
    orc = segment(
        "ORC",
        {
            1: control,
            2: f"{order.number}^{writer.habits.record_system}",
            5: "DC" if control == "DC" else "IP",
            7: f"^^^{writer.moment(order.since)}",
            9: writer.moment(at),
        },
    )
    if writer.habits.prescription == "RDE":
        fields = {1: f"^^^{writer.moment(order.since)}", 2: given, 3: amount or "0", 5: unit}
        rx = segment("RXE", {**fields, 6: form, 7: f"^{writer.escape(words)}"})
    else:
        fields = {1: given, 2: amount, 4: unit, 5: form}
        rx = segment("RXO", {**fields, 7: f"^{writer.escape(words)}"})
    return [orc, rx, segment("RXR", {1: "PO^Orale" if form == "CPR" else "IV^Intraveineuse"})]


def measured(writer: Writer, exam: Exam, status: str, at: datetime) -> list[str]:
    """ORC, OBR and an OBX per analysis; ``status`` is OBX-11: P, F or C."""
    filler = f"{exam.number}^{writer.habits.laboratory}"
    obr = segment(
        "OBR",
        {
            1: "1",
            2: f"{exam.number}^{writer.habits.record_system}",
            3: filler,
            4: "BIO^Bilan biologique^L",
            7: writer.moment(exam.asked),
            22: writer.moment(at),
            25: status,
        },
    )
    results = [_result(writer, rank, one, status, exam) for rank, one in enumerate(exam.values, 1)]
    return [segment("ORC", {1: "RE", 2: filler, 3: filler}), obr, *results]


def written(writer: Writer, rng: Random, number: str, at: datetime) -> list[str]:
    """A note of the ward: TXA and its text."""
    txa = segment(
        "TXA",
        {
            1: "1",
            2: "34745-0^Note de suivi^LN",
            3: "TX",
            4: writer.moment(at),
            12: f"{number}^{writer.habits.record_system}",
            17: "AU",
            19: "AV",
        },
    )
    text = writer.escape(rng.choice(_NOTES))
    code = "34745-0^Note de suivi^LN"
    return [txa, segment("OBX", {1: "1", 2: "TX", 3: code, 5: text, 11: "F"})]


def planned(writer: Writer, number: str, at: datetime) -> Sequence[str]:
    """An appointment (SIU): well formed, and of no view of a ward."""
    moment = writer.moment(at)
    sch = segment("SCH", {1: f"{number}^RDV", 7: "SUIVI^Consultation", 11: f"^^^{moment}"})
    return [sch, "RGS|1|A", segment("AIL", {1: "1", 2: "A", 3: "CONSULT", 6: moment})]


def _result(writer: Writer, rank: int, one: tuple[int, str], status: str, exam: Exam) -> str:
    exam_rank, value = one
    code, name, unit, _, _, _, usual = _EXAMS[exam_rank]
    return segment(
        "OBX",
        {
            1: str(rank),
            2: "NM",
            3: f"{code}^{writer.escape(name)}^LN",
            5: value,
            6: f"{unit}^{unit}^UCUM",
            7: writer.escape(usual),
            11: status,
            14: writer.moment(exam.asked),
        },
    )


def _value(rng: Random, rank: int) -> str:
    _, _, _, low, high, scale, _ = _EXAMS[rank]
    value = rng.randrange(low, high)
    return f"{value / scale:.1f}" if scale > 1 else str(value)
