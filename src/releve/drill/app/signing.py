"""The report of an exercise, and its signature: what turns human times into « terrain »."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from releve.drill.app import facts
from releve.drill.app.after import presences, told_action, weights, weights_source
from releve.drill.app.desk import locked, passages_of, scenario_of, scenario_word
from releve.drill.app.models import Action, Exercise
from releve.drill.app.stamps import handed, marks_of
from releve.drill.app.who import By
from releve.drill.field.coverage import coverage
from releve.drill.field.errors import OneWitness, ReportChanged, TooShort, WrongMoment
from releve.drill.field.exercise import State, check_passage, played
from releve.drill.field.marks import GestureTimes, Place, human_times
from releve.drill.field.report import Life, Presence, Told, frozen, lines_of
from releve.drill.field.rules import rules
from releve.kernel.clock import iso
from releve.kernel.ids import Finess
from releve.kernel.perimeter import perimeter
from releve.pages.house import legal_entity
from releve.pages.models import Place as Known


def told(row: Exercise) -> Told:
    """All that can be said of an exercise that was played. Raises ``WrongMoment`` before."""
    if row.started_at is None or row.ended_at is None:
        raise WrongMoment(state=row.state)
    scenario, passages = scenario_of(row), passages_of(row)
    times = human_times(scenario, _places(row), marks_of(row), passages)
    given = handed(row)
    took_part = {t.place.unit for g in times for t in g.places if t.minutes is not None}
    entity = legal_entity()
    return Told(
        Life(
            row.pk,
            entity.name if entity else "",
            row.animator,
            row.planned_at,
            row.minutes,
            row.started_at,
            row.ended_at,
            round(played(passages, row.ended_at).total_seconds() / 60, 1),
            row.alarm_at is not None,
        ),
        scenario,
        times,
        {
            inject.slug: round(played(passages, given[inject.slug]).total_seconds() / 60, 1)
            if inject.slug in given
            else None
            for inject in scenario.injects
        },
        tuple(Presence(p.place.code, p.profession, p.count) for p in presences(row)),
        coverage(weights(), took_part, rules().coverage_percent),
        weights_source(),
        lines_of(row.worked),
        lines_of(row.failed),
        tuple(told_action(each) for each in _actions(row)),
    )


def sign(number: int, by: By, now: datetime, *, shown: str) -> Exercise:
    """Freeze the report and write its figures to the ledger, « terrain », in one transaction. The
    caller has just checked the account and its second factor; ``shown`` is the hash of what was
    read. Raises ``WrongMoment``, ``ReportChanged``, ``TooShort``, ``OneWitness``.
    """
    with transaction.atomic():
        row = locked(number)
        check_passage(row.stands, State.SIGNED)
        said = told(row)
        row.report, row.report_sha256 = frozen(said)
        if row.report_sha256 != shown:
            raise ReportChanged
        _check_worth(row, said, by)
        row.state, row.live = State.SIGNED.value, False
        row.signed_at, row.signed_by_id, row.signed_words = now, by.account, by.words[:200]
        row.save()
        row.passages.create(state=row.state, at=now, by_id=by.account, by_words=by.words[:200])
        _observe(row, said, now)
    return row


def check_worth(row: Exercise, by: By) -> None:
    """What :func:`sign` will check of the observation, before a code is used up. Raises
    ``WrongMoment``, ``TooShort``, ``OneWitness``.
    """
    _check_worth(row, told(row), by)


def _check_worth(row: Exercise, said: Told, by: By) -> None:
    least, played_minutes = rules().shortest_minutes, said.life.played_minutes
    if played_minutes < least:
        raise TooShort(played=f"{played_minutes:g}".replace(".", ","), least=f"{least:g}")
    witnesses = set(row.marks.exclude(place=None).values_list("by", flat=True))
    if by.account is not None and witnesses == {by.account}:
        raise OneWitness


def _observe(row: Exercise, said: Told, now: datetime) -> None:
    digest, ended = row.report_sha256, said.life.ended
    facts.observed(
        facts.SIGNED, ended, said.measured, "temps mesurés", digest, kind="decision",
        exercise=row.pk, scenario=scenario_word(row), signed=iso(now),
        wanted=said.wanted, interrupted=said.life.interrupted, account=row.signed_by_id,
    )  # fmt: skip
    for each in said.times:
        _observe_gesture(row.pk, each, digest, ended)
    if said.presences:
        facts.observed(
            facts.PRESENT, ended, said.present, "personnes", digest, exercise=row.pk,
            professions=len({each.profession for each in said.presences}),
        )  # fmt: skip
    if said.coverage.percent is not None:
        facts.observed(
            facts.COVERAGE, ended, said.coverage.percent, "%", digest, exercise=row.pk,
            rule=said.coverage.rule_percent, verdict=rules().validated_by,
        )  # fmt: skip


def _observe_gesture(number: int, each: GestureTimes, digest: str, ended: datetime) -> None:
    gesture = each.gesture
    for timed in each.places:
        if timed.minutes is None:
            continue
        where = perimeter(timed.place.unit)
        site = where.eg or Finess(where.ej)
        if where.eg:  # a proof under a site's number is read by those of its entity
            Known.objects.get_or_create(
                perimeter=f"{where.ej}/{where.eg}", defaults={"name": str(where.eg)}
            )
        facts.observed(
            facts.MINUTES, ended, timed.minutes, "min", digest, system=timed.place.code,
            site=site, exercise=number, gesture=gesture.slug, perimeter=timed.place.unit,
            how=timed.how, target=gesture.minutes, met=timed.met,
        )  # fmt: skip
    if each.median is not None:
        facts.observed(
            facts.MEDIAN, ended, each.median, "min", digest, exercise=number,
            gesture=gesture.slug, target=gesture.minutes, met=each.met,
        )  # fmt: skip


def _places(row: Exercise) -> list[Place]:
    return [Place(p.code, p.name, p.cell, p.perimeter) for p in row.places.all()]


def _actions(row: Exercise) -> list[Action]:
    """Those of this exercise, and those that earlier ones left open."""
    own = list(row.actions.all())
    earlier = Action.objects.filter(exercise__pk__lt=row.pk, closed_at=None)
    return [*own, *earlier]
