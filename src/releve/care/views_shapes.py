"""What the views answer, besides the sheets of :mod:`releve.care.sheet`. Times are aware, UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from releve.care.sheet import State


@dataclass(frozen=True, slots=True)
class WardLine:
    """A unit (PV1-3.1; empty: placed nowhere by the source) and how many patients are in it."""

    code: str
    patients: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class CensusRow:
    """One line of a ward's census. ``allergies``: as received, those not taken back."""

    key: str
    ipp: str
    name: str
    birth_name: str
    first_names: str
    born: str
    sex: str
    ward: str
    room: str
    bed: str
    visit: str
    since: datetime | None
    allergies: tuple[str, ...]
    allergies_state: State
    treatments_state: State
    homonyms: tuple[str, ...]
    unread: int


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody a search found; ward, room and bed are empty when they are in none."""

    key: str
    ipp: str
    name: str
    birth_name: str
    first_names: str
    born: str
    sex: str
    ward: str
    room: str
    bed: str
    visit: str


@dataclass(frozen=True, slots=True)
class Source:
    """A sender and a kind of message: when it was last heard, how often it should be."""

    sender: str
    kind: str
    heard: datetime
    count: int
    period: timedelta
    silent: bool


@dataclass(frozen=True, slots=True)
class Unprojected:
    """Well-formed messages that have no view: « ORM^O01 », version, how many."""

    kind: str
    version: str
    count: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """What was received. ``as_of``: the last message, whoever sent it; ``until``: journal records
    projected; ``reused``: messages under an MSH-10 that other octets had; ``gone``: months whose
    key was destroyed, with their messages' number.
    """

    as_of: datetime | None
    until: int
    sources: tuple[Source, ...]
    duplicates: int
    reused: int
    unprojected: tuple[Unprojected, ...]
    quarantined: int
    gone: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that could not be read, whole or in part. ``source``: its index in the journal;
    ``patient``: the key of the patient it seems to be about, None when no number is readable.
    """

    source: int
    received: datetime
    sender: str
    control: str
    kind: str
    reason: str
    patient: str | None
