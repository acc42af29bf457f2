"""What is known of a patient and of a ward, as pages, kits and paper show it: one shape for all.

Nothing here is computed from clinical content: every text is what a field of a message says, kept
with the place it was read from (docs: MDCG 2019-11, display as received). Times are aware, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What the absence or presence of a section means; the four are never merged."""

    #: At least one row was received for this patient.
    RECEIVED = "received"
    #: The source itself states that there is none (« aucune allergie connue »).
    NONE_STATED = "none-stated"
    #: Nothing of this kind was ever received for this patient.
    NEVER = "never"
    #: Rows or a statement were received, and the source has been silent for too long since.
    SILENT = "silent"


#: The sections of a file, in the order they are read at the bedside.
SECTIONS = ("allergies", "treatments", "results", "documents")


@dataclass(frozen=True, slots=True)
class Value:
    """A text as received (escapes decoded), its field (« RXE-2.2 ») and its message's index."""

    name: str
    text: str
    field: str
    source: int


@dataclass(frozen=True, slots=True)
class Row:
    """One allergy, prescription, result or document. ``when`` is the hour the message gives."""

    values: tuple[Value, ...]
    when: datetime | None
    received: datetime
    source: int
    #: As the source states it (OBX-11, ORC-5…); empty when it states none.
    status: str = ""
    #: Corrected, deleted or stopped by the source: shown struck through, never dropped silently.
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """``as_of``: last reception for this patient; ``heard``: last message of this kind from the
    source, for anybody; None = never.
    """

    name: str
    state: State
    rows: tuple[Row, ...]
    as_of: datetime | None
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class Traits:
    """Identity as received. ``born`` is the text of PID-7 (YYYYMMDD, or what came); an INS is kept
    only when PID-32 says VALI (IHE PAM FR, data types 1.8.2).
    """

    ipp: str
    name: str
    birth_name: str
    first_names: str
    born: str
    sex: str
    ins: str
    #: PID-32 as received: VALI, QUAL, PROV… empty when not given.
    identity_status: str
    source: int


@dataclass(frozen=True, slots=True)
class Stay:
    """Where the patient is now, by movements ordered by ZBE (never by arrival)."""

    visit: str
    ward: str
    room: str
    bed: str
    since: datetime | None
    source: int


@dataclass(frozen=True, slots=True)
class PatientSheet:
    """A whole file. ``key`` is opaque, safe in an address; ``homonyms`` are beds of the same ward
    that hold a patient of the same name; ``merged`` are the numbers (IPP) joined into this one;
    ``unread`` counts messages about this patient that wait in quarantine.
    """

    key: str
    traits: Traits
    stay: Stay | None
    sections: tuple[Section, ...]
    homonyms: tuple[str, ...]
    merged: tuple[str, ...]
    unread: int

    def section(self, name: str) -> Section:
        """The section of that name; each of :data:`SECTIONS` is always there."""
        return next(section for section in self.sections if section.name == name)


@dataclass(frozen=True, slots=True)
class WardSheet:
    """The patients of a ward in bed order. ``as_of``: when the last message was received, from any
    source; ``until``: how many journal records it is made from.
    """

    ward: str
    patients: tuple[PatientSheet, ...]
    as_of: datetime | None
    until: int
