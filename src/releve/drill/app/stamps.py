"""Taps, hours and cards handed over: written once, corrected by later rows, never erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from releve.drill.app.desk import heed, locked, scenario_of
from releve.drill.app.models import Exercise, Mark, Place
from releve.drill.app.who import By
from releve.drill.field import marks
from releve.drill.field.errors import (
    AlreadySigned,
    BeforeStart,
    UnknownGesture,
    WrongMoment,
)
from releve.drill.field.exercise import State
from releve.kernel.units import PARIS

TAPPED, TYPED, PAPER, WITHDRAWN = "touche", "heure écrite", "papier", "retiré"
_AHEAD = timedelta(minutes=1)


@dataclass(frozen=True)
class Typed:
    """An hour of the day as somebody wrote it, « 03:12 »; ``how`` is :data:`TYPED` or
    :data:`PAPER`.
    """

    hour: str
    how: str = TYPED


def tap(place: Place, what: str, by: By, now: datetime, ticket: str | None) -> Mark | None:
    """It is done now. A gesture that stands already keeps its hour: the first tap counts.

    None when a real alarm has just ended the exercise. Raises ``WrongMoment``, ``UnknownGesture``.
    """
    heed(now)
    with transaction.atomic():
        row = locked(place.exercise_id)
        if (sent := _sent(ticket)) is not None:
            return sent
        _check_gesture(row, place, what)
        if row.stands is not State.RUNNING:
            raise WrongMoment(state=row.state)
        stands = _last(place, what)
        if stands is not None and stands.at is not None:
            return stands
        return _write(row, place, what, now, TAPPED, by, now, ticket)


def type_hour(
    place: Place, what: str, typed: Typed, by: By, now: datetime, ticket: str | None
) -> Mark:
    """It was done at that hour; replaces what stood. Raises ``BeforeStart``, ``WrongMoment``,
    ``AlreadySigned``, ``UnknownGesture``.
    """
    heed(now)
    with transaction.atomic():
        row = locked(place.exercise_id)
        if (sent := _sent(ticket)) is not None:
            return sent
        _check_gesture(row, place, what)
        at = moment_within(row, typed.hour, now)
        return _write(row, place, what, at, typed.how, by, now, ticket)


def withdraw(place: Place, what: str, by: By, now: datetime, ticket: str | None) -> Mark:
    """It was a mistake: a new row says so, and the former stays. Raises as above."""
    heed(now)
    with transaction.atomic():
        row = locked(place.exercise_id)
        if (sent := _sent(ticket)) is not None:
            return sent
        _check_gesture(row, place, what)
        _check_writable(row)
        return _write(row, place, what, None, WITHDRAWN, by, now, ticket)


def hand(number: int, slug: str, by: By, now: datetime, ticket: str | None, *, done: bool) -> Mark:
    """A card was handed over, or was not after all. Raises ``UnknownGesture``, ``WrongMoment``."""
    heed(now)
    with transaction.atomic():
        row = locked(number)
        if (sent := _sent(ticket)) is not None:
            return sent
        if slug not in {inject.slug for inject in scenario_of(row).injects}:
            raise UnknownGesture(slug=slug[:40])
        if not row.live:
            raise WrongMoment(state=row.state)
        stands = row.marks.filter(place=None, what=slug).last()
        if done and stands is not None and stands.at is not None:
            return stands
        at, how = (now, TAPPED) if done else (None, WITHDRAWN)
        return _write(row, None, slug, at, how, by, now, ticket)


def standing(row: Exercise) -> dict[tuple[str, str], marks.Mark]:
    """What stands of each (place's code, gesture)."""
    return marks.standing(marks_of(row))


def handed(row: Exercise) -> dict[str, datetime]:
    """Slug of each inject handed over → when."""
    last = {mark.what: mark.at for mark in row.marks.filter(place=None)}
    return {slug: at for slug, at in last.items() if at is not None}


def marks_of(row: Exercise) -> list[marks.Mark]:
    """Every mark of a gesture, oldest first."""
    rows = row.marks.exclude(place=None).select_related("place")
    return [marks.Mark(m.place.code, m.what, m.at, m.how) for m in rows if m.place is not None]


def moment_within(row: Exercise, text: str, now: datetime) -> datetime:
    """« 03:12 » or « 3 h 12 » in Paris, on the first day it falls within the exercise.

    Raises :class:`BeforeStart`, ``WrongMoment`` before the start, ``AlreadySigned``.
    """
    _check_writable(row)
    if row.started_at is None:
        raise WrongMoment(state=row.state)
    hours, _, minutes = text.strip().lower().replace("h", ":").replace(" ", "").partition(":")
    if not _in_range(hours, 24) or not _in_range(minutes or "0", 60):
        raise BeforeStart(hour=f"« {text[:20]} »")
    start = row.started_at.astimezone(PARIS)
    typed = start.replace(hour=int(hours), minute=int(minutes or 0), second=0, microsecond=0)
    # « 08:00 » for an exercise begun at 08:00:40 is its very first minute.
    if typed < start.replace(second=0, microsecond=0):
        typed += timedelta(days=1)
    last = min(now, row.ended_at) if row.ended_at else now
    if typed > last.astimezone(PARIS) + _AHEAD:
        raise BeforeStart(hour=f"« {text[:20]} »")
    return max(typed, start).astimezone(now.tzinfo)


def _in_range(text: str, stop: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < stop


def _check_gesture(row: Exercise, place: Place, what: str) -> None:
    wanted = "cellule" if place.cell else "service"
    known = {gesture.slug for gesture in scenario_of(row).gestures if gesture.who == wanted}
    if what not in known:
        raise UnknownGesture(slug=what[:40])


def _check_writable(row: Exercise) -> None:
    if row.stands is State.SIGNED:
        raise AlreadySigned
    if row.stands in (State.READY, State.DROPPED):
        raise WrongMoment(state=row.state)


def _sent(ticket: str | None) -> Mark | None:
    return Mark.objects.filter(ticket=ticket).first() if ticket else None


def _last(place: Place, what: str) -> Mark | None:
    return place.marks.filter(what=what).last()


def _write(
    row: Exercise,
    place: Place | None,
    what: str,
    at: datetime | None,
    how: str,
    by: By,
    now: datetime,
    ticket: str | None,
) -> Mark:
    return Mark.objects.create(
        exercise=row,
        place=place,
        what=what,
        at=at,
        how=how,
        written_at=now,
        by_id=by.account,
        by_words=by.words[:200],
        ticket=ticket[:120] if ticket else None,
    )
