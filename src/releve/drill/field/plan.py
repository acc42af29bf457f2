"""A prepared exercise: scenario, day, length, who takes part. Typed, or from a TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from releve.drill.field.errors import BadFigure, MissingWords
from releve.drill.field.scenario import LONGEST, SHORTEST, FieldScenario
from releve.drill.toml_table import Table, refuse
from releve.kernel.units import PARIS

MAX_WARDS = 60
MAX_NAME, MAX_INVITED = 120, 2000


@dataclass(frozen=True)
class WardPlan:
    """A ward that takes part, and who observes it (may be empty: decided on the day)."""

    code: str
    observer: str = ""


@dataclass(frozen=True)
class Plan:
    """``at`` is aware; ``minutes`` the planned length; ``wards`` without doubles."""

    scenario: str
    at: datetime
    minutes: int
    animator: str
    wards: tuple[WardPlan, ...]
    invited: str = ""
    cell_observer: str = ""


def checked(plan: Plan, scenario: FieldScenario) -> Plan:
    """The plan, or :class:`MissingWords`, :class:`BadFigure`."""
    if not SHORTEST <= plan.minutes <= LONGEST:
        raise BadFigure(text=plan.minutes, what="la durée en minutes", least=SHORTEST, most=LONGEST)
    if not plan.animator.strip():
        raise MissingWords(what="le nom de l'animateur")
    if scenario.gestures_of("service") and not plan.wards:
        raise MissingWords(what="au moins un service qui participe")
    if len(plan.wards) > MAX_WARDS:
        raise BadFigure(text=len(plan.wards), what="les services", least=1, most=MAX_WARDS)
    return plan


def read_plan(path: Path, otherwise_minutes: int | None = None) -> Plan:
    """A plan from a TOML file: ``scenario``, ``at``, ``animator``, optionally ``minutes``,
    ``invited`` (a list), ``cell_observer``, and one ``[[ward]]`` (``code``, ``observer``) each.

    Raises ``BadInput`` naming the file and the key. ``minutes`` 0 stands for the scenario's own.
    """
    try:
        data = path.read_bytes()[: 256 * 1024]
        root = Table(path, "", tomllib.loads(data.decode("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        refuse(path, f"illisible ({error})", "Donnez un fichier TOML (docs/exercice.md).")
    at = root.take("at", datetime)
    minutes = root.whole("minutes", SHORTEST, LONGEST) if "minutes" in root.data else 0
    invited = root.take("invited", list) if "invited" in root.data else []
    plan = Plan(
        root.take("scenario", str),
        at if at.tzinfo else at.replace(tzinfo=PARIS),
        minutes or otherwise_minutes or 0,
        root.take("animator", str)[:MAX_NAME],
        _wards(root),
        "\n".join(str(each) for each in invited)[:MAX_INVITED],
        root.take_or("cell_observer", "")[:MAX_NAME],
    )
    root.finish()
    return plan


def _wards(root: Table) -> tuple[WardPlan, ...]:
    wards = []
    for rank, entry in enumerate(root.take("ward", list), start=1):
        if not isinstance(entry, dict):
            root.refuse("ward", f"l'entrée {rank} n'est pas une table", "Écrivez [[ward]].")
        table = Table(root.path, f"ward[{rank}]", entry)
        wards.append(WardPlan(table.take("code", str), table.take_or("observer", "")[:MAX_NAME]))
        table.finish()
    return tuple({ward.code: ward for ward in wards}.values())
