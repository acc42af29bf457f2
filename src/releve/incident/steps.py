"""The first acts of a crisis: a short ordered list read from ``first_steps.toml``, and which one
comes now. The order is the file's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from releve.incident.errors import UnknownStep
from releve.incident.logbook import Nature


class Answer(StrEnum):
    """What was made of a step. ``words`` go in the main courante."""

    REACHED = "joint"
    SILENT = "sans-reponse"
    UNKNOWN = "je-ne-sais-pas"
    DONE = "fait"
    IMPOSSIBLE = "impossible"
    GIVEN = "confie"
    #: Of a cut by hand.
    NOT_DONE = "pas-fait"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def settled(self) -> bool:
        """False while somebody must come back to it."""
        return self in (Answer.REACHED, Answer.DONE)


_WORDS = {
    Answer.REACHED: "quelqu'un a répondu",
    Answer.SILENT: "pas de réponse, à rappeler",
    Answer.UNKNOWN: "la personne de garde ne sait pas le faire",
    Answer.DONE: "fait",
    Answer.IMPOSSIBLE: "impossible maintenant",
    Answer.GIVEN: "confié, à vérifier",
    Answer.NOT_DONE: "pas fait",
}
_ANSWERS = {
    "call": (Answer.REACHED, Answer.SILENT, Answer.UNKNOWN),
    "do": (Answer.DONE, Answer.IMPOSSIBLE, Answer.UNKNOWN),
}


@dataclass(frozen=True)
class Step:
    """One act: ``title`` large, ``say`` the sentence to read out; ``source`` and ``status`` of the
    rule it comes from.
    """

    slug: str
    kind: str
    title: str
    say: str
    source: str
    status: str
    #: Who does it as a rule, in words.
    who: str
    #: The rota of ``oncall.ics`` whose person on watch is to be called; empty when there is none.
    rota: str = ""
    #: Keys under which the hospital's own list of crisis numbers may hold the number.
    contact: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[Answer, ...]:
        return _ANSWERS[self.kind]

    def line(self, answer: Answer, to: str = "") -> tuple[Nature, str]:
        """What the main courante says of it; ``to`` is whom it was given to."""
        if answer is Answer.GIVEN:
            return Nature.DECIDED, f"{self.title} → confié à {to}"
        return Nature.OBSERVED, f"{self.title} → {answer.words}"


@cache
def first_steps() -> tuple[Step, ...]:
    """Every step, in order."""
    text = files("releve.incident").joinpath("first_steps.toml").read_text("utf-8")
    steps = tomllib.loads(text)["step"]
    return tuple(Step(**{**each, "contact": tuple(each.get("contact", ()))}) for each in steps)


def step_named(slug: str) -> Step:
    """Raises :class:`~releve.incident.errors.UnknownStep`."""
    for step in first_steps():
        if step.slug == slug:
            return step
    raise UnknownStep(slug=slug[:40])


def next_step(answers: Mapping[str, Answer]) -> Step | None:
    """The first step nobody has answered, then the first to come back to; None when all is done."""
    for step in first_steps():
        if step.slug not in answers:
            return step
    return next((step for step in first_steps() if not answers[step.slug].settled), None)
