"""A figure with its age and its source; what is not measured says so. No Django, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from releve.kernel.units import NARROW_SPACE, duration, moment, thousands

FRESH, LATE, OLD, BAD, ALARM, ABSENT, ELSEWHERE = (
    "à jour",
    "à vérifier",
    "vieux",
    "manquant",
    "alarme",
    "non mesuré",
    "hors de votre périmètre",
)
_MARKS = {FRESH: "●", LATE: "◐", OLD: "◐", BAD: "○", ALARM: "○", ABSENT: "–", ELSEWHERE: "–"}


@dataclass(frozen=True)
class Figure:
    """One measured thing. ``value`` None = not measured; ``entry`` is its index in the ledger.

    ``period`` is how often it should be measured again: late after one, old after two.
    ``good`` False turns the word to « manquant » whatever the age, ``alarm`` to « alarme »,
    ``doubtful`` to « à vérifier » however fresh.
    ``todo`` is said when there is no value. ``elsewhere`` = the reader may not see it.
    """

    label: str
    value: str | int | float | bool | None = None
    unit: str = ""
    measured_at: datetime | None = None
    entry: int | None = None
    period: timedelta | None = None
    good: bool = True
    todo: str = ""
    elsewhere: bool = False
    alarm: bool = False
    doubtful: bool = False
    #: What it was measured on (a machine); hidden with the value.
    subject: str = ""

    @property
    def measured(self) -> bool:
        return self.value is not None and self.measured_at is not None and not self.elsewhere


@dataclass(frozen=True)
class Shown:
    """What the page writes."""

    label: str
    value: str
    mark: str
    state: str
    age: str
    when: str
    entry: int | None
    old: bool
    alarm: bool
    todo: str


def show(figure: Figure, now: datetime) -> Shown:
    """Words for a figure at the time ``now``."""
    state = state_of(figure, now)
    measured = figure.measured and figure.measured_at is not None
    return Shown(
        figure.label,
        written(figure.value, figure.unit) if measured else "–",
        _MARKS[state],
        state,
        age(figure.measured_at, now) if measured and figure.measured_at else "",
        moment(figure.measured_at) if measured and figure.measured_at else "",
        figure.entry if measured else None,
        state == OLD,
        state == ALARM,
        figure.todo if not measured else "",
    )


def state_of(figure: Figure, now: datetime) -> str:
    """One of the state words. A figure from the future is « à vérifier »: a clock is wrong."""
    if figure.elsewhere:
        return ELSEWHERE
    if not figure.measured or figure.measured_at is None:
        return ABSENT
    if figure.alarm:
        return ALARM
    if not figure.good:
        return BAD
    elapsed = now - figure.measured_at
    if elapsed < timedelta(minutes=-5):
        return LATE
    if figure.period is None or elapsed <= figure.period:
        return LATE if figure.doubtful else FRESH
    return OLD if elapsed > 2 * figure.period else LATE


def written(value: str | int | float | bool | None, unit: str) -> str:
    """A value as people read it: a bare number never stands without its unit."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        text = f"{value:.1f}".replace(".", ",")
    elif isinstance(value, int):
        text = thousands(value)
    else:
        return value or ""
    return f"{text}{NARROW_SPACE}{unit}" if unit else text


def age(measured_at: datetime, now: datetime) -> str:
    """« il y a 3 h 20 »; « à l'instant » below ten seconds."""
    elapsed = now - measured_at
    if elapsed < timedelta(minutes=-5):
        return "heure à venir : une horloge est fausse"
    if elapsed < timedelta(seconds=10):
        return "à l'instant"
    return f"il y a {duration(elapsed)}"
