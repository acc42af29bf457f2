"""The papers of an exercise: Typst fills ``paper.typ`` with the words given here.

They travel as one JSON value, so a hostile name is text and never markup; what could act on a
reader is written out (:func:`releve.drill.report.inert.inert`). « EXERCICE » stands in the head of
every page. A card that plays a ransom note says so on itself, and holds no address, link or sum.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from releve.drill.field.errors import PaperRefused
from releve.drill.field.exercise import SPOKEN, STOP_SENTENCE
from releve.drill.field.marks import Place
from releve.drill.field.rules import rules
from releve.drill.field.scenario import FieldScenario, Inject
from releve.drill.fonts import fonts
from releve.drill.report.inert import inert, unbreaking
from releve.kernel.units import hour, moment

#: Where a line may break although nothing shows there.
_BREAK = "\u200b"
_RUN = re.compile(r"\S{30}(?=\S)")
_KINDS = {
    "carte": "carte à remettre",
    "appel": "appel joué",
    "coursier": "par coursier",
    "personne": "une personne arrive",
    "rumeur": "rumeur à dire",
    "note": "note fictive à remettre",
    "phrase": "phrase à dire",
}
_TO = {"service": "dans les services", "cellule": "à la cellule de crise"}
#: Rows left blank on a sign-in sheet.
_SIGN_ROWS = 16


class Part(StrEnum):
    """One document; the value is the file's name."""

    BOOKLET = "livret-animateur"
    CARDS = "cartes"
    SHEETS = "feuilles-observateurs"
    SIGN_IN = "emargement"
    POSTER = "affiche"
    DEBRIEF = "bilan-a-chaud"

    @property
    def words(self) -> str:
        return _TITLES[self]


_TITLES = {
    Part.BOOKLET: "livret de l'animateur",
    Part.CARDS: "cartes à remettre",
    Part.SHEETS: "feuilles des observateurs",
    Part.SIGN_IN: "feuilles d'émargement",
    Part.POSTER: "affiche « exercice en cours »",
    Part.DEBRIEF: "bilan à chaud",
}


@dataclass(frozen=True)
class Observed:
    """A place on paper: who observes it, and the code of its sheet."""

    place: Place
    observer: str
    code: str


@dataclass(frozen=True)
class Papers:
    """What the papers are made from. ``address``: where the observers' page lies, may be empty;
    ``left``: actions of earlier exercises still to do.
    """

    number: int
    hospital: str
    animator: str
    at: datetime
    minutes: int
    invited: tuple[str, ...]
    places: tuple[Observed, ...]
    scenario: FieldScenario
    left: tuple[str, ...] = ()
    address: str = ""


def to_pdf(papers: Papers, parts: Sequence[Part], printed: datetime) -> bytes:
    """A4, black on white; same papers and hour, same bytes. Raises ``PaperRefused``."""
    return compiled("paper.typ", _words(papers, parts, printed), printed)


def compiled(name: str, words: Mapping[str, Any], printed: datetime) -> bytes:
    """A PDF of ``name`` (beside this file) over ``words``; raises ``PaperRefused``."""
    import typst

    try:
        made = typst.compile(
            Path(__file__).with_name(name),
            font_paths=fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(shown(words), ensure_ascii=False)},
            timestamp=printed.replace(microsecond=0),
            pdf_tags=False,
        )
    except typst.TypstError as error:
        raise PaperRefused(why=error.message) from error
    if not isinstance(made, bytes):
        raise PaperRefused(why="Typst n'a pas rendu un document seul")
    return made


def shown(value: object) -> object:
    """The same value with every text made inert, and its long runs breakable."""
    if isinstance(value, str):
        return _RUN.sub(lambda found: found[0] + _BREAK, unbreaking(inert(value, 1500)))
    if isinstance(value, Mapping):
        return {key: shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    return value


def _words(papers: Papers, parts: Sequence[Part], printed: datetime) -> dict[str, Any]:
    scenario = papers.scenario
    return {
        "parts": [part.value for part in parts],
        "number": papers.number,
        "hospital": papers.hospital or "établissement non renseigné",
        "title": scenario.title,
        "animator": papers.animator,
        "when": moment(papers.at),
        "until": hour(papers.at + timedelta(minutes=papers.minutes)),
        "minutes": papers.minutes,
        "printed": moment(printed),
        "spoken": SPOKEN,
        "stop": STOP_SENTENCE,
        "story": scenario.story,
        "opening": scenario.opening,
        "objectives": scenario.objectives,
        "beforehand": scenario.beforehand,
        "invited": papers.invited,
        "left": papers.left,
        "source": f"{scenario.source} ({scenario.dated.isoformat()})",
        "injects": [_inject(papers, rank, inject) for rank, inject in _ranked(scenario)],
        "places": [_place(papers, observed) for observed in papers.places],
        "professions": rules().professions,
        "rows": _SIGN_ROWS,
        "address": papers.address,
    }


def _ranked(scenario: FieldScenario) -> list[tuple[int, Inject]]:
    return list(enumerate(scenario.injects, start=1))


def _inject(papers: Papers, rank: int, inject: Inject) -> dict[str, Any]:
    minute = papers.scenario.at(inject, papers.minutes)
    return {
        "rank": rank,
        "minute": minute,
        "hour": hour(papers.at + timedelta(minutes=minute)),
        "title": inject.title,
        "kind": _KINDS[inject.kind],
        "to": _TO[inject.to],
        "text": inject.text,
        "say": inject.say,
        "expect": inject.expect,
        "note": inject.kind == "note",
        "card": inject.kind != "phrase",
    }


def _place(papers: Papers, observed: Observed) -> dict[str, Any]:
    who = "cellule" if observed.place.cell else "service"
    return {
        "name": observed.place.name,
        "code": observed.place.code,
        "observer": observed.observer or "à désigner",
        "secret": observed.code,
        "gestures": [
            {"words": g.words, "expects": g.expects, "minutes": g.minutes}
            for g in papers.scenario.gestures
            if g.who == who
        ],
    }
