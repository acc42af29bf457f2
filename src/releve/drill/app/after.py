"""After the exercise: who was there, what was said, what must be mended, what activity weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from releve.drill.app import facts
from releve.drill.app.desk import locked
from releve.drill.app.models import Action, ActivityWeight, Exercise, Presence
from releve.drill.app.who import By
from releve.drill.field.coverage import Weight
from releve.drill.field.errors import AlreadySigned, BadFigure, MissingWords, NoExercise
from releve.drill.field.exercise import State
from releve.drill.field.report import Action as Told
from releve.drill.field.rules import rules
from releve.pages.telling import commit

MAX_TEXT = 4000
_MOST_PEOPLE, _MOST_WEIGHT = 500, 100_000_000


@dataclass(frozen=True)
class ActionDraft:
    """What, who, before when."""

    what: str
    owner: str
    due: date


@dataclass(frozen=True)
class Weights:
    """What the establishment entered: unit → value, with the source and year of the figures."""

    values: Mapping[str, tuple[str, float]]
    source: str
    year: int


def write_attendance(number: int, counts: Mapping[tuple[int, str], int]) -> None:
    """Replace the counts of an exercise: (place's pk, profession) → people; zeros are left out.

    Raises ``NoExercise``, ``AlreadySigned``, ``BadFigure``.
    """
    with transaction.atomic():
        row = _open(number)
        places = {place.pk: place for place in row.places.all()}
        kept = []
        for (pk, profession), count in counts.items():
            if pk not in places or profession not in rules().professions:
                continue
            if not 0 <= count <= _MOST_PEOPLE:
                raise BadFigure(text=count, what=_("un effectif"), least=0, most=_MOST_PEOPLE)
            if count:
                kept.append(Presence(place=places[pk], profession=profession, count=count))
        Presence.objects.filter(place__exercise=row).delete()
        Presence.objects.bulk_create(kept)


def write_debrief(number: int, worked: str, failed: str) -> None:
    """The hot debrief, one thing a line. Raises ``NoExercise``, ``AlreadySigned``."""
    with transaction.atomic():
        row = _open(number)
        row.worked, row.failed = worked[:MAX_TEXT].strip(), failed[:MAX_TEXT].strip()
        row.save(update_fields=["worked", "failed"])


def open_action(number: int, draft: ActionDraft, now: datetime, ticket: str | None) -> Action:
    """An action of this exercise, written before or after the signature. Raises ``NoExercise``,
    ``MissingWords``.
    """
    what, owner = " ".join(draft.what.split())[:500], " ".join(draft.owner.split())[:200]
    if not what or not owner:
        raise MissingWords(what=_("ce qui est à faire, et par qui"))
    with transaction.atomic():
        row = locked(number)
        if ticket and (sent := Action.objects.filter(ticket=ticket).first()):
            return sent
        action = Action.objects.create(
            exercise=row,
            what=what,
            owner=owner,
            due=draft.due,
            opened_at=now,
            commitment=commit(what),
            ticket=ticket[:120] if ticket else None,
        )
        facts.tell(
            facts.ACTION_OPENED, now, str(action), kind="decision", exercise=row.pk,
            due=draft.due.isoformat(), commitments={"text": action.commitment},
        )  # fmt: skip
        return action


def close_action(number: int, who: str, proof: str, now: datetime) -> Action:
    """Close an action, in somebody's name, with what proves it; closed twice, the first stands.

    Raises ``NoExercise`` (no such action), ``MissingWords``.
    """
    name, said = " ".join(who.split())[:200], " ".join(proof.split())[:500]
    if not name or not said:
        raise MissingWords(what=_("le nom de qui la clôt, et ce qui le prouve"))
    with transaction.atomic():
        action = Action.objects.select_for_update().filter(pk=number).first()
        if action is None:
            raise NoExercise
        if action.closed_at is not None:
            return action
        action.closed_at, action.closed_words, action.proof = now, name, said
        action.save()
        facts.tell(
            facts.ACTION_CLOSED, now, str(action), kind="decision",
            exercise=action.exercise_id, commitments={"proof": commit(f"{name} : {said}")},
        )  # fmt: skip
        return action


def open_actions() -> list[Action]:
    """What earlier exercises left to do, the most urgent first."""
    return list(Action.objects.filter(closed_at=None).select_related("exercise"))


def told_action(action: Action) -> Told:
    """As the report tells it."""
    return Told(
        action.pk,
        action.exercise_id,
        action.what,
        action.owner,
        action.due,
        action.closed_at,
        action.closed_words,
        action.proof,
    )


def write_weights(weights: Weights, by: By, now: datetime) -> None:
    """Replace every weight. Raises ``MissingWords`` (no source), ``BadFigure``."""
    source = " ".join(weights.source.split())[:200]
    if not source:
        raise MissingWords(what=_("la source de ces chiffres (SAE, PMSI, contrôle de gestion…)"))
    if not 2000 <= weights.year <= now.year:
        raise BadFigure(text=weights.year, what=_("l'année"), least=2000, most=now.year)
    for name, value in weights.values.values():
        if not 0 <= value <= _MOST_WEIGHT:
            raise BadFigure(text=value, what=name, least=0, most=_MOST_WEIGHT)
    rows = [
        ActivityWeight(
            unit=unit,
            name=name[:200],
            value=value,
            source=source,
            year=weights.year,
            entered_at=now,
            entered_words=by.words[:200],
        )
        for unit, (name, value) in weights.values.items()
        if value
    ]
    with transaction.atomic():
        ActivityWeight.objects.all().delete()
        ActivityWeight.objects.bulk_create(rows)


def weights() -> list[Weight]:
    """What was entered."""
    return [Weight(row.unit, row.name, row.value) for row in ActivityWeight.objects.all()]


def weights_source() -> str:
    """« PMSI 2025, année 2025, saisi par Mme Martin »; empty before."""
    row = ActivityWeight.objects.first()
    return f"{row.source}, année {row.year}, saisi par {row.entered_words}" if row else ""


def presences(row: Exercise) -> Sequence[Presence]:
    """The counts of an exercise, place by place."""
    return list(Presence.objects.filter(place__exercise=row).select_related("place"))


def _open(number: int) -> Exercise:
    row = locked(number)
    if row.stands is State.SIGNED:
        raise AlreadySigned
    return row
