"""The table of measures, and what did not hold: what was seen, what it means, what to do, who."""

from __future__ import annotations

from dataclasses import dataclass

from releve.drill.measures import Measure, NotMeasured, Result
from releve.drill.report.catalogue import CATALOGUE, words_for
from releve.drill.report.figures import aimed, obtained
from releve.drill.report.inert import inert
from releve.kernel.units import NARROW_SPACE, thousands

HELD, MISSED, NOT_MEASURED, REPORTED = "● tenu", "○ manqué", "– non mesuré", "– sans cible"


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


def proof(evidence: int | None) -> str:
    """``preuve 4 812``; empty when a line of the time line has none."""
    return "" if evidence is None else f"preuve{NARROW_SPACE}{thousands(evidence)}"


def rows_of(result: Result) -> tuple[Row, ...]:
    """Every measure, taken or not, in the catalogue's order."""
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


def findings_of(result: Result) -> tuple[Finding, ...]:
    """Missed first, then what had a target and was not measured."""
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
