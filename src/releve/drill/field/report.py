"""What is kept of an exercise: one frozen text, its hash, and three sentences for the board."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from releve.drill.field.coverage import Coverage
from releve.drill.field.marks import GestureTimes
from releve.drill.field.scenario import FieldScenario
from releve.kernel.clock import iso

FORMAT = 1


@dataclass(frozen=True)
class Action:
    """What must be mended, by whom, before when; closed by a named person, with what proves it."""

    number: int
    exercise: int
    what: str
    owner: str
    due: date
    closed: datetime | None = None
    closed_by: str = ""
    proof: str = ""

    def late(self, today: date) -> bool:
        """True once its day has passed and nobody closed it."""
        return self.closed is None and self.due < today

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "exercise": self.exercise,
            "what": self.what,
            "owner": self.owner,
            "due": self.due.isoformat(),
            "closed": iso(self.closed) if self.closed else None,
            "closed_by": self.closed_by,
            "proof": self.proof,
        }


@dataclass(frozen=True)
class Presence:
    """How many people of one profession signed the sheet of one place."""

    place: str
    profession: str
    count: int


@dataclass(frozen=True)
class Life:
    """When an exercise was to be, was and ended; ``played`` in minutes, pauses left out."""

    number: int
    hospital: str
    animator: str
    planned: datetime
    planned_minutes: int
    started: datetime
    ended: datetime
    played_minutes: float
    interrupted: bool


@dataclass(frozen=True)
class Told:
    """All that a report says."""

    life: Life
    scenario: FieldScenario
    times: tuple[GestureTimes, ...]
    handed: Mapping[str, float | None]
    presences: tuple[Presence, ...]
    coverage: Coverage
    coverage_source: str
    worked: tuple[str, ...]
    failed: tuple[str, ...]
    actions: tuple[Action, ...]

    @property
    def wanted(self) -> int:
        """How many times were to be measured."""
        return sum(len(each.places) for each in self.times)

    @property
    def measured(self) -> int:
        """How many were."""
        return sum(t.minutes is not None for each in self.times for t in each.places)

    @property
    def present(self) -> int:
        """How many people signed."""
        return sum(each.count for each in self.presences)


def sentences(told: Told) -> tuple[str, str, str]:
    """What a director can repeat to the board."""
    kept = [each for each in told.times if each.met]
    timed = [each for each in told.times if each.median is not None]
    wards = sum(1 for place in {t.place for g in told.times for t in g.places} if not place.cell)
    people = f"{_many(told.present, 'personne')} émargée{'s' if told.present > 1 else ''}"
    first = f"{_many(wards, 'service')}, {people if told.presences else 'émargement non saisi'}."
    if timed:
        slow = [each.gesture.words for each in timed if not each.met]
        unseen = len(told.times) - len(timed)
        second = (
            f"{told.measured} temps humains mesurés sur {told.wanted} ; "
            f"{_many(len(kept), 'geste')} sur {len(told.times)} dans le délai visé"
            + (f", {_many(unseen, 'non mesuré')}" if unseen else "")
            + (f", à reprendre : {', '.join(slow)}." if slow else ".")
        )
    else:
        second = "Aucun temps humain n'a été mesuré."
    still = [action for action in told.actions if action.closed is None]
    third = (
        f"{_many(len(still), 'action')} à suivre."
        if still
        else "Aucune action à suivre n'est écrite."
    )
    if told.life.interrupted:
        third = f"Une alarme réelle a mis fin à l'exercice. {third}"
    return first, second, third


def to_json(told: Told) -> dict[str, Any]:
    """The report as plain values: minutes, counts, and words as they were typed."""
    life, coverage = told.life, told.coverage
    names = {timed.place.code: timed.place.name for each in told.times for timed in each.places}
    return {
        "format": FORMAT,
        "band": "EXERCICE",
        "reality": "terrain",
        "exercise": life.number,
        "hospital": life.hospital,
        "animator": life.animator,
        "scenario": told.scenario.name,
        "title": told.scenario.title,
        "planned_at": iso(life.planned),
        "planned_minutes": life.planned_minutes,
        "started_at": iso(life.started),
        "ended_at": iso(life.ended),
        "played_minutes": life.played_minutes,
        "interrupted_by_a_real_alarm": life.interrupted,
        "sentences": list(sentences(told)),
        "times": [_times(each) for each in told.times],
        "measured": told.measured,
        "wanted": told.wanted,
        "injects": [
            {
                "slug": inject.slug,
                "title": inject.title,
                "planned_minute": told.scenario.at(inject, life.planned_minutes),
                "handed_minute": told.handed.get(inject.slug),
            }
            for inject in told.scenario.injects
        ],
        "attendance": [
            {
                "place": each.place,
                "name": names.get(each.place, each.place),
                "profession": each.profession,
                "count": each.count,
            }
            for each in told.presences
        ],
        "present": told.present if told.presences else None,
        "coverage": {
            "percent": coverage.percent,
            "rule_percent": coverage.rule_percent,
            "above": coverage.above,
            "covered": list(coverage.covered),
            "left": list(coverage.left),
            "weights": told.coverage_source,
        },
        "worked": list(told.worked),
        "failed": list(told.failed),
        "actions": [action.to_json() for action in told.actions],
    }


def frozen(told: Told) -> tuple[str, str]:
    """The text that is kept, and its SHA-256: the same facts give the same bytes."""
    text = json.dumps(to_json(told), ensure_ascii=False, sort_keys=True, indent=1)
    return text, fingerprint(text)


def fingerprint(text: str) -> str:
    """SHA-256 of a report's text, 64 hex digits."""
    return sha256(text.encode("utf-8")).hexdigest()


def _times(each: GestureTimes) -> dict[str, Any]:
    gesture = each.gesture
    return {
        "gesture": gesture.slug,
        "words": gesture.words,
        "who": gesture.who,
        "target_minutes": gesture.minutes,
        "target_source": gesture.source,
        "target_status": gesture.status,
        "median_minutes": each.median,
        "met": each.met,
        "places": [
            {
                "code": timed.place.code,
                "name": timed.place.name,
                "minutes": timed.minutes,
                "how": timed.how or None,
                "met": timed.met,
            }
            for timed in each.places
        ],
    }


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count > 1 else ''}"


def target_sources(values: Mapping[str, Any]) -> list[str]:
    """Where the targets of a report come from, each said once."""
    said = [f"{each['target_source']} ({each['target_status']})" for each in values["times"]]
    return list(dict.fromkeys(said))


def lines_of(text: str, most: int = 12) -> tuple[str, ...]:
    """What people typed one thing a line; blank lines left out."""
    kept: Sequence[str] = [" ".join(line.split()) for line in text.splitlines()]
    return tuple(line for line in kept if line)[:most]
