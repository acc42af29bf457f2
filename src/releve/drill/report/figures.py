"""A drill's figures: as JSON for programs, as French text for people."""

from __future__ import annotations

import re
from dataclasses import replace

from releve.drill.measures import Measure, NotMeasured, Result, Target, Value
from releve.drill.report.catalogue import CATALOGUE, words_for
from releve.drill.report.inert import inert
from releve.kernel.units import NARROW_SPACE, thousands

Json = dict[str, object]


def complete(result: Result) -> Result:
    """``result`` with every measure of the catalogue it says nothing of added as not measured.

    A drill that forgets a measure must not pass for it: such a measure, when it has a target, makes
    ``ok`` false.
    """
    told = {m.id for m in result.measures} | {n.id for n in result.not_measured}
    missing = tuple(
        NotMeasured(words.id, "l'exercice n'a rien rapporté de cette mesure", words.had_target)
        for words in CATALOGUE.values()
        if words.id not in told
    )
    return replace(result, not_measured=result.not_measured + missing)


def to_json(result: Result) -> Json:
    """The figures of a drill.

    ``{"scenario", "seed", "ok", "story_sha256", "measures": [{"id", "value", "unit", "target",
    "met", "evidence"}], "ledger": {"size", "root"}, "not_measured": [{"id", "reason",
    "had_target"}]}``; ``target`` is ``{"op", "value"}`` or null, and then ``met`` is null.
    """
    return {
        "scenario": result.scenario,
        "seed": result.seed,
        "ok": result.ok,
        "story_sha256": result.story_sha256,
        "measures": [_measure(measure) for measure in result.measures],
        "ledger": {"size": result.ledger_size, "root": result.ledger_root},
        "not_measured": [
            {"id": n.id, "reason": n.reason, "had_target": n.had_target}
            for n in result.not_measured
        ],
    }


def _measure(measure: Measure) -> Json:
    target = measure.target
    return {
        "id": measure.id,
        "value": measure.value,
        "unit": measure.unit,
        "target": None if target is None else {"op": target.op, "value": target.value},
        "met": measure.met,
        "evidence": measure.evidence,
    }


def obtained(measure: Measure) -> str:
    """What was obtained, as it is read: ``22,4 s``, ``14 sur 14``, ``oui``, ``aucune alarme``."""
    words = words_for(measure.id)
    if measure.value is None:
        return words.nothing
    if words.share and measure.target is not None and measure.target.op == "==":
        return f"{_number(measure.value, 1)} sur {_number(measure.target.value, 1)}"
    text = _number(measure.value, _decimals(measure))
    return f"{text}{_unit(measure.unit, measure.value)}"


def aimed(target: Target | None, unit: str) -> str:
    """What was aimed at: ``≤ 80 s``, ``14``, ``oui``; « sans cible » when only reported."""
    if target is None:
        return "sans cible"
    sign = {"<=": f"≤{NARROW_SPACE}", ">=": f"≥{NARROW_SPACE}", "==": ""}[target.op]
    return f"{sign}{_number(target.value, 3)}{_unit(unit, target.value)}"


def _decimals(measure: Measure) -> int:
    """One decimal, or more when rounding would tell another story than the target does."""
    value, target = measure.value, measure.target
    if value is None or target is None or isinstance(value, bool):
        return 1
    for decimals in (1, 2, 3):
        if target.met_by(round(value, decimals)) is measure.met:
            return decimals
    return 6


def _number(value: int | float | bool, decimals: int) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int) or value.is_integer():
        return thousands(int(value))
    whole, _, fraction = f"{value:.{decimals}f}".partition(".")
    fraction = fraction.rstrip("0")
    return thousands(int(whole)) + (f",{fraction}" if fraction else "")


#: A longer one is no unit and would push the table off the page.
_LONGEST_UNIT = 20
_UNITLESS = re.compile(r"|bool(?:een|éen|ean)?|oui/non|nombre|count|1")


def _unit(unit: str, value: Value) -> str:
    """The unit after a figure; a yes or no has none, a count's own name says it already."""
    if isinstance(value, bool) or _UNITLESS.fullmatch(unit.lower()):
        return ""
    shown = inert(unit) if len(unit) <= _LONGEST_UNIT else "unités"
    if len(shown) > 2 and shown.endswith("s") and value is not None and abs(value) < 2:
        shown = shown[:-1]  # French counts 0 and 1 in the singular
    return f"{NARROW_SPACE}{shown}"
