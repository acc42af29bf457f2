"""The life of an exercise: prepare, start, pause, end; a real alarm ends it. The only writer of
these rows. Each act is one transaction: row, passage and fact together. Times are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from releve.drill.app import facts
from releve.drill.app.crisis import real_crisis
from releve.drill.app.models import Exercise, Passage, Place
from releve.drill.app.who import By
from releve.drill.field import exercise as life
from releve.drill.field.errors import (
    AnotherRuns,
    NoExercise,
    NotInADrill,
    RealCrisisOpen,
    UnknownWard,
    WrongMoment,
)
from releve.drill.field.exercise import State, check_passage
from releve.drill.field.plan import Plan, checked
from releve.drill.field.scenario import FieldScenario, parse, shipped, text_of
from releve.establishment import Establishment, Service, stored
from releve.establishment.errors import NothingStored
from releve.kernel.units import hour
from releve.kernel.world import World
from releve.pages.house import current_home, home_perimeter

CELL = "CELLULE"
#: An end by mistake is undone within this time.
RESUME_WITHIN = timedelta(minutes=15)
_AUTOMATIC = By("automatique")
_FACTS = {
    State.READY: facts.PREPARED,
    State.DROPPED: facts.DROPPED,
    State.RUNNING: facts.STARTED,
    State.PAUSED: facts.PAUSED,
    State.ENDED: facts.ENDED,
    State.INTERRUPTED: facts.INTERRUPTED,
}


def hospital() -> Establishment:
    """The establishment that counts; raises ``NothingStored``."""
    found = stored(current_home())
    if found is None:
        raise NothingStored
    return found


def prepare(plan: Plan, by: By, now: datetime) -> Exercise:
    """Write an exercise and its places. Raises ``NotInADrill``, ``BadInput`` (the scenario),
    ``MissingWords``, ``BadFigure``, ``UnknownWard``, ``NothingStored``.
    """
    if current_home().world is not World.REAL:
        raise NotInADrill
    text = text_of(plan.scenario)
    scenario = parse(text, Path(plan.scenario).stem[:80])
    plan = checked(replace(plan, minutes=plan.minutes or scenario.minutes), scenario)
    return keep(plan, scenario, text, hospital(), by, now)


def keep(
    plan: Plan,
    scenario: FieldScenario,
    text: str,
    establishment: Establishment,
    by: By,
    now: datetime,
) -> Exercise:
    """The rows of a checked plan, and the fact."""
    known = {service.code: service for service in establishment.services}
    for ward in plan.wards:
        if ward.code not in known:
            raise UnknownWard(code=ward.code[:60], known=", ".join(known))
    with transaction.atomic():
        row = Exercise.objects.create(
            scenario=scenario.name,
            scenario_text=text,
            title=scenario.title,
            planned_at=plan.at,
            minutes=plan.minutes,
            animator=plan.animator.strip()[:200],
            invited=plan.invited.strip(),
            created_at=now,
            created_words=by.words[:200],
        )
        places = [_ward(row, known[ward.code], establishment, ward.observer) for ward in plan.wards]
        if scenario.gestures_of("cellule"):
            places.append(_cell(row, establishment, plan.cell_observer))
        Place.objects.bulk_create(places)
        facts.tell(
            facts.PREPARED, now, str(row), kind="decision", exercise=row.pk,
            scenario=scenario_word(row), wards=len(plan.wards), minutes=plan.minutes,
        )  # fmt: skip
    return row


def move(number: int, to: State, by: By, now: datetime) -> Exercise:
    """Start, pause, resume, end; give up one that is ready, or take it up again. Coming to where
    it already stands changes nothing.

    Raises ``NoExercise``, ``WrongMoment``, ``AnotherRuns``, ``RealCrisisOpen``.
    """
    with transaction.atomic():
        row = locked(number)
        if row.stands is to:
            return row
        starts = to is State.RUNNING
        if starts:
            _check_start(row)
        check_passage(row.stands, to)
        if row.stands is State.ENDED and starts:
            _check_within(row, now)
            row.ended_at = None
        resumed = starts and row.started_at is not None
        _pass(row, to, by, now)
        what = facts.RESUMED if resumed else _FACTS[to]
        facts.tell(what, now, str(row), kind="decision", exercise=row.pk)
        return row


def heed(now: datetime) -> Exercise | None:
    """End the live exercise when a real crisis is open: row, fact and line of the main courante in
    one transaction. None when there was nothing to end. Costs one look at a small index.
    """
    if not Exercise.objects.filter(live=True).exists():
        return None
    crisis = real_crisis()
    since = crisis.since()
    if since is None:
        return None
    with transaction.atomic():
        row = Exercise.objects.select_for_update().filter(live=True).first()
        if row is None:
            return None
        row.alarm_at = since
        _pass(row, State.INTERRUPTED, _AUTOMATIC, now)
        facts.tell(facts.INTERRUPTED, now, str(row), exercise=row.pk)
        crisis.note(
            f"Exercice {row.pk} avec les équipes interrompu à {hour(now)} par la crise réelle : "
            f"faire dire « {life.STOP_SENTENCE} » dans les services.",
            now,
        )
        return row


def declare_real(by: By, now: datetime) -> None:
    """« Ceci est réel »: open the crisis and end the exercise, in one act."""
    with transaction.atomic():
        real_crisis().open(by.words, by.account, _("vu pendant un exercice"), now)
        heed(now)


def locked(number: int) -> Exercise:
    """The row, held until the transaction ends; raises ``NoExercise``."""
    row = Exercise.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise NoExercise
    return row


def scenario_of(row: Exercise) -> FieldScenario:
    """As it was when the exercise was prepared."""
    return parse(row.scenario_text, row.scenario)


def scenario_word(row: Exercise) -> str:
    """What the ledger says of it: a shipped one's name; a file's name is the establishment's."""
    return row.scenario if row.scenario in shipped() else "propre à l'établissement"


def passages_of(row: Exercise) -> Sequence[life.Passage]:
    """Oldest first."""
    return [life.Passage(State(each.state), each.at) for each in row.passages.all()]


def _check_start(row: Exercise) -> None:
    if current_home().world is not World.REAL:
        raise NotInADrill
    if real_crisis().since() is not None:
        raise RealCrisisOpen
    other = Exercise.objects.filter(live=True).exclude(pk=row.pk).first()
    if other is not None:
        raise AnotherRuns(number=other.pk)


def _check_within(row: Exercise, now: datetime) -> None:
    if row.ended_at is None or now - row.ended_at > RESUME_WITHIN:
        raise WrongMoment(state=row.state)


def _pass(row: Exercise, to: State, by: By, now: datetime) -> None:
    row.state, row.live = to.value, to.live
    if to is State.RUNNING and row.started_at is None:
        row.started_at = now
    if to.over:
        row.ended_at = now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # another one was started by another process meanwhile
        raise AnotherRuns(number="déjà lancé") from error
    Passage.objects.create(
        exercise=row, state=to.value, at=now, by_id=by.account, by_words=by.words[:200]
    )


def _ward(row: Exercise, service: Service, where: Establishment, observer: str) -> Place:
    return Place(
        exercise=row,
        code=service.code,
        name=service.name[:200],
        perimeter=str(where.perimeter(service)),
        observer=observer.strip()[:200],
    )


def _cell(row: Exercise, where: Establishment, observer: str) -> Place:
    entity = home_perimeter()
    ej = str(entity) if entity else str(where.legal_entities[0].finess)
    return Place(
        exercise=row,
        code=CELL,
        name="Cellule de crise",
        perimeter=ej,
        cell=True,
        observer=observer.strip()[:200],
    )
