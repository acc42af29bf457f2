"""The dated rules beside this file, read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Rules:
    """``coverage_percent`` is CaRE's share of activity; ``yearly`` the longest time between two
    exercises; ``source`` strings go beside the figures.
    """

    coverage_percent: float
    coverage_source: str
    coverage_status: str
    validated_by: str
    yearly: timedelta
    yearly_source: str
    code_after_planned: timedelta
    code_after_end: timedelta
    #: Minutes played, pauses left out, under which a report is not signed.
    shortest_minutes: float
    professions: tuple[str, ...]


@cache
def rules() -> Rules:
    """What ``rules.toml`` says."""
    said = tomllib.loads(files("releve.drill.field").joinpath("rules.toml").read_text("utf-8"))
    coverage, yearly, codes = said["coverage"], said["yearly"], said["codes"]
    return Rules(
        float(coverage["percent"]),
        str(coverage["source"]),
        str(coverage["status"]),
        str(coverage["validated_by"]),
        timedelta(days=yearly["days"]),
        str(yearly["source"]),
        timedelta(hours=codes["after_planned_hours"]),
        timedelta(hours=codes["after_end_hours"]),
        float(said["signature"]["shortest_minutes"]),
        tuple(said["professions"]["listed"]),
    )
