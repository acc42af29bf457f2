"""Which messages have a view, and what each of them writes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

from releve.care.hl7 import Columns, Message, Segment
from releve.care.identity import (
    Link,
    Number,
    Version,
    listed_numbers,
    patient_number,
    person_id,
)
from releve.care.projection.allergies import read_allergies
from releve.care.projection.batch import Batch
from releve.care.projection.documents import read_documents
from releve.care.projection.facts import Reading, Said
from releve.care.projection.orders import has_drug, read_orders
from releve.care.projection.people import Identified, Patient, People, identified, one_pid
from releve.care.projection.places import (
    CANCELS,
    MOVEMENTS,
    OPENING,
    PENDING,
    UPDATE_ALONE,
)
from releve.care.projection.reading import cx, entity, hour, numbers
from releve.care.projection.results import read_results

#: ADT triggers that say who somebody is (ITI-30) or what they must not be given.
_IDENTITY = frozenset({"A28", "A31", "A60"})
_LINKS = frozenset({"A24", "A37", "A40", "A47"})
_ORDERS = frozenset({"RDE", "OMP", "ORM"})
_RESULTS = frozenset({"R01", "R30", "R31", "R32"})
_NO_NUMBER = "pas de numéro de patient lisible (PID-3)"
_CONTROL = re.compile(rb"\s*MSH\|(?:[^|\r\n]*\|){8}([^|\r\n]{1,199})")
_PID = re.compile(rb"(?:^|[\r\n])PID\|[^|\r\n]*\|[^|\r\n]*\|([^|\r\n]+)")


_MSH = Columns(3, (3, 2), 4, (4, 2), 7, 9, (9, 2), 10, 12)


class Head(NamedTuple):
    """What MSH says: sender as ``Message.sender``, MSH-7, MSH-9.1 and .2, MSH-10, MSH-12.1."""

    sender: str
    sent: str
    kind: str
    trigger: str
    control: str
    version: str


def read_head(message: Message) -> Head:
    """Everything needed of MSH, in one reading."""
    app, app_oid, place, place_oid, *rest = message.table("MSH", _MSH)[0]
    return Head(f"{app or app_oid}|{place or place_oid}", *rest)


class Envelope(NamedTuple):
    """A message with what the journal knows of it; hours as in ``schema``."""

    message: Message
    head: Head
    source: int
    received: int
    sender: int
    sender_name: str
    sent: int
    identified: Identified | None


class Outcome(NamedTuple):
    """What became of a message; ``patient`` for the page that must say what was not read."""

    projected: bool = False
    unprojected: bool = False
    problems: tuple[str, ...] = ()
    patient: int | None = None


def project(envelope: Envelope, batch: Batch, people: People) -> Outcome:
    """Write what the message says into ``batch`` and ``people``."""
    message, head = envelope.message, envelope.head
    kind, trigger = head.kind, head.trigger
    if not kind or not head.version.startswith("2"):
        return _unprojected(envelope, kind, trigger, batch)
    if kind == "ADT":
        if trigger in MOVEMENTS or trigger in _IDENTITY:
            return _adt(envelope, trigger, batch, people)
        if trigger in _LINKS:
            return _links(envelope, trigger, batch, people)
        return _unprojected(envelope, kind, trigger, batch)
    reader, section = _reader(kind, trigger)
    if reader is None:
        return _unprojected(envelope, kind, trigger, batch)
    said = Said(message, trigger, envelope.sent, envelope.sender_name)
    if reader is read_orders and not has_drug(said) and kind == "ORM":
        return _unprojected(envelope, kind, trigger, batch)
    return _facts(envelope, said, reader, section, batch, people)


def readable_number(raw: bytes) -> int | None:
    """The patient a message that cannot be read seems to be about: its PID-3, octet by octet."""
    found = _PID.search(raw)
    if found is None:
        return None
    given = []
    for repetition in found[1].decode("utf-8", "replace").split("~"):
        parts = repetition.split("^") + [""] * 5
        name, _, oid = parts[3].partition("&")
        given.append(Number(parts[4], oid.partition("&")[0] or name, parts[0].strip()))
    number = patient_number(given)
    return person_id(number.authority, number.number) if number else None


def said_control(raw: bytes) -> str:
    """The MSH-10 of a message that cannot be read, when it begins with a usual MSH; else empty."""
    found = _CONTROL.match(raw)
    return found[1].decode("utf-8", "replace") if found else ""


def _reader(kind: str, trigger: str) -> tuple[Callable[[Said], Reading] | None, str]:
    if kind == "ORU" and trigger in _RESULTS:
        return read_results, "results"
    if kind in _ORDERS:
        return read_orders, "treatments"
    if kind == "MDM":
        return read_documents, "documents"
    return None, ""


def _unprojected(envelope: Envelope, kind: str, trigger: str, batch: Batch) -> Outcome:
    name = f"{kind}^{trigger}" if trigger else kind
    tally = batch.unprojected.setdefault((name, envelope.head.version), [0, 0])
    tally[0] += 1
    tally[1] = envelope.source
    return Outcome(unprojected=True)


class _Who(NamedTuple):
    patient: Patient
    visit: str


def _who(envelope: Envelope, found: Identified | None, people: People, rank: int) -> _Who | None:
    """The patient of a PID, whose traits are taken; None when it gives no number."""
    if found is None or found.number is None:
        return None
    if found.listed:
        people.listed(found.listed, envelope.sent, envelope.source)
    patient = people.patient(found.person, found.number)
    if found.traits is not None:
        version = Version(rank, envelope.sent, envelope.source, found.traits)
        people.describe(patient, version)
    if found.stay:
        return _Who(patient, found.stay)
    pv1 = envelope.message.first("PV1")
    stay = cx(pv1, 19) if pv1 is not None else None
    return _Who(patient, f"{stay.authority}|{stay.number}" if stay else "")


def _facts(
    envelope: Envelope,
    said: Said,
    reader: Callable[[Said], Reading],
    section: str,
    batch: Batch,
    people: People,
) -> Outcome:
    who = _who(envelope, envelope.identified, people, 0)
    batch.hear(envelope.sender, section, envelope.received, envelope.source)
    if who is None:
        return Outcome(problems=(_NO_NUMBER,))
    reading = reader(said)
    at = (envelope.received, envelope.source)
    patient = who.patient.id
    batch.add_facts(reading.facts, patient, envelope.sender, who.visit, at)
    if reading.kept:
        batch.bundles.append(
            (envelope.source, patient, envelope.sender, who.visit, envelope.received, reading.kept)
        )
    problems = (*reading.problems, *_allergies(envelope, who, batch))
    return Outcome(bool(reading.facts or reading.kept), False, problems, patient)


def _allergies(envelope: Envelope, who: _Who, batch: Batch) -> list[str]:
    message = envelope.message
    if b"AL1" not in message.raw and b"IAM" not in message.raw:
        return []
    said = Said(message, envelope.head.trigger, envelope.sent, envelope.sender_name)
    reading = read_allergies(said)
    if not reading.facts and not reading.problems:
        return []
    at = (envelope.received, envelope.source)
    batch.add_facts(reading.facts, who.patient.id, envelope.sender, who.visit, at)
    batch.hear(envelope.sender, "allergies", *at)
    return reading.problems


def _adt(envelope: Envelope, trigger: str, batch: Batch, people: People) -> Outcome:
    who = _who(envelope, envelope.identified, people, 1)
    at = (envelope.received, envelope.source)
    batch.hear(envelope.sender, "identity", *at)
    if trigger in MOVEMENTS:
        batch.hear(envelope.sender, "movements", *at)
    if who is None:
        return Outcome(problems=(_NO_NUMBER,))
    problems: list[str] = []
    _presence(envelope, who, people)
    problems += _allergies(envelope, who, batch)
    if trigger in MOVEMENTS:
        problems += _movement(envelope, who, trigger, batch, people)
    return Outcome(True, False, tuple(problems), who.patient.id)


def _presence(envelope: Envelope, who: _Who, people: People) -> None:
    """PV1-16 (VIP), PV2-22 and PD1-12 (protection), as received."""
    texts: list[list[str]] = []
    for name, field in (("PV1", 16), ("PV2", 22), ("PD1", 12)):
        segment = envelope.message.first(name)
        if segment is not None and segment.field(field).present:
            texts.append(["confidentialité", segment.text(field), f"{name}-{field}"])
    if texts:
        people.guard(who.patient, envelope.sent, envelope.source, texts)


def _movement(
    envelope: Envelope, who: _Who, trigger: str, batch: Batch, people: People
) -> list[str]:
    message = envelope.message
    zbe, pv1 = message.first("ZBE"), message.first("PV1")
    patient = who.patient.id
    visit = who.visit or f"@{patient}"
    stamp = hour(message.text("EVN", 2)) or envelope.sent
    if trigger == "A44":
        return _account(envelope, who, batch, people)
    if zbe is not None and not zbe.text(1):
        return ["mouvement sans numéro (ZBE-1)"]
    if zbe is None and trigger == "A08" and (pv1 is None or not pv1.text(3)):
        return []
    action, event, date, ident = _act(message, zbe, trigger, stamp)
    if date is None:
        return ["date du mouvement illisible (ZBE-2)"]
    unit, room, bed = _spot(pv1, zbe)
    batch.movements.append(
        (
            visit, ident, int(action != "INSERT"), patient,
            stamp * 2 + (action == "CANCEL"), envelope.sent, envelope.source, action, event, date,
            pv1.text(2) if pv1 is not None else "", unit, room, bed,
        )
    )  # fmt: skip
    shown = who.visit.rpartition("|")[2]
    batch.visits[visit] = shown
    if shown:
        batch.visit_terms.add(("v", shown.upper(), patient))
    if not unit and event in OPENING and action == "INSERT":
        return [f"mouvement {trigger} sans unité (PV1-3, ZBE-7)"]
    return []


def _act(
    message: Message, zbe: Segment | None, trigger: str, stamp: int
) -> tuple[str, str, int | None, str]:
    """What a movement message does: action, event, date (ms, 0 = unsaid), number."""
    if zbe is None:
        date = hour(message.text("EVN", 6)) or stamp
        ident = UPDATE_ALONE if trigger == "A08" else f"~{trigger}@{date}"
        return ("UPDATE" if trigger == "A08" else "INSERT"), trigger, date, ident
    usual = "CANCEL" if trigger in CANCELS else "UPDATE" if trigger == "Z99" else "INSERT"
    action = zbe.text(4).upper()
    if action not in ("INSERT", "UPDATE", "CANCEL"):
        action = usual
    event = trigger if trigger in PENDING else zbe.text(6) or trigger
    if action != "CANCEL" and event in CANCELS:
        action = "CANCEL"
    written = zbe.text(2)
    stated = hour(written)
    if not written or (stated is None and action == "CANCEL"):
        stated = (hour(message.text("EVN", 6)) or stamp) if action == "INSERT" else 0
    ident = entity(zbe, 1, message.sender)
    return action, event, stated, ident


def _spot(pv1: Segment | None, zbe: Segment | None) -> tuple[str, str, str]:
    """Unit, room, bed of PV1-3; else the unit of ZBE-8 (nursing) or ZBE-7 (medical)."""
    if pv1 is not None and pv1.text(3):
        return pv1.text(3), pv1.text(3, 2), pv1.text(3, 3)
    unit = ""
    if zbe is not None:
        unit = zbe.text(8, 10) or zbe.text(8) or zbe.text(7, 10) or zbe.text(7)
    room, bed = (pv1.text(3, 2), pv1.text(3, 3)) if pv1 is not None else ("", "")
    return unit, room, bed


def _account(envelope: Envelope, who: _Who, batch: Batch, people: People) -> list[str]:
    """A44: the stay of MRG-3 (or PID-18), filed under MRG-1, is this patient's."""
    mrg = envelope.message.first("MRG")
    if mrg is None:
        return ["déplacement de dossier sans MRG"]
    was = patient_number(numbers(mrg, 1))
    stay = cx(mrg, 3)
    visit = f"{stay.authority}|{stay.number}" if stay else who.visit
    if was is None or not visit:
        return ["déplacement de dossier sans numéro de patient (MRG-1) ou de séjour (MRG-3)"]
    gone = _numbered(people, was).id
    batch.moved.append((visit, who.patient.id, gone, envelope.sent, envelope.source))
    batch.visits[visit] = visit.rpartition("|")[2]
    batch.visit_terms.add(("v", batch.visits[visit].upper(), who.patient.id))
    return []


def _numbered(people: People, number: Number) -> Patient:
    return people.patient(person_id(number.authority, number.number), number)


def _links(envelope: Envelope, trigger: str, batch: Batch, people: People) -> Outcome:
    """A40 merges MRG-1 into PID-3; A47 changes one; A24 joins two PID; A37 parts them."""
    at = (envelope.received, envelope.source)
    batch.hear(envelope.sender, "identity", *at)
    kept: list[_Who] = []
    gone: list[tuple[int, int]] = []
    #: Of each PID, all its numbers.
    every: list[tuple[int, ...]] = []
    problems: list[str] = []
    for segment in envelope.message.segments():
        if segment.name == "PID":
            found = identified(one_pid(segment))
            who = _who(envelope, found, people, 1)
            if who is None:
                problems.append(_NO_NUMBER)
            else:
                kept.append(who)
                every.append((who.patient.id, *(person_id(*n[1:]) for n in found.listed)))
        elif segment.name == "MRG" and trigger in ("A40", "A47") and kept:
            was = patient_number(given := numbers(segment, 1))
            people.listed(listed_numbers(given), envelope.sent, envelope.source)
            if was is not None:
                gone.append((_numbered(people, was).id, kept[-1].patient.id))
    if len(kept) > 1 and trigger == "A24":
        gone = [(every[1][0], every[0][0])]
    elif len(kept) > 1 and trigger == "A37":
        gone = list(itertools.product(every[1], every[0]))
    sent, index = envelope.sent, envelope.source
    for old, new in gone:
        people.link(Link(old, new, sent, index, trigger != "A37"))
    if not gone and trigger != "A47":
        problems.append("fusion ou lien sans second numéro (MRG-1, ou second PID)")
    return Outcome(bool(kept), False, tuple(problems), kept[0].patient.id if kept else None)
