"""Patient numbers, their traits and their links, while a batch is being projected.

What is known of a number is read from the base when first needed, changed in memory, and written
once at the end of the batch: the result depends on the records, not on how they were batched.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

from releve.care.hl7 import Columns, Message, Segment
from releve.care.identity import (
    Link,
    Number,
    Traits,
    Version,
    add_version,
    current,
    fold,
    listed_numbers,
    patient_number,
    person_id,
)
from releve.care.projection.excerpt import alone, is_usual
from releve.care.projection.links import Links
from releve.care.projection.reading import cx, numbers

#: PID-5 type D: the name in use; L: the name at birth (IHE PAM FR, data types 1.8.2, XPN-7).
_IN_USE, _AT_BIRTH = "D", "L"
_KEPT_IN_MEMORY = 50_000


@dataclass(slots=True)
class Patient:
    """One number. ``shown``: the seven traits as shown, then the message they come from."""

    id: int
    authority: str
    ipp: str
    person: int
    versions: list[Version] = field(default_factory=list)
    shown: tuple[str, ...] = ("",) * 7
    source: int = 0
    #: Hour and message of the latest word on confidentiality, and the texts.
    presence: tuple[int, int, list[list[str]]] = (-1, -1, [])
    discreet: bool = False

    @property
    def folded(self) -> str:
        """« NAME FIRST NAMES » as it is searched."""
        return fold(f"{self.shown[0]} {self.shown[2]}")

    def terms(self) -> set[tuple[str, str, int]]:
        """What this number is found by, besides its visits."""
        name, birth_name, first_names, born, _, ins, _ = self.shown
        found = {("i", self.ipp.upper(), self.id)}
        found |= {("n", fold(f"{n} {first_names}"), self.id) for n in (name, birth_name) if n}
        if born:
            found.add(("d", born[:8], self.id))
        if ins:
            found.add(("s", ins, self.id))
        return found


class People:
    """The numbers met in a batch."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._known: dict[int, Patient] = {}
        self._dirty: dict[int, Patient] = {}
        self._terms: dict[int, set[tuple[str, str, int]]] = {}
        self._links = Links(base)
        bare = "SELECT 1 FROM patient WHERE authority = '' LIMIT 1"
        #: Whether some number came without its authority.
        self._bare = base.execute(bare).fetchone() is not None
        #: Numbers asked for and not in the base.
        self._absent: set[int] = set()

    def prefetch(self, wanted: Iterable[int]) -> None:
        """Read these numbers from the base, those that are there, at once."""
        missing = [number for number in wanted if number not in self._known]
        for start in range(0, len(missing), 500):
            some = missing[start : start + 500]
            query = f"{_PATIENT} IN ({','.join('?' * len(some))})"
            for row in self._base.execute(query, some):
                self._remember(row)
        self._absent = set(missing) - self._known.keys()

    def patient(self, person: int, number: Number) -> Patient:
        """What is known of that number, whose id is ``person``: from now on at least that it is."""
        known = self._known.get(person)
        if known is None and person not in self._absent:
            known = self._load(person)
        if known is None:
            known = Patient(person, number.authority, number.number, person)
            self._known[person] = known
            self._bare = self._bare or not number.authority
            self._change(known, set())
        return known

    def describe(self, patient: Patient, version: Version) -> None:
        """Take what a message says of a patient's traits."""
        versions = patient.versions
        if len(versions) == 1 and versions[0][::3] == version[::3]:  # same rank, same traits
            if version[:3] > versions[0][:3]:
                versions[0] = version
                patient.source = version.source
                self._dirty[patient.id] = patient
            return
        before = patient.terms()
        add_version(versions, version)
        patient.shown, patient.source = current(versions)
        self._change(patient, before)

    def guard(self, patient: Patient, sent: int, source: int, texts: list[list[str]]) -> None:
        """Take what a message says of confidentiality (texts: label, text, field)."""
        if (sent, source) > patient.presence[:2]:
            patient.presence = (sent, source, texts)
            patient.discreet = any(text.upper() not in _OPEN for _, text, _ in texts)
            self._dirty[patient.id] = patient

    def link(self, link: Link) -> None:
        """Join two numbers, or part them; the latest word on a pair stands."""
        self._links.said(link)

    def listed(self, numbers: Sequence[Number], sent: int, source: int) -> None:
        """Take that one PID-3 lists these numbers, before any of them is asked for."""
        ids = [person_id(number.authority, number.number) for number in numbers]
        new = [one for one in ids if one not in self._known and self._load(one) is None]
        for one, number in zip(ids, numbers, strict=True):
            self.patient(one, number)
        first_known = [one for one in ids if one not in new] + new
        for kept, gone in combinations(first_known, 2):
            self._links.said(Link(gone, kept, sent, source, listed=True))

    def flush(self) -> set[int]:
        """Write what changed; returns the numbers known before whose name may be another."""
        renamed = self._write_terms()
        self._base.executemany(
            "INSERT INTO patient VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
            " traits = excluded.traits, source = excluded.source, versions = excluded.versions,"
            " presence = excluded.presence, discreet = excluded.discreet",
            [_row(patient) for patient in self._dirty.values()],
        )
        self._dirty.clear()
        self._write_links()
        if len(self._known) > _KEPT_IN_MEMORY:
            self._known.clear()
        return renamed

    def name_of(self, person: int) -> str:
        """The folded name of a number."""
        known = self._known.get(person) or self._load(person)
        return known.folded if known else ""

    def _change(self, patient: Patient, before: set[tuple[str, str, int]]) -> None:
        self._dirty[patient.id] = patient
        self._terms.setdefault(patient.id, before)

    def _write_terms(self) -> set[int]:
        renamed: set[int] = set()
        old: list[tuple[str, str, int]] = []
        new: list[tuple[str, str, int]] = []
        for person, before in self._terms.items():
            after = self._dirty[person].terms()
            if after != before:
                old += before - after
                new += after - before
                if before:
                    renamed.add(person)
                if self._bare:
                    self._links.look_again(person)
        erase = "DELETE FROM term WHERE kind = ? AND text = ? AND patient = ?"
        self._base.executemany(erase, old)
        self._base.executemany("INSERT OR IGNORE INTO term VALUES (?,?,?)", new)
        self._terms.clear()
        return renamed

    def _write_links(self) -> None:
        for number, person in sorted(self._links.write(self._alike).items()):
            self._base.execute("UPDATE patient SET person = ? WHERE id = ?", (person, number))
            if number in self._known:
                self._known[number].person = person

    def _alike(self, number: int) -> tuple[set[int], list[Link]]:
        """The numbers of the same value as this one when one has no authority, and the link when
        it is the same number: one other has that value, with the same birth date and a same name.
        """
        known = self._known.get(number) or (self._load(number) if self._bare else None)
        if known is None or not self._bare:
            return set(), []
        query = "SELECT patient FROM term WHERE kind = 'i' AND text = ? ORDER BY patient"
        found = [one for (one,) in self._base.execute(query, (known.ipp.upper(),))]
        same = [p for one in found if (p := self._known.get(one) or self._load(one))]
        bare = [p for p in same if not p.authority]
        if not bare:
            return set(), []
        links = []
        if len(same) == 2 and len(bare) == 1:
            whole = next(p for p in same if p.authority)
            traits = [{(k, text) for k, text, _ in p.terms() if k in "nd"} for p in (*bare, whole)]
            if {kind for kind, _ in traits[0] & traits[1]} == {"n", "d"}:
                links.append(Link(bare[0].id, whole.id, -1, 2**62, listed=True))
        return set(found), links

    def _load(self, person: int) -> Patient | None:
        row = self._base.execute(f"{_PATIENT} = ?", (person,)).fetchone()
        return None if row is None else self._remember(row)

    def _remember(self, row: tuple[Any, ...]) -> Patient:
        person, authority, ipp, shown_as, versions, presence, discreet = row
        known = [Version(r, s, i, Traits(*t)) for r, s, i, t in json.loads(versions)]
        sent, source, texts = json.loads(presence)
        patient = Patient(person, authority, ipp, shown_as, known, discreet=bool(discreet))
        patient.presence = (sent, source, texts)
        patient.shown, patient.source = current(known)
        self._known[person] = patient
        return patient


#: What PV1-16, PV2-22 and PD1-12 say of somebody whose presence is no secret.
_OPEN = frozenset({"", "N", "NON", "0"})

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_UNGUARDED = "[-1,-1,[]]"


def _row(patient: Patient) -> tuple[object, ...]:
    write = _encode
    return (
        patient.id,
        patient.authority,
        patient.ipp,
        patient.person,
        write(patient.shown),
        patient.source,
        write(patient.versions),
        _UNGUARDED if patient.presence[1] < 0 else write(patient.presence),
        int(patient.discreet),
    )


_PATIENT = "SELECT id, authority, ipp, person, versions, presence, discreet FROM patient WHERE id"


class Pid(NamedTuple):
    """What is read of a PID: every number, PID-5 as (family, given, type), and single texts;
    ``nulls``: the fields it asks to erase.
    """

    numbers: list[Number]
    names: Sequence[tuple[str, ...]]
    born: str
    sex: str
    identity_status: str
    account: Number | None
    nulls: frozenset[int]


class Identified(NamedTuple):
    """Whom a PID is about: the number it counts under, if any, and its id; what is said of them,
    None when nothing; the stay of PID-18, empty when not given.
    """

    number: Number | None
    person: int
    traits: Traits | None
    stay: str
    #: The numbers that PID-3 lists as this person's, at least two, else none.
    listed: tuple[Number, ...]


_CX = Columns(1, (4, 1), (4, 2), 5)
_XPN = Columns(1, 2, 7)
_SINGLE = Columns(7, 8, 18, (18, 4, 1), (18, 4, 2), 32)
_NO_NULLS: frozenset[int] = frozenset()
_SILENT = Traits()


def first_identified(message: Message) -> Identified | None:
    """Whom the first PID of a message is about; None without PID.

    The messages of a stay repeat their PID to the letter: it is read once.
    """
    raw = message.raw
    start = raw.find(b"\rPID|") + 1
    end = raw.find(b"\r", start)
    line = raw[start : end if end > 0 else len(raw)] if start else b""
    # What an octet escape stands for depends on MSH-18.
    if not line or b"\\X" in line or not is_usual(message):
        pid = _first_pid(message)
        return identified(pid) if pid is not None else None
    return _identified_once(line, message.charset)


@lru_cache(maxsize=16_384)
def _identified_once(line: bytes, codec: str) -> Identified:
    pid = _first_pid(alone(line, codec))
    assert pid is not None  # noqa: S101 - the line begins with its name
    return identified(pid)


def identified(pid: Pid) -> Identified:
    """Whom a PID is about."""
    number = patient_number(pid.numbers)
    traits = traits_of(pid)
    return Identified(
        number,
        person_id(number.authority, number.number) if number is not None else 0,
        None if traits == _SILENT else traits,
        f"{pid.account.authority}|{pid.account.number}" if pid.account is not None else "",
        listed_numbers(pid.numbers),
    )


def _first_pid(message: Message) -> Pid | None:
    single = message.table("PID", _SINGLE)
    if not single:
        return None
    born, sex, account, name, oid, status = single[0]
    numbers = [
        Number(kind.strip(), (by_oid or by_name).strip(), number.strip())
        for number, by_name, by_oid, kind in message.repeats("PID", 3, _CX)
        if number.strip()
    ]
    stay = Number("", (oid or name).strip(), account.strip()) if account.strip() else None
    nulls = _NO_NULLS
    if b'""' in message.raw:
        pid = message.first("PID")
        nulls = frozenset(n for n in _ERASABLE if pid is not None and pid.field(n).null)
    return Pid(numbers, message.repeats("PID", 5, _XPN), born, sex, status, stay, nulls)


def one_pid(pid: Segment) -> Pid:
    """Any PID, of a message that has several."""
    names = [
        (pid.text(5, 1, 1, n), pid.text(5, 2, 1, n), pid.text(5, 7, 1, n))
        for n in range(1, len(pid.field(5).repetitions) + 1)
        if pid.field(5).present
    ]
    nulls = frozenset(n for n in _ERASABLE if pid.field(n).null)
    return Pid(numbers(pid, 3), names, pid.text(7), pid.text(8), pid.text(32), cx(pid, 18), nulls)


_ERASABLE = (5, 7, 8, 32)


def traits_of(pid: Pid) -> Traits:
    """What a PID says. The INS counts only with PID-32 = VALI in the same message, and whatever
    else PID-32 says takes back a known one (IHE PAM FR, data types 1.8.2).
    """
    name = birth_name = first_names = None
    if pid.names:
        name, birth_name, first_names = _names(pid.names)
    born = pid.born or ("" if 7 in pid.nulls else None)
    sex = pid.sex or ("" if 8 in pid.nulls else None)
    status = pid.identity_status or ("" if 32 in pid.nulls else None)
    ins: str | None = None
    if status == "VALI":
        ins = next((number.number for number in pid.numbers if number.is_ins), None)
    elif status is not None:
        ins = ""
    return Traits(name, birth_name, first_names, born, sex, ins, status)


def _names(names: Sequence[tuple[str, ...]]) -> tuple[str, str, str]:
    """Name to call by, name at birth when it is another, first names."""
    by_kind: dict[str, tuple[str, ...]] = {}
    for each in names:
        kind = each[2] if each[2] in (_IN_USE, _AT_BIRTH) else ""
        by_kind.setdefault(kind, each)
    at_birth = by_kind.get(_AT_BIRTH, ("", "", ""))
    called = by_kind.get(_IN_USE) or by_kind.get("") or at_birth
    birth_name = at_birth[0] if at_birth[0] != called[0] else ""
    return called[0], birth_name, called[1] or at_birth[1]
