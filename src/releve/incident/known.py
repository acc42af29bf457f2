"""What is known and what is not: a short list of questions (``questions.toml``) to which « je ne
sais pas » is an answer. Each answer is a line of the main courante; the latest stands.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from releve.incident.errors import EmptyWords, UnknownQuestion


class Reply(StrEnum):
    """What is answered. ``words`` go in the main courante."""

    YES = "oui"
    NO = "non"
    UNKNOWN = "inconnu"
    #: The words typed are the answer.
    SAID = "dit"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Reply.YES: "oui",
    Reply.NO: "non",
    Reply.UNKNOWN: "on ne sait pas",
    Reply.SAID: "répondu",
}


@dataclass(frozen=True)
class Question:
    """One question; ``kind`` is ``yes`` or ``words``."""

    slug: str
    kind: str
    asks: str

    @property
    def replies(self) -> tuple[Reply, ...]:
        if self.kind == "yes":
            return (Reply.YES, Reply.NO, Reply.UNKNOWN)
        return (Reply.SAID, Reply.UNKNOWN)

    def line(self, reply: Reply, said: str) -> str:
        """What the main courante says. Raises ``UnknownQuestion`` for a reply of the other kind,
        ``EmptyWords`` when words are the answer and there are none.
        """
        if reply not in self.replies:
            raise UnknownQuestion(slug=self.slug)
        if reply is Reply.SAID:
            if not said.strip():
                raise EmptyWords(what=self.asks)
            return f"{self.asks} → {said.strip()}"
        beside = f" ({said.strip()})" if said.strip() else ""
        return f"{self.asks} → {reply.words}{beside}"


@cache
def questions() -> tuple[Question, ...]:
    """Every question, in order."""
    text = files("releve.incident").joinpath("questions.toml").read_text("utf-8")
    return tuple(Question(**fields) for fields in tomllib.loads(text)["question"])


def question_named(slug: str) -> Question:
    """Raises :class:`~releve.incident.errors.UnknownQuestion`."""
    for question in questions():
        if question.slug == slug:
            return question
    raise UnknownQuestion(slug=slug[:40])
