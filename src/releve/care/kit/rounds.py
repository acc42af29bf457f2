"""A round of kits: every ward of the views, and every ward that ever had a kit.

A ward that vanished from the views altogether is published too (that is, refused): an empty restart
of the hospital's system must not pass for a ward nobody asks about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from releve.care.kit.publication import Names, Published, Refused, publish
from releve.care.kit.shelf import wards_with_kits
from releve.care.sheet import WardSheet
from releve.kernel.home import Home

if TYPE_CHECKING:
    from releve.establishment import Establishment


class Ward(Protocol):
    """A ward as the views list it."""

    @property
    def code(self) -> str:
        """The unit's code (PV1-3.1); empty for patients without a ward, who have no kit."""
        ...


class Sheets(Protocol):
    """The views, as a round reads them (``releve.care.views.Views``)."""

    def wards(self) -> Sequence[Ward]:
        """The wards where somebody is."""
        ...

    def ward(self, code: str, now: datetime) -> WardSheet:
        """One ward's patients in bed order; none for an unknown code."""
        ...


def publish_all(
    home: Home,
    sheets: Sheets,
    now: datetime,
    period: timedelta,
    *,
    only: str | None = None,
    establishment: Establishment | None = None,
    silence: timedelta | None = None,
    accepted: bool = False,
) -> Iterator[Published | Refused]:
    """One outcome per ward, in order of code; raises as :func:`publish`."""
    known = {ward.code for ward in sheets.wards()} | set(wards_with_kits(home))
    for code in sorted(known - {""} if only is None else {only}):
        yield publish(
            home,
            sheets.ward(code, now),
            now,
            period,
            names=names_of(establishment, code),
            silence=silence,
            accepted=accepted,
        )


def names_of(establishment: Establishment | None, code: str) -> Names:
    """What the establishment's folder calls the hospital and the ward of a unit's code."""
    if establishment is None:
        return Names()
    entity = establishment.legal_entities[0].name if establishment.legal_entities else ""
    service = establishment.service_of_unit.get(code)
    return Names(entity, service.name if service else "")
