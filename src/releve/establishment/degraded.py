"""What a service says of itself without software: the head's answers, the DMIA that follows, the
degraded-mode sheet.

The horizons, the scale's threshold and the rule of the DMIA stand in ``interview.toml``, with their
source; their status is « recommendation ». Times are aware, UTC. An answer that is not known stays
unknown: nothing is guessed from it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files

from releve.establishment.model import Establishment, Priority, Service, ServiceKind


class Impact(StrEnum):
    """How bad an interruption of that length is; the value is what rows hold."""

    HINDRANCE = "hindrance"
    LATE = "late"
    STOPPED = "stopped"
    DANGER = "danger"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        return _IMPACTS[self]

    @property
    def grade(self) -> int:
        """0 = a hindrance, 3 = danger; -1 = not known."""
        return _GRADES.index(self) - 1


_IMPACTS = {
    Impact.HINDRANCE: "gêne",
    Impact.LATE: "retards, sans conséquence pour les patients",
    Impact.STOPPED: "des actes essentiels ne se font plus",
    Impact.DANGER: "danger pour des patients",
    Impact.UNKNOWN: "je ne sais pas",
}
_GRADES = (Impact.UNKNOWN, Impact.HINDRANCE, Impact.LATE, Impact.STOPPED, Impact.DANGER)


class Way(StrEnum):
    """What is done instead of a thing that is lost."""

    PAPER = "paper"
    PHONE = "phone"
    RUNNER = "runner"
    OTHER_SERVICE = "other-service"
    OTHER_TOOL = "other-tool"
    STOP = "stop"
    UNUSED = "unused"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        return _WAYS[self]


_WAYS = {
    Way.PAPER: "on passe au papier",
    Way.PHONE: "on téléphone",
    Way.RUNNER: "on se déplace, ou un coursier",
    Way.OTHER_SERVICE: "un autre service nous dépanne",
    Way.OTHER_TOOL: "un autre logiciel ou appareil",
    Way.STOP: "rien : on arrête",
    Way.UNUSED: "on ne s'en sert pas",
    Way.UNKNOWN: "je ne sais pas",
}


class Tried(StrEnum):
    """Whether what is done instead was ever done for real."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        return _TRIED[self]


_TRIED = {
    Tried.YES: "déjà essayé",
    Tried.NO: "jamais essayé",
    Tried.UNKNOWN: "je ne sais pas si cela a été essayé",
}


@dataclass(frozen=True, slots=True)
class At:
    """One horizon: how long without software, how bad, and what is done then (may be empty)."""

    after: timedelta
    impact: Impact
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Reliance:
    """Something the service relies on: a ``node`` of the establishment, or free ``words`` alone."""

    node: str
    words: str
    way: Way
    instead: str = ""
    tried: Tried = Tried.UNKNOWN

    @property
    def used(self) -> bool:
        """False when the head says that it is not used."""
        return self.way is not Way.UNUSED

    @property
    def said(self) -> str:
        """What is done instead, in one sentence."""
        if not self.instead:
            return self.way.words
        known = self.way not in (Way.UNKNOWN, Way.OTHER_TOOL)
        return f"{self.way.words} : {self.instead}" if known else self.instead


@dataclass(frozen=True, slots=True)
class DegradedSheet:
    """One version of one service's answers, signed; a correction is the next version.

    ``staff``, ``paper`` and ``call`` are the head's own words, empty when not said: the least
    staff, the paper to have, who to call. ``on_behalf``: somebody else filled it for the service.
    ``entered_by``: the name of the account it was signed with, whatever name ``by`` declares.
    """

    service: str
    version: int
    answered: datetime
    by: str
    function: str
    horizons: tuple[At, ...]
    pdma: timedelta | None
    relies_on: tuple[Reliance, ...]
    staff: str = ""
    paper: str = ""
    call: str = ""
    on_behalf: bool = False
    entered_by: str = ""

    @property
    def dmia(self) -> timedelta | None:
        """The last horizon said acceptable before the first that is not (0 = no interruption at
        all); the longest horizon when all are acceptable; None when the answers do not conclude.
        """
        return dmia_of(self.horizons)

    @property
    def first_unacceptable(self) -> timedelta | None:
        """From which horizon an interruption is not accepted; None when none is said to be."""
        return next((at.after for at in self.horizons if unacceptable(at.impact)), None)

    @property
    def untried(self) -> tuple[Reliance, ...]:
        """What is done instead and was never tried."""
        return tuple(r for r in self.relies_on if r.used and r.tried is not Tried.YES)

    def at(self, after: timedelta) -> At | None:
        """The answer about one horizon."""
        return next((each for each in self.horizons if each.after == after), None)

    @property
    def digest(self) -> str:
        """SHA-256 over every answer: two sheets that say the same have the same."""
        said = asdict(self)
        if not self.entered_by:  # sheets signed before it was kept have the digest they had
            del said["entered_by"]
        text = json.dumps(said, default=str, ensure_ascii=False, sort_keys=True)
        return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Choice:
    """A duration and the words people read for it."""

    span: timedelta
    words: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What D2 O1.C wants covered: its words and the kinds of service that cover it."""

    words: str
    kinds: frozenset[ServiceKind]


@dataclass(frozen=True, slots=True)
class Family:
    """Words people say for a thing, and words that its name holds."""

    spoken: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """``interview.toml``, read."""

    version: str
    status: str
    source: str
    rule: str
    unacceptable: frozenset[Impact]
    max_age: timedelta
    horizons: tuple[Choice, ...]
    losses: tuple[Choice, ...]
    coverage: tuple[Wanted, ...]
    families: tuple[Family, ...]


@cache
def rules() -> Rules:
    """What is asked and how it is read, with its source."""
    text = files("releve.establishment").joinpath("interview.toml").read_text("utf-8")
    found = tomllib.loads(text)

    def choices(name: str) -> tuple[Choice, ...]:
        return tuple(Choice(timedelta(minutes=x["minutes"]), x["words"]) for x in found[name])

    return Rules(
        found["version"],
        found["status"],
        found["source"],
        found["rule"],
        frozenset(Impact(each) for each in found["unacceptable"]),
        timedelta(days=found["max_age_days"]),
        choices("horizon"),
        choices("loss"),
        tuple(
            Wanted(x["words"], frozenset(map(ServiceKind, x["kinds"]))) for x in found["coverage"]
        ),
        tuple(Family(tuple(x["spoken"]), tuple(x["named"])) for x in found["family"]),
    )


def unacceptable(impact: Impact) -> bool:
    """Whether an interruption with that impact is refused."""
    return impact in rules().unacceptable


def dmia_of(horizons: Iterable[At]) -> timedelta | None:
    """See :attr:`DegradedSheet.dmia`; the horizons in their order."""
    held = timedelta(0)
    unknown = False
    for at in horizons:
        if unacceptable(at.impact):
            return None if unknown and not held else held
        if at.impact is Impact.UNKNOWN:
            unknown = True
        elif not unknown:
            held = at.after
    return None if unknown or not held else held


def at_least(horizons: Iterable[At]) -> timedelta:
    """The longest horizon said acceptable before anything else: what is known when the DMIA is
    not; 0 when nothing is.
    """
    held = timedelta(0)
    for at in horizons:
        if at.impact is Impact.UNKNOWN or unacceptable(at.impact):
            return held
        held = at.after
    return held


def lessening(horizons: Iterable[At]) -> tuple[At, ...]:
    """Answers that say a longer interruption is less bad than a shorter one: to be read again."""
    worst, found = -1, []
    for at in horizons:
        if at.impact is Impact.UNKNOWN:
            continue
        if at.impact.grade < worst:
            found.append(at)
        worst = max(worst, at.impact.grade)
    return tuple(found)


class State(StrEnum):
    """Where a service's interview stands; the value is the mark and the word people read."""

    FRESH = "● répondu"
    OLD = "◐ à reprendre : plus d'un an"
    MISSING = "○ à faire"


def state(sheet: DegradedSheet | None, now: datetime) -> State:
    """The state of one service's interview."""
    if sheet is None:
        return State.MISSING
    return State.OLD if now - sheet.answered > rules().max_age else State.FRESH


def proposals(establishment: Establishment, service: Service) -> tuple[tuple[str, bool], ...]:
    """What the folder knows of a service: (node, whether the service stops without it), what stops
    it first; what only hinders it after.
    """
    needs = dict.fromkeys(d.needs for d in establishment.dependencies if d.node == service.node)
    hinders = [a.id for a in establishment.applications if service.code in a.used_by]
    return (
        *((node, True) for node in needs),
        *((node, False) for node in hinders if node not in needs),
    )


@dataclass(frozen=True, slots=True)
class Covered:
    """One line of D2 O1.C's coverage: the services that a fresh interview covers."""

    words: str
    services: tuple[Service, ...]
    waiting: tuple[Service, ...]


def coverage(
    establishment: Establishment, sheets: dict[str, DegradedSheet], now: datetime
) -> tuple[Covered, ...]:
    """Which of what D2 O1.C wants has a fresh interview that concludes on a DMIA."""

    def covered(service: Service) -> bool:
        sheet = sheets.get(service.code)
        fresh = sheet is not None and state(sheet, now) is State.FRESH
        return sheet is not None and fresh and sheet.dmia is not None

    found = []
    for wanted in rules().coverage:
        concerned = [s for s in establishment.services if s.kind in wanted.kinds]
        done = tuple(s for s in concerned if covered(s))
        found.append(Covered(wanted.words, done, tuple(s for s in concerned if s not in done)))
    return tuple(found)


def silent_vital(
    establishment: Establishment, sheets: dict[str, DegradedSheet]
) -> tuple[Service, ...]:
    """P0 services without any interview."""
    return tuple(
        s for s in establishment.services if s.priority is Priority.P0 and s.code not in sheets
    )
