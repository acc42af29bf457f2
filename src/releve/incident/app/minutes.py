"""The first ten minutes: what is known, what was cut by hand, what was told to whom. Each is a line
of the main courante; this reads the latest back. Times are given by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_noop as _

from releve.incident.app.desk import Draft, write
from releve.incident.app.models import Incident, LogEntry
from releve.incident.errors import UnknownCut
from releve.incident.known import Question, Reply, question_named, questions
from releve.incident.logbook import Author, Nature, Topic, clean
from releve.incident.steps import Answer, first_steps
from releve.pages import delegation_desk
from releve.pages.cuts import Cut, cuts_with, slug_of

#: What may be typed beside an answer.
MOST = 300
_CUT_WORDS = {
    Answer.DONE: "coupé, à la main",
    Answer.NOT_DONE: "pas coupé",
    Answer.IMPOSSIBLE: "impossible à couper maintenant",
}


@dataclass(frozen=True)
class KnownShown:
    """A question and the latest answer to it; ``line`` None while nobody answered."""

    question: Question
    line: LogEntry | None

    @property
    def reply(self) -> Reply | None:
        return Reply(self.line.answer) if self.line else None

    @property
    def known(self) -> bool:
        """False while it is unanswered, or « on ne sait pas »."""
        return self.reply not in (None, Reply.UNKNOWN)


@dataclass(frozen=True)
class CutShown:
    """A cut by hand: under which delegation one person may decide it, and the latest answer."""

    cut: Cut
    number: int | None
    signed_at: datetime | None
    until: date | None
    who: str
    line: LogEntry | None

    @property
    def answer(self) -> Answer | None:
        return Answer(self.line.answer) if self.line else None


@dataclass(frozen=True)
class ToldShown:
    """Somebody who was told: ``whom`` and ``what`` in words."""

    whom: str
    what: str
    line: LogEntry

    @property
    def typed(self) -> bool:
        """True when somebody noted it; else it is the sentence of a call that was answered."""
        return self.line.topic == Topic.TOLD


def know(
    by: Author, slug: str, reply: Reply, said: str, now: datetime, ticket: str | None
) -> LogEntry:
    """Answer a question. Raises ``UnknownQuestion``, ``EmptyWords``, ``TooLong``, ``NoCrisis``."""
    words = clean(said, _("la réponse"))[:MOST] if said.strip() else ""
    text = question_named(slug).line(reply, words)
    draft = Draft(Nature.OBSERVED, text, None, None, ticket, Topic.KNOWN, slug, reply, words)
    return write(by, draft, now)


def cut(
    by: Author, slug: str, answer: Answer, under: int | None, now: datetime, ticket: str | None
) -> LogEntry:
    """Say what was made of a cut by hand. ``under`` is the delegation by which ``by`` decides it.

    Raises :class:`~releve.incident.errors.UnknownCut`, ``NoCrisis``.
    """
    known = {each.slug: each for each in _known_cuts(now)}
    if slug not in known or answer not in _CUT_WORDS:
        raise UnknownCut(slug=slug[:40])
    text = f"{known[slug].words} : {_CUT_WORDS[answer]}"
    if under is not None:
        text += f", sous la délégation n° {under}"
    nature = Nature.DECIDED if answer is Answer.DONE else Nature.OBSERVED
    draft = Draft(nature, text, None, None, ticket, Topic.CUT, slug, answer)
    return write(by, draft, now)


def tell_of(by: Author, whom: str, what: str, now: datetime, ticket: str | None) -> LogEntry:
    """Note that somebody was told something. Raises ``EmptyWords``, ``TooLong``, ``NoCrisis``."""
    name, words = clean(whom, _("à qui"))[:MOST], clean(what, _("ce qui a été dit"))
    text = f"Dit à {name} : {words}"
    return write(by, Draft(Nature.OBSERVED, text, topic=Topic.TOLD, said=name, ticket=ticket), now)


def known(incident: Incident) -> list[KnownShown]:
    """Every question with the latest answer to it."""
    last = _latest(incident, Topic.KNOWN)
    return [KnownShown(question, last.get(question.slug)) for question in questions()]


def cuts(incident: Incident, now: datetime) -> list[CutShown]:
    """The cuts that one may have to make, each with the latest answer to it."""
    last, shown = _latest(incident, Topic.CUT), []
    delegated: dict[str, delegation_desk.Live] = {}
    for each in delegation_desk.live(now):
        for words in each.cuts:
            delegated.setdefault(slug_of(words), each)
    for each_cut in _known_cuts(now):
        under = delegated.get(each_cut.slug)
        line = last.get(each_cut.slug)
        if under is None:
            shown.append(CutShown(each_cut, None, None, None, "", line))
        else:
            shown.append(
                CutShown(each_cut, under.number, under.signed_at, under.until, under.who, line)
            )
    return shown


def told(incident: Incident) -> list[ToldShown]:
    """Who was told what, oldest first: calls that somebody answered, and what was noted."""
    steps = {step.slug: step for step in first_steps()}
    found = []
    for line in incident.lines.filter(topic__in=(Topic.STEP, Topic.TOLD)):
        if line.topic == Topic.TOLD:
            words = line.text.removeprefix(f"Dit à {line.said} : ")
            found.append(ToldShown(line.said, words, line))
        elif line.answer == Answer.REACHED and line.step in steps:
            step = steps[line.step]
            found.append(ToldShown(step.title, step.say, line))
    return found


def _latest(incident: Incident, topic: Topic) -> Mapping[str, LogEntry]:
    return {line.step: line for line in incident.lines.filter(topic=topic)}


def _known_cuts(now: datetime) -> tuple[Cut, ...]:
    return cuts_with(words for each in delegation_desk.live(now) for words in each.cuts)
