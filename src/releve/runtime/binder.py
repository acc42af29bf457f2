"""The binder of one home: what it is made of is gathered here, a number is taken, paper is made.

Nothing of it stays in the home: the bytes go to the folder asked, or to the browser.
"""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from releve.care.kit.shown import born, name
from releve.care.sheet import Traits
from releve.care.views import CensusRow, Views, views_path
from releve.establishment import Establishment, Generation, MachineKind, current
from releve.establishment.contacts import CrisisContact, contacts_of
from releve.establishment.drawing import draw_map
from releve.establishment.folder import read_stored
from releve.establishment.procedures import listed
from releve.establishment.recovery import Plan, foreseen, plan
from releve.establishment.store import stored_files
from releve.incident.binder.assembly import WHOLE, Made, make
from releve.incident.binder.errors import FolderNotEmpty, NoEstablishment, UnknownWard
from releve.incident.binder.material import Census, Copy, Door, Kept, Material, Patient, Variant
from releve.incident.binder.printed import Printed
from releve.incident.logbook import Author
from releve.kernel.durable import create_durably, fsync_folder, make_folder
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import PARIS
from releve.runtime.degraded import degraded_of
from releve.runtime.delegated import delegations_of
from releve.runtime.records import use_records
from releve.runtime.tls import reached

if TYPE_CHECKING:
    from releve.incident.app.copy_rows import Copy as Row

_TEAMS = 3
_INK = """
text{font-family:"DejaVu Sans","Bitstream Vera Sans";font-size:14px;fill:#000}
.box{fill:#fff;stroke:#000}.link{stroke:#777;fill:none}
"""


@dataclass(frozen=True)
class Asked:
    """What somebody asks: the variant, who will hold it, services (empty: all), the census."""

    variant: Variant = Variant.CELL
    holder: str = ""
    wards: tuple[str, ...] = ()
    census: Census | None = None


@dataclass(frozen=True)
class Bound:
    """A binder made: its row in the register, its PDFs, how long it took."""

    copy: Row
    made: Made
    seconds: float

    @property
    def whole(self) -> bytes:
        """The assembled PDF."""
        return self.made.files[WHOLE]


class HomePatients:
    """:class:`~releve.incident.ports.Patients` of one home, from the views that pages read."""

    def __init__(self, home: Home, establishment: Establishment) -> None:
        self._path, self._establishment = views_path(home), establishment

    def census(self, now: datetime) -> Census | None:
        """Every unit's patients under the service that holds the unit."""
        if not self._path.exists():
            return None
        places = self._establishment.service_of_unit
        patients, as_of = [], None
        with closing(Views(self._path)) as views:
            for line in views.wards():
                service = places.get(line.code)
                as_of = line.as_of or as_of
                for row in views.census(line.code, now):
                    code = service.code if service else ""
                    patients.append(_patient(code, row))
        return Census("Relève", as_of, tuple(patients))


def _patient(ward: str, row: CensusRow) -> Patient:
    bed = " ".join(part for part in (row.room, row.bed) if part)
    said = (row.ipp, row.name, row.birth_name, row.first_names, row.born, row.sex)
    return Patient(ward, bed, name(Traits(*said, "", "", 0)), born(row.born), row.ipp)


def census_of(home: Home, now: datetime) -> Census | None:
    """The replica's own census; None when nothing was ever received. Raises
    :class:`NoEstablishment`.
    """
    return HomePatients(home, _known(home)[1]).census(now)


def bind(home: Home, asked: Asked, now: datetime, by: Author) -> Bound:
    """Take a number, compose, tell the ledger. Raises :class:`NoEstablishment`,
    :class:`UnknownWard`, ``BinderRefused``; nothing is registered then.
    """
    use_records(home)
    from releve.incident.app import copies

    began = time.monotonic()
    generation, establishment, contacts = _known(home)
    _check_wards(establishment, asked.wards)
    printed = Printed(asked.variant, asked.wards, now)
    source = copies.Source(
        generation.number,
        generation.fingerprint,
        printed.digests(establishment, contacts),
        len(asked.census.patients) if asked.census else 0,
    )
    row = copies.register(
        copies.BINDER, source, now, by,
        variant=asked.variant, holder=asked.holder, wards=asked.wards,
    )  # fmt: skip
    try:
        made = make(_material(home, asked, now, row, generation, establishment, contacts))
    except BaseException:
        copies.abandon(row)
        raise
    copies.made(row, made.pages, len(made.missing), by)
    return Bound(row, made, time.monotonic() - began)


def write(bound: Bound, folder: Path) -> None:
    """One file a document, in a new or empty folder. Raises :class:`FolderNotEmpty`."""
    check_folder(folder)
    make_folder(folder)
    for slug, data in bound.made.files.items():
        create_durably(folder / f"{slug}.pdf", data)
    fsync_folder(folder.absolute().parent)


def check_folder(folder: Path) -> None:
    """Raise :class:`FolderNotEmpty` before any work is done for nothing."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty(path=str(folder))


def _known(home: Home) -> tuple[Generation, Establishment, dict[str, CrisisContact]]:
    generation = current(home)
    if generation is None:
        raise NoEstablishment()
    files = stored_files(home)
    return generation, read_stored(files), contacts_of(files)


def _check_wards(establishment: Establishment, wards: tuple[str, ...]) -> None:
    known = [service.code for service in establishment.services]
    for ward in wards:
        if ward not in known:
            raise UnknownWard(ward=ward[:40], known=", ".join(known))


def _material(
    home: Home,
    asked: Asked,
    now: datetime,
    row: Row,
    generation: Generation,
    establishment: Establishment,
    contacts: dict[str, CrisisContact],
) -> Material:
    found = Material(
        home=str(home.id),
        world=home.world,
        made=now,
        copy=Copy(row.pk, asked.variant, row.holder),
        establishment=establishment,
        generation=generation.number,
        fingerprint=generation.fingerprint,
        contacts=contacts,
        watches=establishment.watches,
        census=asked.census,
        wards=asked.wards,
        degraded=degraded_of(asked.variant),
        delegations=delegations_of(now),
        procedures=tuple(
            Kept(each.title, each.service, "/".join(reversed(each.day.split("-"))))
            for each in listed(home)
        ),
        door=_door(home, now),
    )
    if not found.for_cell:
        return found
    with suppress(ReleveError):  # a knotted map must not stop the rest of the paper
        found = replace(found, plan=_plan(establishment))
        found = replace(found, map_svg=_map(establishment))
    return found


def _door(home: Home, now: datetime) -> Door:
    """Nothing when its settings or its certificate cannot be read: the paper says it then."""
    try:
        found = reached(home, now)
    except ReleveError:
        return Door()
    urls = tuple(f"{url.rstrip('/')}/crise/" for url in found.urls)
    until = found.until.astimezone(PARIS).date() if found.until else None
    return Door(urls, found.fingerprint, until)


def _plan(establishment: Establishment) -> Plan:
    """Everything of the machine rooms being lost, gates closed by their keepers."""
    lost = [m.id for m in establishment.machines if m.kind is not MachineKind.WORKSTATION]
    return foreseen(establishment, lost, _TEAMS) or plan(establishment, lost, _TEAMS)


def _map(establishment: Establishment) -> str:
    if not establishment.machines:
        return ""
    return draw_map(establishment, style=_INK)
