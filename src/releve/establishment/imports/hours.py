"""When a turn of duty begins and ends, when the table does not say so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from releve.kernel.units import PARIS

_FILE = Path(__file__).with_name("holidays.toml")
_HOUR = re.compile(r"(?<!\d)([01]?\d|2[0-4])\s*(?:h|H|:)\s*([0-5]\d)?(?!\d)")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """A day's turn: ``week`` from Monday to Friday, ``off`` on Saturdays, Sundays and public
    holidays; an end not after its start is the next day's. ``weeks``: the hour at which a turn of
    several days begins and ends. Hours are Paris's.
    """

    week: tuple[time, time] = (time(18, 30), time(8, 30))
    off: tuple[time, time] = (time(8, 30), time(8, 30))
    weeks: time = time(8, 30)
    stated: bool = False

    def turn(self, day: date) -> tuple[datetime, datetime]:
        """(start, end) of a day's turn, UTC."""
        start, end = self.off if is_off(day) else self.week
        return at(day, start), at(day if end > start else day + _DAY, end)

    def span(self, first: date, last: date) -> tuple[datetime, datetime]:
        """(start, end) of a turn from ``first`` to the handover on ``last``, UTC."""
        return at(first, self.weeks), at(last, self.weeks)

    def written(self) -> dict[str, object]:
        """For a mapping file."""
        return {
            "week": [f"{each:%H:%M}" for each in self.week],
            "off": [f"{each:%H:%M}" for each in self.off],
            "weeks": f"{self.weeks:%H:%M}",
        }

    @property
    def words(self) -> str:
        """« 18:30 → 08:30 en semaine, 08:30 → 08:30 samedi, dimanche et fériés »."""
        week, off = (f"{a:%H:%M} → {b:%H:%M}" for a, b in (self.week, self.off))
        if self.week == self.off:
            return f"{week} tous les jours ; relève des semaines à {self.weeks:%H:%M}"
        return (
            f"{week} en semaine, {off} samedi, dimanche et fériés ;"
            f" relève des semaines à {self.weeks:%H:%M}"
        )


def at(day: date, hour: time) -> datetime:
    """A moment in Paris, as UTC: the night of a change of clock has 13 or 15 hours."""
    return datetime.combine(day, hour, PARIS).astimezone(UTC)


def parse_hours(said: Mapping[str, object]) -> Hours:
    """From a mapping file; raises ``ValueError``."""
    plain = Hours()

    def pair(name: str, default: tuple[time, time]) -> tuple[time, time]:
        value = said.get(name, None)
        if value is None:
            return default
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f'{name} = ["18:30", "08:30"]')
        return clock(str(value[0])), clock(str(value[1]))

    weeks = clock(str(said["weeks"])) if "weeks" in said else plain.weeks
    return Hours(pair("week", plain.week), pair("off", plain.off), weeks, stated=True)


def clock(text: str) -> time:
    """« 18:30 », « 8h30 », « 17 h », « 24h »; raises ``ValueError``."""
    found = _HOUR.search(text)
    if found is None:
        raise ValueError(f"« {text[:20]} » n'est pas une heure (18:30)")
    return time(int(found[1]) % 24, int(found[2] or 0))


def hours_in(text: str) -> tuple[time, time] | None:
    """The one pair of hours of a text, « 18h30-8h30 »; None when there is none."""
    found = [time(int(a) % 24, int(b or 0)) for a, b in _HOUR.findall(text)]
    return (found[0], found[1]) if len(found) == 2 else None


def hour_in(text: str) -> time | None:
    """The one hour of a text, « prise de garde à 17 h »; None when there is none or several
    different.
    """
    found = {time(int(a) % 24, int(b or 0)) for a, b in _HOUR.findall(text)}
    return found.pop() if len(found) == 1 else None


def is_off(day: date) -> bool:
    """A Saturday, a Sunday or a public holiday."""
    return day.weekday() >= 5 or day in _holidays(day.year)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    table = tomllib.loads(_FILE.read_text("utf-8"))
    fixed = {date(year, int(m), int(d)) for m, d in (each.split("-") for each in table["fixed"])}
    return frozenset(fixed | {easter(year) + n * _DAY for n in table["after_easter"]})


def easter(year: int) -> date:
    """Easter Sunday, Gregorian (the anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
