"""« Aujourd'hui »: in one sentence what is proved and how old the oldest proof is; then figures.

Each figure is read from the ledger's last entry about it, with its age and its entry; what no entry
says reads « non mesuré ». Only evidence of this home's world is read (``web.entries``): a real home
never shows « simulé », a drill home shows nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releve.pages.figures import ABSENT, BAD, FRESH, Figure, age, state_of, written
from releve.pages.rights import needs, visible
from releve.pages.roles import EVERYONE
from releve.web.entries import Entries, Entry, entries

_DAY = timedelta(days=1)
#: Label, what the ledger calls it (any of), how often it should be measured again, what to do.
_PLAIN: tuple[tuple[str, tuple[str, ...], timedelta | None, str], ...] = (
    (
        "fichiers restaurés identiques, au dernier essai",
        ("vault.restored_identical", "vault.restored"),
        30 * _DAY,
        "faites un essai de restauration",
    ),
    (
        "reprise des serveurs vitaux, au dernier essai",
        ("restore.p0_seconds",),
        365 * _DAY,
        "jouez un exercice",
    ),
    (
        "détection d'un chiffrement, au dernier essai",
        ("detect.seconds",),
        365 * _DAY,
        "jouez un exercice",
    ),
    (
        "registre vérifié par un programme séparé",
        ("ledger.verified",),
        30 * _DAY,
        "vérifiez un export",
    ),
    ("dernier exercice tenu", ("drill.verdict", "verdict"), 365 * _DAY, "jouez un exercice"),
)
_RECENT = 8


@dataclass(frozen=True)
class Summary:
    """The sentence at the top, and the second one."""

    first: str
    second: str


@needs(*EVERYONE)
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The page that opens first, for every role."""
    now = timezone.now()
    log = entries()
    figures = [_within(request, entry, figure) for entry, figure in read(log)]
    recent = [
        entry
        for entry in log.since(max(0, log.count() - _RECENT), _RECENT)
        if entry.perimeter and visible(request, EVERYONE, entry.perimeter)
    ]
    context = {
        "summary": summarise(figures, now),
        "figures": figures,
        "recent": recent[::-1],
        "count": log.count(),
    }
    return render(request, "web/today.html", context)


def read(log: Entries) -> list[tuple[Entry | None, Figure]]:
    """Every figure of the page with the entry that proves it, None when nothing does."""
    found = [_machines(log), _alarm(log)]
    for label, whats, period, todo in _PLAIN:
        last = next(iter(log.latest(*whats)), None)
        found.append((last, _figure(label, last, period, todo)))
    return found


def summarise(figures: Sequence[Figure], now: datetime) -> Summary:
    """What a director reads first; only figures that claim something count."""
    claims = [f for f in figures if f.measured and f.measured_at and f.period]
    missing = _missing(sum(state_of(f, now) == ABSENT for f in figures))
    alarms = [f for f in figures if f.alarm and f.measured]
    if alarms:
        said = written(alarms[0].value, alarms[0].unit)
        return Summary(f"Alarme sur {alarms[0].subject} : {said} illisibles.", missing)
    if not claims:
        return Summary("Rien n'est encore prouvé.", missing)
    oldest = min(claims, key=lambda f: f.measured_at or now)
    said = age(oldest.measured_at or now, now)
    bad = [f for f in claims if state_of(f, now) == BAD]
    if bad:
        return Summary(f"À reprendre d'abord : {bad[0].label}.", missing)
    late = [f for f in claims if state_of(f, now) != FRESH]
    if late:
        return Summary(f"{_sentence(late[0].label)} : la preuve a vieilli ({said}).", missing)
    return Summary(
        f"Tout ce qui est prouvé l'est à temps. La plus vieille preuve : {oldest.label}, {said}.",
        missing,
    )


def _sentence(label: str) -> str:
    return label[:1].upper() + label[1:]


def _missing(count: int) -> str:
    if not count:
        return "Tout est mesuré."
    return f"{count} chiffres ne sont pas mesurés." if count > 1 else "Un chiffre n'est pas mesuré."


def _machines(log: Entries) -> tuple[Entry | None, Figure]:
    label, todo = "machines sauvegardées et lues saines", "inscrivez une machine"
    clean = log.latest("vault.snapshot")
    if not clean:
        return None, Figure(label, period=_DAY, todo=todo)
    oldest = clean[-1] if len(clean) == 1 else min(clean, key=lambda e: e.evidence.when)
    known = {e.evidence.system for e in log.latest("vault.enrolled")} | {
        e.evidence.system for e in clean
    }
    return oldest, Figure(
        label,
        f"{len(clean)} sur {len(known)}",
        "",
        oldest.evidence.when,
        oldest.index,
        _DAY,
        good=len(clean) == len(known),
    )


def _alarm(log: Entries) -> tuple[Entry | None, Figure]:
    last = next(iter(log.latest("vault.alarm")), None)
    label = "dernière alarme de chiffrement"
    figure = _figure(label, last, None, "aucune alarme dans le registre")
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
    )


def _within(request: HttpRequest, entry: Entry | None, figure: Figure) -> Figure:
    """The figure as this account may read it."""
    if entry is None or entry.perimeter is None:
        return figure
    if visible(request, EVERYONE, entry.perimeter):
        return figure
    return Figure(figure.label, period=figure.period, elsewhere=True)
