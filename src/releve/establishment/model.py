"""The hospital as everyone speaks of it: entities, services, applications, machines, people.

A node is anything that another may need: ``service:CODE``, an application, a machine or a supplier.
Durations are ``timedelta``; ``rto`` is the DMIA, ``rpo`` the PDMA, None when not stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from releve.kernel.ids import Finess
from releve.kernel.perimeter import Perimeter

SERVICE_PREFIX = "service:"
ZERO = timedelta(0)


class Priority(StrEnum):
    """P0 = lives depend on it now; P3 = can wait for days."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class ServiceKind(StrEnum):
    """What a service does for its patients."""

    EMERGENCY = "emergency"
    INTENSIVE = "intensive"
    SURGERY = "surgery"
    MEDICINE = "medicine"
    MATERNITY = "maternity"
    OPERATING = "operating"
    PHARMACY = "pharmacy"
    LABORATORY = "laboratory"
    IMAGING = "imaging"
    DIALYSIS = "dialysis"
    REHABILITATION = "rehabilitation"
    NURSING = "nursing"
    ADMINISTRATION = "administration"
    TECHNICAL = "technical"


class MachineKind(StrEnum):
    """What a machine is for the plan: workstations are counted, the rest drawn one by one."""

    SERVER = "server"
    WORKSTATION = "workstation"
    HYPERVISOR = "hypervisor"
    NETWORK = "network"
    STORAGE = "storage"


class Hosting(StrEnum):
    """Where an application runs."""

    LOCAL = "local"
    SAAS = "saas"


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """Entité juridique (EJ)."""

    finess: Finess
    name: str


@dataclass(frozen=True, slots=True)
class Site:
    """Établissement géographique (EG)."""

    finess: Finess
    legal_entity: Finess
    name: str
    beds: int


@dataclass(frozen=True, slots=True)
class Service:
    """A ward or a department. ``units``: unit codes as PV1-3.1 carries them."""

    code: str
    name: str
    site: Finess
    kind: ServiceKind
    beds: int
    units: tuple[str, ...]
    priority: Priority
    rto: timedelta | None
    rpo: timedelta | None
    patients_per_hour: float
    line: int = 0

    @property
    def node(self) -> str:
        return SERVICE_PREFIX + self.code


@dataclass(frozen=True, slots=True)
class Application:
    """``services`` stop without it; ``used_by`` are hindered only."""

    id: str
    name: str
    services: tuple[str, ...]
    used_by: tuple[str, ...]
    priority: Priority
    rto: timedelta | None
    rpo: timedelta | None
    supplier: str
    restore: timedelta
    hosting: Hosting
    line: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """``service`` is a code or empty; ``restore_source`` says where its restore time comes from
    (« supposé »), empty when a person wrote it.
    """

    id: str
    kind: MachineKind
    name: str
    site: Finess
    service: str
    role: str
    os: str
    restore: timedelta
    line: int = 0
    restore_source: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who works here; every text but ``id`` and ``last_name`` may be empty. ``phone`` is
    the number to call first, ``other_phones`` the rest, « A / B ».
    """

    id: str
    last_name: str
    first_name: str
    service: str
    profession: str
    phone: str
    email: str
    rpps: str
    line: int = 0
    other_phones: str = ""


@dataclass(frozen=True, slots=True)
class Supplier:
    """A company outside; ``other_phones``: « A / B »."""

    id: str
    name: str
    phone: str
    email: str
    contract: str
    hosting: str
    line: int = 0
    other_phones: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """``node`` needs ``needs``. Rows of one node with the same ``alternative`` replace each other;
    ``line`` is 0 for a dependency drawn from applications.toml.
    """

    node: str
    needs: str
    kind: str
    alternative: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """``before``: nodes that wait for it; ``after``: nodes to be back before it can be closed."""

    name: str
    keeper: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """In which order the members of one dependency cycle are started."""

    order: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Watch:
    """One turn of a rota: aware times, UTC, end excluded."""

    rota: str
    start: datetime
    end: datetime
    people: tuple[str, ...]


@dataclass(frozen=True)
class Establishment:
    """Everything the folder says, in the folder's order."""

    region: str
    group: str | None
    legal_entities: tuple[LegalEntity, ...]
    sites: tuple[Site, ...]
    services: tuple[Service, ...]
    applications: tuple[Application, ...]
    machines: tuple[Machine, ...]
    people: tuple[Person, ...]
    suppliers: tuple[Supplier, ...]
    dependencies: tuple[Dependency, ...]
    gates: tuple[Gate, ...]
    bootstraps: tuple[Bootstrap, ...]
    watches: tuple[Watch, ...]

    @cached_property
    def names(self) -> dict[str, str]:
        """node id → the name people say, in the folder's order: the list of all nodes."""
        found = {service.node: service.name for service in self.services}
        found |= {application.id: application.name for application in self.applications}
        found |= {machine.id: machine.name or machine.id for machine in self.machines}
        return found | {supplier.id: supplier.name for supplier in self.suppliers}

    @cached_property
    def restore_times(self) -> dict[str, timedelta]:
        """node id → its own restore time; services and suppliers have none."""
        found: dict[str, timedelta] = dict.fromkeys(self.names, ZERO)
        found |= {application.id: application.restore for application in self.applications}
        return found | {machine.id: machine.restore for machine in self.machines}

    @cached_property
    def service_of(self) -> dict[str, Service]:
        """``service:CODE`` → service."""
        return {service.node: service for service in self.services}

    @cached_property
    def service_of_unit(self) -> dict[str, Service]:
        """A unit code of the feed (PV1-3.1) → the service it belongs to."""
        return {unit: service for service in self.services for unit in service.units}

    def perimeter(self, service: Service) -> Perimeter:
        """``EJ/EG/CODE``."""
        site = next(site for site in self.sites if site.finess == service.site)
        return Perimeter(site.legal_entity, site.finess, service.code)

    def on_call(self, rota: str, now: datetime) -> tuple[str, ...]:
        """Ids of the people on watch at ``now``, first to start first."""
        turns = [w for w in self.watches if w.rota == rota and w.start <= now < w.end]
        return tuple(dict.fromkeys(person for watch in sorted(turns) for person in watch.people))


def dependencies_drawn(
    applications: tuple[Application, ...], known: frozenset[str]
) -> list[Dependency]:
    """What applications.toml implies: services need their applications, a SaaS its supplier."""
    drawn = [
        Dependency(SERVICE_PREFIX + code, application.id, "application")
        for application in applications
        for code in application.services
    ]
    drawn += [
        Dependency(application.id, application.supplier, "hébergement")
        for application in applications
        if application.hosting is Hosting.SAAS and application.supplier
    ]
    return [each for each in drawn if each.node in known and each.needs in known]
