"""« Aujourd'hui »: in one sentence what is proved and how old the oldest proof is; then figures.

An open crisis comes before everything. Each figure is read from the ledger's last entry about it
(``web.proved``, ``web.ward_kits``), with its age and its entry; what no entry says reads « non
mesuré ». Only evidence of this home's world is read (``web.entries``): a real home never shows
« simulé », a drill home shows nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from releve.incident.app.views import crisis_word
from releve.pages.figures import ABSENT, BAD, FRESH, LATE, OLD, Figure, state_of
from releve.pages.rights import needs, person, visible
from releve.pages.roles import EVERYONE, PRIVILEGED
from releve.pages.wording import age, written
from releve.web.entries import entries
from releve.web.proved import read
from releve.web.retention import notices
from releve.web.ward_kits import rows, summed, ward_kits

_RECENT = 8
_TO_DO = 3


@dataclass(frozen=True)
class Summary:
    """The sentence at the top, the second one, and what to do first (at most three acts)."""

    first: str
    second: str
    todo: tuple[str, ...] = ()


@needs(*EVERYONE)
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The page that opens first, for every role."""
    now = timezone.now()
    log = entries()
    kits = ward_kits(request, log)
    figures = read(request, log, summed(request, kits, now))
    recent = [
        entry
        for entry in log.since(max(0, log.count() - _RECENT), _RECENT)
        if entry.perimeter and visible(request, EVERYONE, entry.perimeter)
    ]
    context = {
        "acts": any(right.role in PRIVILEGED for right in person(request).rights),
        "crisis": crisis_word(request),
        "summary": summarise(figures, now),
        "notices": notices(request),
        "figures": figures,
        "kits": rows(request, kits, now),
        "recent": recent[::-1],
        "count": log.count(),
    }
    return render(request, "web/today.html", context)


def summarise(figures: Sequence[Figure], now: datetime) -> Summary:
    """What a director reads first; only figures that claim something count."""
    return Summary(_first(figures, now), _second(figures, now), _todo(figures, now))


def _first(figures: Sequence[Figure], now: datetime) -> str:
    claims = [f for f in figures if f.measured and f.measured_at and f.period]
    alarms = [f for f in figures if f.alarm and f.measured]
    if alarms:
        said = written(alarms[0].value, alarms[0].unit)
        first = _("Alarme sur %(machine)s : %(count)s illisibles.")
        return first % {"machine": alarms[0].subject, "count": said}
    if not claims:
        return _("Rien n'est encore prouvé.")
    oldest = min(claims, key=lambda f: f.measured_at or now)
    bad = [f for f in claims if state_of(f, now) == BAD]
    if bad:
        return _("À reprendre d'abord : %(label)s.") % {"label": _(bad[0].label)}
    late = [f for f in claims if state_of(f, now) != FRESH]
    aged = [f for f in late if not f.doubtful]
    if aged:
        first = _("%(label)s : la preuve a vieilli (%(age)s).")
        return first % {"label": _sentence(_(aged[0].label)), "age": _age(aged[0], now)}
    if late:
        said = written(late[0].value, late[0].unit)
        first = _("À vérifier : %(label)s, %(value)s.")
        return first % {"label": _(late[0].label), "value": said}
    first = _("Tout ce qui est prouvé l'est à temps. La plus vieille preuve : %(label)s, %(age)s.")
    return first % {"label": _(oldest.label), "age": _age(oldest, now)}


def _second(figures: Sequence[Figure], now: datetime) -> str:
    count = sum(state_of(f, now) == ABSENT for f in figures)
    if not count:
        return _("Tout est mesuré.")
    said = ngettext(
        "Un chiffre n'est pas mesuré.", "%(count)s chiffres ne sont pas mesurés.", count
    )
    return said % {"count": count}


def _todo(figures: Sequence[Figure], now: datetime) -> tuple[str, ...]:
    """What is wrong first, then what is old, then what nobody measured; one act is said once."""
    acts: dict[str, str] = {}
    for state in (BAD, OLD, LATE, ABSENT):
        for figure in figures:
            if figure.todo and figure.period and state_of(figure, now) == state:
                why = _(state) if state == ABSENT else f"{_(state)}, {_age(figure, now)}"
                acts.setdefault(figure.todo, f"{_sentence(_(figure.todo))} ({why})")
    return tuple(acts.values())[:_TO_DO]


def _age(figure: Figure, now: datetime) -> str:
    return age(figure.measured_at or now, now)


def _sentence(label: str) -> str:
    return label[:1].upper() + label[1:]
