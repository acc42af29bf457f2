"""Which share of the « activité combinée » took part in an exercise (CaRE D2, O1.D).

Weights are the establishment's own figures, entered once with their source and year, for each site
(EG) and, if wanted, for services within a site. A service took part when at least one gesture was
timed there. A site without weighted services counts whole as soon as one of its services took part;
one with weighted services counts for their share. The result is measured, never declared enough.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Weight:
    """``unit`` is a perimeter (EJ/EG or EJ/EG/service); ``value`` in the unit of its source."""

    unit: str
    name: str
    value: float


@dataclass(frozen=True)
class Coverage:
    """``percent`` None when no weight is known; ``above`` compares with the rule, no more."""

    percent: float | None
    above: bool | None
    rule_percent: float
    covered: tuple[str, ...]
    left: tuple[str, ...]


def coverage(
    weights: Sequence[Weight], took_part: Collection[str], rule_percent: float
) -> Coverage:
    """The share covered by the units (perimeters of services) that took part."""
    sites = [each for each in weights if each.unit.count("/") == 1]
    total = sum(site.value for site in sites)
    if total <= 0:
        return Coverage(None, None, rule_percent, (), ())
    reached, covered, left = 0.0, [], []
    for site in sites:
        services = [each for each in weights if each.unit.startswith(f"{site.unit}/")]
        share, seen, missed = _share(site, services, took_part)
        reached += site.value * share
        covered += seen
        left += missed
    percent = round(100 * reached / total, 1)
    return Coverage(percent, percent >= rule_percent, rule_percent, tuple(covered), tuple(left))


def _share(
    site: Weight, services: Sequence[Weight], took_part: Collection[str]
) -> tuple[float, list[str], list[str]]:
    total = sum(each.value for each in services)
    if total <= 0:
        there = any(unit.startswith(f"{site.unit}/") for unit in took_part)
        return (1.0, [site.name], []) if there else (0.0, [], [site.name])
    seen = [each for each in services if each.unit in took_part]
    missed = [each.name for each in services if each.unit not in took_part]
    return sum(each.value for each in seen) / total, [each.name for each in seen], missed
