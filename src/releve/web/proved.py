"""The cockpit's figures, each read from the ledger's last entry about it.

A figure that no entry proves has no value and says what to do; none is computed from anything but
the ledger and, for kits, the census (``web.ward_kits``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from releve.pages.figures import Figure
from releve.pages.rights import visible
from releve.pages.roles import EVERYONE
from releve.web.entries import Entries, Entry
from releve.web.exercises import left, with_people

_DAY = timedelta(days=1)
_DRILL = gettext_noop("jouez un exercice")


@dataclass(frozen=True)
class Source:
    """A figure: its label, what the ledger calls it (any of), how often it should be measured
    again, what to do while nobody did.
    """

    label: str
    whats: tuple[str, ...]
    period: timedelta
    todo: str

    def read(self, log: Entries) -> tuple[Entry | None, Figure]:
        """The newest entry and its figure."""
        last = next(iter(log.latest(*self.whats)), None)
        return last, _figure(self.label, last, self.period, self.todo)


FIRST_FILE = Source(
    gettext_noop("le premier dossier patient serait lisible en"),
    ("care.first_file_seconds",),
    365 * _DAY,
    _DRILL,
)
_AFTER_MACHINES = (
    Source(
        gettext_noop("fichiers restaurés identiques, au dernier essai"),
        ("vault.restored_identical", "vault.restored"),
        30 * _DAY,
        gettext_noop("faites un essai de restauration"),
    ),
    Source(
        gettext_noop("reprise des serveurs vitaux, au dernier essai"),
        ("restore.p0_seconds",),
        365 * _DAY,
        _DRILL,
    ),
)
_LAST = (
    Source(
        gettext_noop("détection d'un chiffrement, au dernier essai"),
        ("detect.seconds",),
        365 * _DAY,
        _DRILL,
    ),
    Source(
        gettext_noop("crise ouverte après l'alarme, au dernier essai"),
        ("crisis.open_seconds",),
        365 * _DAY,
        _DRILL,
    ),
    Source(
        gettext_noop("registre vérifié par un programme séparé"),
        ("ledger.verified",),
        30 * _DAY,
        gettext_noop("vérifiez un export"),
    ),
    Source(
        gettext_noop("dernier exercice tenu"),
        ("drill.verdict", "verdict"),
        365 * _DAY,
        _DRILL,
    ),
)


def read(request: HttpRequest, log: Entries, kits: Figure) -> list[Figure]:
    """Every figure, as this account may read it, in the order of the page. ``kits`` comes with the
    wards of the account already counted apart.
    """
    proved = [
        _machines(log),
        *(source.read(log) for source in _AFTER_MACHINES),
        _alarm(log),
        *(source.read(log) for source in _LAST),
    ]
    within = [_within(request, entry, figure) for entry, figure in proved]
    field = _within(request, *with_people(log))
    return [
        _within(request, *FIRST_FILE.read(log)),
        kits,
        *within,
        field,
        *left(request),
        _reachable(),
    ]


def _reachable() -> Figure:
    """No room of this version calls anybody: said, not left out."""
    return Figure(
        gettext_noop("gens de la cellule de crise joignables"),
        period=90 * _DAY,
        todo=gettext_noop("appelez-les une fois, et notez qui a répondu"),
    )


def _machines(log: Entries) -> tuple[Entry | None, Figure]:
    label = gettext_noop("machines sauvegardées et lues saines")
    todo = gettext_noop("inscrivez une machine")
    clean = log.latest("vault.snapshot")
    if not clean:
        return None, Figure(label, period=_DAY, todo=todo)
    oldest = min(clean, key=lambda e: e.evidence.when)
    known = {e.evidence.system for e in log.latest("vault.enrolled")} | {
        e.evidence.system for e in clean
    }
    return oldest, Figure(
        label,
        _("%(clean)s sur %(known)s") % {"clean": len(clean), "known": len(known)},
        "",
        oldest.evidence.when,
        oldest.index,
        _DAY,
        good=len(clean) == len(known),
        todo=gettext_noop("sauvegardez les machines qui manquent"),
    )


def _alarm(log: Entries) -> tuple[Entry | None, Figure]:
    last = next(iter(log.latest("vault.alarm")), None)
    label = gettext_noop("dernière alarme de chiffrement")
    figure = _figure(label, last, None, gettext_noop("aucune alarme dans le registre"))
    if last is None:
        return None, figure
    return last, replace(figure, alarm=True, subject=last.evidence.system)


def _figure(label: str, last: Entry | None, period: timedelta | None, todo: str) -> Figure:
    if last is None:
        return Figure(label, period=period, todo=todo)
    proof = last.evidence
    return Figure(
        label,
        proof.value,
        proof.unit or "",
        proof.when,
        last.index,
        period,
        good=proof.value is not False and proof.detail.get("met") is not False,
        todo=todo,
    )


def _within(request: HttpRequest, entry: Entry | None, figure: Figure) -> Figure:
    """The figure as this account may read it."""
    if entry is None or entry.perimeter is None:
        return figure
    if visible(request, EVERYONE, entry.perimeter):
        return figure
    return Figure(figure.label, period=figure.period, elsewhere=True)
