"""What the two pages ask, from what the folder knows; what a browser sends back, cleaned.

``Answers`` are plain values that a draft keeps; nothing in them is required: « je ne sais pas » is
an answer everywhere, and so is nothing at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from releve.establishment import Establishment, Service
from releve.establishment.degraded import (
    At,
    DegradedSheet,
    Impact,
    Reliance,
    Tried,
    Way,
    proposals,
    rules,
)
from releve.establishment.faults import shown

#: ``horizons`` {minutes: {impact, instead}}, ``pdma`` minutes or "", ``staff``, ``paper``,
#: ``call``, ``relies`` [{node, words, way, instead, tried}].
Answers = dict[str, Any]
MOST = 400
FREE = 2
_UNSAID = ""
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Option:
    """One answer to touch."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True)
class HorizonAsked:
    """« Sans logiciel pendant 4 h »."""

    minutes: int
    words: str
    options: tuple[Option, ...]
    instead: str


@dataclass(frozen=True)
class RelianceAsked:
    """A thing that the service may rely on; ``field`` ends the names of its inputs. ``free`` = its
    name is typed.
    """

    field: str
    node: str
    name: str
    stops: bool
    options: tuple[Option, ...]
    instead: str
    tried: bool
    free: bool = False


def horizons_asked(answers: Answers) -> tuple[HorizonAsked, ...]:
    """The four questions of the first page."""
    found = []
    for choice in rules().horizons:
        minutes = _minutes(choice.span)
        said = answers.get("horizons", {}).get(str(minutes), {})
        options = _options(Impact, said.get("impact", _UNSAID))
        found.append(HorizonAsked(minutes, choice.words, options, said.get("instead", "")))
    return tuple(found)


def losses_asked(answers: Answers) -> tuple[Option, ...]:
    """How much noted data may be lost."""
    chosen = answers.get("pdma", _UNSAID)
    known = [(str(_minutes(choice.span)), choice.words) for choice in rules().losses]
    every = [*known, ("unknown", Impact.UNKNOWN.words)]
    return tuple(Option(value, words, value == chosen) for value, words in every)


def reliances_asked(
    establishment: Establishment, service: Service, answers: Answers
) -> tuple[RelianceAsked, ...]:
    """What the folder proposes, what was said before, then blank lines for the rest."""
    said = {each["node"]: each for each in answers.get("relies", ()) if each["node"]}
    known = dict(proposals(establishment, service))
    known |= {node: False for node in said if node not in known and node in establishment.names}
    found = [
        _asked(f"n-{node}", node, shown(establishment.names[node]), stops, said.get(node, {}))
        for node, stops in known.items()
    ]
    free = [each for each in answers.get("relies", ()) if not each["node"]]
    blanks = [*free, *({} for _ in range(FREE))]
    found += [
        _asked(f"f-{place}", "", each.get("words", ""), False, each, free=True)
        for place, each in enumerate(blanks)
    ]
    return tuple(found)


def _asked(
    field: str, node: str, name: str, stops: bool, said: Mapping[str, str], *, free: bool = False
) -> RelianceAsked:
    options = _options(Way, said.get("way", _UNSAID))
    tried = said.get("tried") == Tried.YES
    return RelianceAsked(field, node, name, stops, options, said.get("instead", ""), tried, free)


def _options(words: Iterable[Impact] | Iterable[Way], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(each.value, each.words, each.value == chosen) for each in words)


def first_page(answers: Answers, sent: Mapping[str, str]) -> Answers:
    """The answers with what the first page sent."""
    horizons = {}
    for choice in rules().horizons:
        minutes = str(_minutes(choice.span))
        impact = _word(Impact, sent.get(f"impact-{minutes}", ""))
        instead = typed(sent.get(f"instead-{minutes}", ""))
        horizons[minutes] = {"impact": impact, "instead": instead}
    known = {str(_minutes(choice.span)) for choice in rules().losses} | {"unknown"}
    loss = sent.get("pdma", "")
    return {**answers, "horizons": horizons, "pdma": loss if loss in known else _UNSAID}


def second_page(
    establishment: Establishment, service: Service, answers: Answers, sent: Mapping[str, str]
) -> Answers:
    """The answers with what the second page sent; a line left blank says nothing."""
    relies = []
    for asked in reliances_asked(establishment, service, answers):
        name = typed(sent.get(f"what-{asked.field}", ""), 120) if asked.free else asked.name
        way = _word(Way, sent.get(f"way-{asked.field}", ""))
        instead = typed(sent.get(f"instead-{asked.field}", ""))
        if not name or not (way or instead or asked.free):
            continue
        tried = Tried.YES if sent.get(f"tried-{asked.field}") else _tried(way)
        relies.append(
            {
                "node": asked.node,
                "words": name,
                "way": way or (Way.OTHER_TOOL if instead else Way.UNKNOWN).value,
                "instead": instead,
                "tried": tried.value,
            }
        )
    texts = {name: typed(sent.get(name, "")) for name in ("staff", "paper", "call")}
    return {**answers, "relies": relies, **texts}


def _tried(way: str) -> Tried:
    return Tried.UNKNOWN if way in ("", Way.UNKNOWN, Way.UNUSED, Way.STOP) else Tried.NO


def as_sheet(
    answers: Answers, service: str, version: int, now: datetime, by: str, function: str,
    *, on_behalf: bool = False,
) -> DegradedSheet:  # fmt: skip
    """The sheet that these answers would make once signed."""
    horizons = []
    for choice in rules().horizons:
        said = answers.get("horizons", {}).get(str(_minutes(choice.span)), {})
        impact = Impact(said.get("impact") or Impact.UNKNOWN)
        horizons.append(At(choice.span, impact, said.get("instead", "")))
    loss = answers.get("pdma", _UNSAID)
    return DegradedSheet(
        service=service,
        version=version,
        answered=now,
        by=by,
        function=function,
        horizons=tuple(horizons),
        pdma=timedelta(minutes=int(loss)) if loss.isdecimal() else None,
        relies_on=tuple(
            Reliance(
                each["node"], each["words"], Way(each["way"]), each["instead"], Tried(each["tried"])
            )
            for each in answers.get("relies", ())
        ),
        staff=answers.get("staff", ""),
        paper=answers.get("paper", ""),
        call=answers.get("call", ""),
        on_behalf=on_behalf,
    )


def as_answers(sheet: DegradedSheet | None) -> Answers:
    """What a signed sheet says, to be corrected into the next version."""
    if sheet is None:
        return {}
    return {
        "horizons": {
            str(_minutes(at.after)): {"impact": at.impact.value, "instead": at.instead}
            for at in sheet.horizons
        },
        "pdma": "unknown" if sheet.pdma is None else str(_minutes(sheet.pdma)),
        "relies": [
            {
                "node": each.node,
                "words": each.words,
                "way": each.way.value,
                "instead": each.instead,
                "tried": each.tried.value,
            }
            for each in sheet.relies_on
        ],
        "staff": sheet.staff,
        "paper": sheet.paper,
        "call": sheet.call,
    }


def typed(text: str, most: int = MOST) -> str:
    """What somebody typed, on one line, at most ``most`` characters; control and direction
    characters are written out, never obeyed.
    """
    one_line = " ".join(text.split())
    said = "".join(c if _readable(c) else f"\\u{ord(c):04x}" for c in one_line)
    return said if len(said) <= most else said[: most - 1] + "…"


def _readable(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _word(words: type[Word], text: str) -> str:
    """The word when it is one of them, empty otherwise."""
    return text if text in set(words) else ""


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
