"""The field exercise from the server's console: ``./run drill field`` on a home's records.

Whoever holds the console signs « console du serveur ». Facts go to the ledger at once; when another
process holds it, the service appends them later. Signing is not done here: it takes an account and
its second factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releve.drill.field.errors import NoExercise
from releve.drill.field.exercise import State
from releve.drill.field.paper import Part
from releve.drill.field.plan import Plan
from releve.kernel.clock import Clock, iso
from releve.kernel.durable import create_durably
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, HomeBusy
from releve.kernel.units import hour, moment
from releve.ledger.errors import SignerUnreachable
from releve.runtime.ledger import open_ledger
from releve.runtime.records import use_records

if TYPE_CHECKING:
    from releve.drill.app.models import Exercise

_LOOK_SECONDS = 1.0


def prepare(home: Home, plan: Plan, now: datetime) -> Exercise:
    """Write the exercise. Raises what ``drill.app.desk.prepare`` raises."""
    use_records(home)
    from releve.drill.app.desk import prepare as write
    from releve.drill.app.who import CONSOLE

    row = write(plan, CONSOLE, now)
    _tell(home)
    return row


def write_papers(home: Home, number: int | None, folder: Path, now: datetime) -> list[Path]:
    """Every paper of an exercise, one PDF each, in a new or empty folder. Raises ``BadInput``."""
    row = find(home, number)
    from releve.drill.app.printing import pdf

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fix = "Donnez un dossier neuf ou vide."
        raise BadInput(where=folder, what="ce dossier n'est pas vide", fix=fix)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part in Part:
        path = folder / f"exercice-{row.pk}-{part.value}.pdf"
        create_durably(path, pdf(row, [part], now), mode=0o644)
        written.append(path)
    return written


def start(home: Home, number: int | None, now: datetime) -> Exercise:
    """Start the exercise, or the next one that is ready. Raises ``RealCrisisOpen``…"""
    return _moved(home, find(home, number).pk, State.RUNNING, now)


def stop(home: Home, now: datetime) -> Exercise:
    """End the one that runs. Raises ``NoExercise``."""
    use_records(home)
    from releve.drill.app.models import Exercise

    row = Exercise.objects.filter(live=True).first()
    if row is None:
        raise NoExercise
    return _moved(home, row.pk, State.ENDED, now)


def find(home: Home, number: int | None) -> Exercise:
    """That exercise; without a number the one that runs, else the next one ready, else the last.

    Raises ``NoExercise``.
    """
    use_records(home)
    from releve.drill.app.models import Exercise

    rows = Exercise.objects
    if number is not None:
        found = rows.filter(pk=number).first()
    else:
        ready = rows.filter(state=State.READY.value).order_by("planned_at")
        found = rows.filter(live=True).first() or ready.first() or rows.first()
    if found is None:
        raise NoExercise
    return found


def listed(home: Home) -> list[Exercise]:
    """Every exercise, the latest first."""
    use_records(home)
    from releve.drill.app.models import Exercise

    return list(Exercise.objects.all())


def figures(row: Exercise) -> dict[str, Any]:
    """An exercise for ``--json``."""
    return {
        "exercise": row.pk,
        "title": row.title,
        "scenario": row.scenario,
        "state": row.state,
        "planned_at": iso(row.planned_at),
        "minutes": row.minutes,
        "animator": row.animator,
        "places": [place.code for place in row.places.all()],
        "started_at": iso(row.started_at) if row.started_at else None,
        "ended_at": iso(row.ended_at) if row.ended_at else None,
        "report_sha256": row.report_sha256 or None,
    }


def open_actions(home: Home) -> list[dict[str, Any]]:
    """What past exercises left to do."""
    use_records(home)
    from releve.drill.app.after import open_actions as still
    from releve.drill.app.after import told_action

    return [told_action(action).to_json() for action in still()]


@dataclass(frozen=True)
class Report:
    """Its text (what the hash is of), its values, its PDF."""

    text: str
    values: dict[str, Any]
    sha256: str
    pdf: Callable[[], bytes]


def report(home: Home, number: int | None, now: datetime) -> Report:
    """The report of an exercise that was played. Raises ``NoExercise``, ``WrongMoment``."""
    row = find(home, number)
    from releve.drill.app.printing import report_of, report_pdf, report_text

    values, digest = report_of(row)
    return Report(report_text(row), values, digest, lambda: report_pdf(row, now))


@dataclass(frozen=True)
class News:
    """A line of :func:`watch`. ``alarm``: a real one has ended the exercise."""

    text: str
    alarm: bool = False


def watch(home: Home, number: int | None, clock: Clock) -> Iterator[News]:
    """What happens in an exercise, as it happens, until it is over. Itself ends the exercise when
    a real crisis is open: it needs no other part of the service.
    """
    row = find(home, number)
    from releve.drill.app import desk
    from releve.drill.app.models import Mark, Passage

    passages, marks = 0, 0
    words = {g.slug: g.words for g in desk.scenario_of(row).gestures}
    words |= {i.slug: i.title for i in desk.scenario_of(row).injects}
    yield News(f"{row} · {row.title} · {row.state}, prévu le {moment(row.planned_at)}")
    while True:
        desk.heed(clock.now())
        row.refresh_from_db()
        for passage in Passage.objects.filter(exercise=row, pk__gt=passages):
            passages = passage.pk
            yield News(f"{hour(passage.at)}  {passage.state} ({passage.by_words})")
        new = Mark.objects.filter(exercise=row, pk__gt=marks).select_related("place")
        for mark in new:
            marks = mark.pk
            where = f"{mark.place.name} : " if mark.place else "remis : "
            done = hour(mark.at) if mark.at else "retiré"
            yield News(
                f"{hour(mark.written_at)}  {where}{words.get(mark.what, mark.what)} → {done}"
            )
        if row.stands is State.INTERRUPTED:
            since = hour(row.alarm_at) if row.alarm_at else "?"
            yield News(
                f"EXERCICE TERMINÉ : une alarme RÉELLE est ouverte depuis {since}. "
                "Ceci n'est plus un exercice.",
                alarm=True,
            )
        if row.stands.over:
            return
        clock.sleep(_LOOK_SECONDS)


def _moved(home: Home, number: int, to: State, now: datetime) -> Exercise:
    from releve.drill.app.desk import move
    from releve.drill.app.who import CONSOLE

    row = move(number, to, CONSOLE, now)
    _tell(home)
    return row


def _tell(home: Home) -> None:
    from releve.ledger.app.outbox import drain

    with suppress(HomeBusy, SignerUnreachable), open_ledger(home) as ledger:
        drain(ledger)
