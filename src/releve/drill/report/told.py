"""What the report says, in words, before any page is laid out.

HTML, PDF and terminal all show this one value, so that none of them tells another story. Every
string of it is inert (:mod:`releve.drill.report.inert`) and in French.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releve.drill.measures import Happening, Measure, NotMeasured, Result
from releve.drill.report import hours
from releve.drill.report.catalogue import CATALOGUE, SABOTAGES, words_for
from releve.drill.report.figures import aimed, obtained
from releve.drill.report.inert import inert
from releve.drill.report.sentences import three_sentences, verdict
from releve.kernel.units import NARROW_SPACE, duration, thousands

#: The word that stands before a line of the time line; an ordinary line has none.
KIND_WORDS = {
    "info": "",
    "attack": "attaque",
    "alarm": "ALARME",
    "act": "acte",
    "ok": "tenu",
    "failure": "échec",
}
HELD, MISSED, NOT_MEASURED, REPORTED = "● tenu", "○ manqué", "– non mesuré", "– sans cible"


@dataclass(frozen=True)
class Line:
    """One line of the minute-by-minute list; ``word`` may be empty."""

    hour: str
    kind: str
    word: str
    text: str
    who: str
    evidence: str


@dataclass(frozen=True)
class Minute:
    """A minute of the story and its lines."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table of measures; ``kind``: held, missed, unmeasured or reported."""

    id: str
    name: str
    meaning: str
    obtained: str
    aimed: str
    kind: str
    state: str
    evidence: str
    seen_by: str


@dataclass(frozen=True)
class Finding:
    """A target missed or not measured: what was seen, what it means, what to do, who."""

    name: str
    state: str
    seen: str
    meaning: str
    remedy: str
    who: str


@dataclass(frozen=True)
class Told:
    """All the words of a report."""

    title: str
    scenario: str
    seed: str
    held: bool
    verdict: str
    sentences: tuple[str, str, str]
    sabotage: str
    played: str
    written: str
    minutes: tuple[Minute, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    #: (name, reason)
    not_measured: tuple[tuple[str, str], ...]
    decisions: tuple[str, ...]
    played_acts: tuple[str, ...]
    #: (label, text)
    conditions: tuple[tuple[str, str], ...]
    #: (label, text) of what is compared to check the proof
    anchors: tuple[tuple[str, str], ...]


def tell(result: Result) -> Told:
    """Put ``result`` into words; complete it first (:func:`releve.drill.report.complete`)."""
    return Told(
        title=inert(result.title, 160),
        scenario=inert(result.scenario, 80),
        seed=str(result.seed),
        held=result.ok,
        verdict=verdict(result),
        sentences=three_sentences(result),
        sabotage=_sabotage(result),
        played=f"{hours.day_and_hour(result.started)}, {duration(result.ended - result.started)}",
        written=hours.day_and_hour(result.ended),
        minutes=_minutes(result.happenings),
        rows=_rows(result),
        findings=_findings(result),
        not_measured=tuple(
            (inert(words_for(n.id).name, 120), inert(n.reason)) for n in result.not_measured
        ),
        decisions=tuple(inert(decision) for decision in result.decisions),
        played_acts=tuple(inert(act) for act in result.played_acts),
        conditions=_conditions(result),
        anchors=(
            ("Empreinte de la clé", inert(result.ledger_fingerprint, 200)),
            ("Taille du registre vérifié", thousands(result.ledger_size)),
            ("Racine du registre", inert(result.ledger_root, 200)),
            ("Empreinte de l'histoire jouée (SHA-256)", inert(result.story_sha256, 200)),
        ),
    )


def proof(evidence: int | None) -> str:
    """``preuve 4 812``; empty when a line of the time line has none."""
    return "" if evidence is None else f"preuve{NARROW_SPACE}{thousands(evidence)}"


def line_of(happening: Happening) -> Line:
    """One happening as a line."""
    return Line(
        hours.story_hour(happening.story),
        happening.kind,
        KIND_WORDS[happening.kind],
        inert(happening.text),
        inert(happening.who, 80),
        proof(happening.evidence),
    )


def _minutes(happenings: tuple[Happening, ...]) -> tuple[Minute, ...]:
    minutes: dict[str, list[Line]] = {}
    first = min((h.story for h in happenings), default=None)
    for happening in sorted(happenings, key=lambda h: h.story):
        heading = _heading(happening.story, first)
        minutes.setdefault(heading, []).append(line_of(happening))
    return tuple(Minute(heading, tuple(lines)) for heading, lines in minutes.items())


def _heading(story: datetime, first: datetime | None) -> str:
    days = 0 if first is None else (story.date() - first.date()).days
    return hours.story_minute(story) + (f" (jour {days + 1})" if days else "")


def _rows(result: Result) -> tuple[Row, ...]:
    rows = [_measured(measure) for measure in result.measures]
    rows += [_unmeasured(missing) for missing in result.not_measured]
    order = list(CATALOGUE)
    return tuple(
        sorted(rows, key=lambda r: order.index(r.id) if r.id in order else len(order)),
    )


def _measured(measure: Measure) -> Row:
    words = words_for(measure.id)
    kind, state = {
        True: ("held", HELD),
        False: ("missed", MISSED),
        None: ("reported", REPORTED),
    }[measure.met]
    return Row(
        inert(measure.id, 80),
        inert(words.name, 120),
        words.meaning,
        obtained(measure),
        aimed(measure.target, measure.unit),
        kind,
        state,
        proof(measure.evidence),
        inert(measure.seen_by, 80),
    )


def _unmeasured(missing: NotMeasured) -> Row:
    words = words_for(missing.id)
    aim = "cible fixée" if missing.had_target else "sans cible"
    return Row(
        inert(missing.id, 80),
        inert(words.name, 120),
        words.meaning,
        "non mesuré",
        aim,
        "unmeasured",
        NOT_MEASURED,
        "aucune",
        "personne",
    )


def _findings(result: Result) -> tuple[Finding, ...]:
    missed = [
        _finding(m.id, MISSED, f"Obtenu : {obtained(m)} ; visé : {aimed(m.target, m.unit)}")
        for m in result.measures
        if m.met is False
    ]
    unmeasured = [
        _finding(n.id, NOT_MEASURED, f"Raison : {inert(n.reason)}")
        for n in result.not_measured
        if n.had_target
    ]
    return tuple(missed + unmeasured)


def _finding(measure_id: str, state: str, seen: str) -> Finding:
    words = words_for(measure_id)
    name = inert(words.name, 120)
    if state == MISSED:
        return Finding(name, state, seen, words.missed, words.remedy, words.who)
    return Finding(
        name,
        state,
        seen,
        "Sans mesure, rien ne dit que cet objectif serait tenu ; il compte comme manqué.",
        "Lever cette raison, puis rejouer l'exercice avec la même graine.",
        words.who,
    )


def _sabotage(result: Result) -> str:
    if result.sabotage is None:
        return ""
    name = inert(result.sabotage, 160)
    known = [SABOTAGES[one] for one in result.sabotage.split(",") if one in SABOTAGES]
    if not known:
        return f"Sabotage volontaire « {name} » : l'échec est provoqué par le simulateur."
    wanted = {one.must_miss for one in known}
    missed = {m.id for m in result.measures if m.met is False}
    names = " et ".join(f"« {words_for(measure).name} »" for measure in sorted(wanted))
    only = "la seule mesure" if len(wanted) == 1 else "les seules mesures"
    opening = (
        f"Sabotage volontaire « {name} » : {' ; '.join(one.text for one in known)}. L'exercice"
        f" devait manquer {only} {names}"
    )
    if missed == wanted:
        return f"{opening} : c'est bien ce qui est arrivé, l'exercice sait donc échouer."
    return f"{opening} : ce n'est pas ce qui est arrivé, l'exercice lui-même est à corriger."


def _conditions(result: Result) -> tuple[tuple[str, str], ...]:
    fixed = (
        (
            "Réalité",
            "simulée : postes, serveurs, documents, patients et attaquant sont fictifs ; les"
            " programmes, les disques et les durées sont vrais",
        ),
        (
            "Heures",
            "celle du scénario plus les secondes réellement écoulées ; rien n'est multiplié",
        ),
        (
            "Temps technique",
            "le temps des machines seules ; décider, isoler, nettoyer et vérifier avec les"
            " soignants prend des heures à des semaines de plus",
        ),
    )
    own = tuple((inert(label, 80), inert(text)) for label, text in result.settings.items())
    return own + fixed
