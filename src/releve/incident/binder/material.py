"""All that a binder is made of, in one plain value: nothing is read while it is composed.

``runtime/binder.py`` fills it. Rows that other rooms own (delegations, degraded-mode sheets,
procedures) come as plain text; an empty tuple means that nobody gave any, and paper says so.
Times are aware, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from releve.establishment import Establishment, Watch
from releve.establishment.contacts import CrisisContact
from releve.establishment.model import Service
from releve.establishment.recovery import Plan
from releve.kernel.world import World


class Variant(StrEnum):
    """Who a copy is for. ``CELL`` bears personal mobiles and what only the crisis cell decides;
    ``SERVICE`` bears neither.
    """

    CELL = "cellule"
    SERVICE = "service"


class Profile(StrEnum):
    """What the establishment is: its plan has another name, its authorities too."""

    HOSPITAL = "hospital"
    HOME = "esms"


@dataclass(frozen=True)
class Copy:
    """Which piece of paper: its number (unique in the home), its variant, who will hold it."""

    number: int
    variant: Variant
    holder: str = ""


@dataclass(frozen=True)
class Delegation:
    """What one person may do alone: ``act`` as people say it, by whom, who signed, until when."""

    act: str
    by: str
    signed_by: str
    signed_on: date | None
    until: date | None
    limits: str = ""
    #: Whether the act is a cut, which then has its line in the table of cuts.
    cut: bool = False


@dataclass(frozen=True)
class Instead:
    """What a service does without its software from ``after`` on (« 1 h », « 24 h »)."""

    after: str
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Degraded:
    """A service's degraded-mode sheet, as its head answered."""

    service: str
    relies_on: tuple[str, ...]
    instead: tuple[Instead, ...]
    signed_by: str
    signed_on: date | None


@dataclass(frozen=True)
class Kept:
    """A procedure that Relève keeps: its title, the service it is for (a code, or empty), its own
    date as people read it (or empty).
    """

    title: str
    service: str = ""
    day: str = ""


@dataclass(frozen=True)
class Door:
    """How pages are reached outside Relève's own machine: ``urls`` of the crisis, the SHA-256
    fingerprint of the certificate presented there (« AB:CD:… », empty: none yet) and its last day.
    """

    urls: tuple[str, ...] = ()
    fingerprint: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Patient:
    """One line of a census; ``ward`` is a service's code, empty when the place is unknown. ``born``
    as people read it (« 12/04/1951 »).
    """

    ward: str
    bed: str
    name: str
    born: str
    ipp: str


@dataclass(frozen=True)
class Doubt:
    """A line of a census that needs a person's eye: where (0: the whole file), what, what to do;
    the line itself when it was kept all the same.
    """

    line: int
    what: str
    remedy: str


@dataclass(frozen=True)
class Census:
    """Who lies where: ``source`` in words, ``at`` when it was true (None: nobody says)."""

    source: str
    at: datetime | None
    patients: tuple[Patient, ...]
    doubts: tuple[Doubt, ...] = ()

    def of(self, ward: str) -> tuple[Patient, ...]:
        """The patients of a service, in the census's order."""
        return tuple(patient for patient in self.patients if patient.ward == ward)


@dataclass(frozen=True)
class Turn:
    """Somebody on watch: rota, from, to, name, phone as written (may be empty)."""

    rota: str
    start: datetime
    end: datetime
    name: str
    phone: str


@dataclass(frozen=True)
class Material:
    """Everything. ``home`` is the home's id; ``generation`` and ``fingerprint`` those of the
    establishment; ``wards``: the codes to print forms for (empty: every service with beds).
    """

    home: str
    world: World
    made: datetime
    copy: Copy
    establishment: Establishment
    generation: int
    fingerprint: str
    contacts: Mapping[str, CrisisContact] = field(default_factory=dict)
    watches: tuple[Watch, ...] = ()
    census: Census | None = None
    delegations: tuple[Delegation, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    procedures: tuple[Kept, ...] = ()
    plan: Plan | None = None
    map_svg: str = ""
    wards: tuple[str, ...] = ()
    door: Door = Door()
    profile: Profile = Profile.HOSPITAL

    @property
    def hospital(self) -> str:
        """Its name, as its legal entity bears it."""
        entities = self.establishment.legal_entities
        return entities[0].name if entities else ""

    @property
    def finess(self) -> str:
        """The FINESS number of its legal entity."""
        entities = self.establishment.legal_entities
        return str(entities[0].finess) if entities else ""

    @property
    def for_cell(self) -> bool:
        """Whether this copy may bear what only the cell's may."""
        return self.copy.variant is Variant.CELL

    @property
    def printed_wards(self) -> tuple[Service, ...]:
        """The services whose forms are printed, in the folder's order."""
        wanted = frozenset(self.wards)
        here = {patient.ward for patient in self.census.patients} if self.census else set()
        return tuple(
            service
            for service in self.establishment.services
            if (service.code in wanted if wanted else service.beds > 0 or service.code in here)
        )

    @property
    def unplaced(self) -> tuple[Patient, ...]:
        """Patients whose service nobody recognised: they stand on a page of their own."""
        if self.census is None or self.wards:
            return ()
        known = {service.code for service in self.establishment.services}
        return tuple(one for one in self.census.patients if one.ward not in known)
