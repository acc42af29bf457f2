"""A round of kits: every ward of the views, and every ward that ever had a kit.

A ward that vanished from the views altogether is published too (that is, refused): an empty restart
of the hospital's system must not pass for a ward nobody asks about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from releve.care.kit.errors import KitsNotBuilt, ShelfUnreadable
from releve.care.kit.publication import Failed, Names, Published, Refused, publish
from releve.care.kit.shelf import kits_folder, nameless, wards_with_kits
from releve.care.kit.windows import folder_name
from releve.care.sheet import WardSheet
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home, HomeCopied

if TYPE_CHECKING:
    from releve.establishment import Establishment

#: How often each ward's kit is made again, moved or not: older than twice this, it looks old.
PERIOD = timedelta(minutes=15)


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
) -> Iterator[Published | Refused | Failed]:
    """One outcome per ward, in order of code: what one ward lacks does not stop the others. Raises
    what none of them can do without: ``KitsNotBuilt``, ``HomeCopied``.
    """
    known = {ward.code for ward in sheets.wards()} | set(wards_with_kits(home))
    for code in sorted(known - {""} if only is None else {only}):
        try:
            yield publish(
                home,
                sheets.ward(code, now),
                now,
                period,
                names=names_of(establishment, code),
                silence=silence,
                accepted=accepted,
            )
        except (KitsNotBuilt, HomeCopied):
            raise
        except (ReleveError, OSError) as error:
            yield Failed(code, folder_name(code), now, error)
    if only is None:
        named = {folder_name(code) for code in known}
        yield from _nameless(home, now, named)


def _nameless(home: Home, now: datetime, named: set[str]) -> Iterator[Failed]:
    for folder in sorted(set(nameless(home)) - named):
        path = kits_folder(home) / folder / "shelf.json"
        yield Failed(
            folder, folder, now, ShelfUnreadable(path=path, why="il ne dit plus son service")
        )


def names_of(establishment: Establishment | None, code: str) -> Names:
    """What the establishment's folder calls the hospital and the ward of a unit's code."""
    if establishment is None:
        return Names()
    entity = establishment.legal_entities[0].name if establishment.legal_entities else ""
    service = establishment.service_of_unit.get(code)
    return Names(entity, service.name if service else "")
