"""The wards' kits beside the census: how many of the patients in bed stand in the last kit made.

Counted ward by ward, within the account's perimeters: patients of the last kit that the ledger
holds, at most those of the census now. A ward without a kit counts for none. Numbers are compared,
not names: what a kit really holds is measured by opening it, in an exercise.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from releve.care.app.reading import READERS, views, wards
from releve.care.kit import PERIOD, published_path
from releve.care.kit.facts import PUBLISHED, REFUSED
from releve.care.kit.windows import folder_name
from releve.care.perimeters import Ward
from releve.kernel.errors import ReleveError
from releve.pages.figures import Figure
from releve.pages.house import current_home, home_perimeter
from releve.pages.rights import visible
from releve.pages.roles import EVERYONE, PRIVILEGED
from releve.web.entries import Entries, Entry

#: Who is told where the kits lie: those who would open one, and those who answer for them.
KEEPERS = frozenset({*READERS, *PRIVILEGED})
_log = logging.getLogger("releve.web")


@dataclass(frozen=True)
class WardKit:
    """A ward of the account's perimeter. ``patients`` is the census now; ``kit`` the entry of the
    last kit, None when none was ever made; ``refused`` when a later one was refused.
    """

    ward: Ward
    patients: int
    kit: Entry | None
    refused: bool

    @property
    def held(self) -> int:
        """Patients in the last kit."""
        value = self.kit.evidence.value if self.kit else 0
        return value if isinstance(value, int) else 0

    @property
    def missing(self) -> int:
        """Patients in bed who cannot all be in the kit."""
        return max(0, self.patients - self.held)


@dataclass(frozen=True)
class WardKitRow:
    """What the page writes of a ward's kit; ``file`` is where it lies in Relève's folder; ``href``
    is the census, for its readers.
    """

    name: str
    href: str
    figure: Figure
    file: str


def ward_kits(request: HttpRequest, log: Entries) -> list[WardKit] | None:
    """The wards of the account that hold somebody or ever had a kit, by name; None when no census
    can be read.
    """
    store = views()
    if store is None or home_perimeter() is None:
        return None
    try:
        census = {line.code: line.patients for line in store.wards() if line.code}
    except ReleveError:
        _log.exception("le recensement des services ne se lit pas")
        return None
    known = wards(request)
    last = {entry.evidence.system: entry for entry in log.latest(PUBLISHED)}
    refused = {entry.evidence.system: entry.index for entry in log.latest(REFUSED)}
    named = {folder_name(code): code for code in {*known.units, *census}}
    found = []
    for folder in {*map(folder_name, census), *last}:
        ward, kit = known.at(named.get(folder, folder)), last.get(folder)
        if visible(request, EVERYONE, ward.perimeter):
            later = refused.get(folder, -1) > (kit.index if kit else -1)
            found.append(WardKit(ward, census.get(ward.code, 0), kit, later))
    return sorted(found, key=lambda each: (not each.ward.known, each.ward.name, each.ward.code))


def summed(request: HttpRequest, kits: Sequence[WardKit] | None, now: datetime) -> Figure:
    """All the wards of the account as one figure; its age is the oldest kit's."""
    label = gettext_noop("patients dans les kits des services")
    if kits is None:
        todo = gettext_noop("branchez le flux du dossier patient")
        return Figure(label, period=PERIOD, todo=todo)
    made = [each.kit for each in kits if each.kit]
    if not kits and not _everywhere(request):
        return Figure(label, period=PERIOD, elsewhere=True)
    if not made:
        return Figure(label, period=PERIOD, todo=gettext_noop("faites les kits des services"))
    oldest = min(made, key=lambda entry: entry.evidence.when)
    here = sum(min(each.held, each.patients) for each in kits)
    everybody = sum(each.patients for each in kits)
    return Figure(
        label,
        _("%(clean)s sur %(known)s") % {"clean": here, "known": everybody},
        "",
        oldest.evidence.when,
        oldest.index if _proof(request, oldest) else None,
        PERIOD,
        good=all(not each.missing or _being_made(each, now) for each in kits),
        doubtful=here < everybody,
        todo=gettext_noop("faites les kits des services"),
    )


def rows(request: HttpRequest, kits: Sequence[WardKit] | None, now: datetime) -> list[WardKitRow]:
    """One row a ward, for those whom kits serve."""
    return [
        _row(request, each, now)
        for each in kits or ()
        if visible(request, KEEPERS, each.ward.perimeter)
    ]


def _row(request: HttpRequest, each: WardKit, now: datetime) -> WardKitRow:
    reads = visible(request, READERS, each.ward.perimeter)
    home, kit = current_home(), each.kit
    file = published_path(home, each.ward.code).relative_to(home.path) if kit else ""
    return WardKitRow(
        each.ward.name,
        reverse("ward", args=[each.ward.code]) if reads else "",
        _of_ward(request, each, now),
        str(file),
    )


def _of_ward(request: HttpRequest, each: WardKit, now: datetime) -> Figure:
    kit = each.kit
    if kit is None:
        todo = gettext_noop("aucun kit : prenez les feuilles papier")
        return Figure(each.ward.name, period=PERIOD, todo=todo)
    return Figure(
        each.ward.name,
        _("%(clean)s sur %(known)s")
        % {"clean": min(each.held, each.patients), "known": each.patients},
        "",
        kit.evidence.when,
        kit.index if _proof(request, kit) else None,
        PERIOD,
        good=not each.missing or _being_made(each, now),
        doubtful=bool(each.missing) or each.refused,
    )


def _being_made(each: WardKit, now: datetime) -> bool:
    """True while a kit is young: one that lacks somebody just arrived is made again at once."""
    return each.kit is not None and now - each.kit.evidence.when <= PERIOD


def _proof(request: HttpRequest, entry: Entry) -> bool:
    where = entry.perimeter
    return where is not None and visible(request, EVERYONE, where)


def _everywhere(request: HttpRequest) -> bool:
    where = home_perimeter()
    return where is not None and visible(request, EVERYONE, where)
