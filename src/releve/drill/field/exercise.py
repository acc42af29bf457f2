"""The life of an exercise: which act is possible when, and how long it has really run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from releve.drill.field.errors import WrongMoment

#: Said by anybody, it stops everything.
STOP_SENTENCE = "Fin d'exercice, ceci est réel."
#: Said before any message, call or card of the exercise.
SPOKEN = "Exercice, exercice, exercice."


class State(StrEnum):
    """Where an exercise stands."""

    READY = "prêt"
    RUNNING = "en cours"
    PAUSED = "en pause"
    ENDED = "terminé"
    INTERRUPTED = "interrompu"
    SIGNED = "signé"
    DROPPED = "abandonné"

    @property
    def live(self) -> bool:
        """True while people are playing, pauses included."""
        return self in (State.RUNNING, State.PAUSED)

    @property
    def over(self) -> bool:
        """True once it was played, whatever stopped it."""
        return self in (State.ENDED, State.INTERRUPTED, State.SIGNED)


_ALLOWED = {
    State.READY: {State.RUNNING, State.DROPPED},
    State.DROPPED: {State.READY},
    State.RUNNING: {State.PAUSED, State.ENDED, State.INTERRUPTED},
    State.PAUSED: {State.RUNNING, State.ENDED, State.INTERRUPTED},
    State.ENDED: {State.SIGNED, State.RUNNING},  # running again: ended by mistake
    State.INTERRUPTED: {State.SIGNED},
    State.SIGNED: set(),
}


@dataclass(frozen=True)
class Passage:
    """The exercise came to ``state`` at ``at``."""

    state: State
    at: datetime


def check_passage(now: State, to: State) -> None:
    """Raise :class:`~releve.drill.field.errors.WrongMoment` when ``to`` cannot follow ``now``."""
    if to not in _ALLOWED[now]:
        raise WrongMoment(state=now.value)


def played(passages: Sequence[Passage], at: datetime) -> timedelta:
    """How long people had played by ``at``: from the start, pauses left out, no further than the
    end. Zero before the start.
    """
    total, running_since = timedelta(0), None
    for passage in sorted(passages, key=lambda each: each.at):
        if passage.at > at:
            break
        if running_since is not None:
            total += passage.at - running_since
        running_since = passage.at if passage.state is State.RUNNING else None
    if running_since is not None:
        total += max(timedelta(0), at - running_since)
    return total


def remaining(passages: Sequence[Passage], minutes: int, now: datetime) -> timedelta:
    """What is left of the planned length; negative when it is exceeded."""
    return timedelta(minutes=minutes) - played(passages, now)
