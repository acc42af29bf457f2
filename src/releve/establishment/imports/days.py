"""Days, weeks, months and moments as people write them in a rota."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from releve.establishment.imports.book import Cell, text_of
from releve.establishment.words import key

_MONTHS = {
    **{"janvier": 1, "janv": 1, "jan": 1, "fevrier": 2, "fevr": 2, "fev": 2, "mars": 3, "mar": 3},
    **{"avril": 4, "avr": 4, "mai": 5, "juin": 6, "juillet": 7, "juil": 7, "jul": 7},
    **{"aout": 8, "septembre": 9, "sept": 9, "sep": 9, "octobre": 10, "oct": 10},
    **{"novembre": 11, "nov": 11, "decembre": 12, "dec": 12},
}
_WEEKDAYS = {
    **{"lundi": 0, "lun": 0, "lu": 0, "mardi": 1, "mar": 1, "ma": 1, "mercredi": 2, "mer": 2},
    **{"me": 2, "jeudi": 3, "jeu": 3, "je": 3, "vendredi": 4, "ven": 4, "ve": 4},
    **{"samedi": 5, "sam": 5, "sa": 5, "dimanche": 6, "dim": 6, "di": 6},
}
_INITIALS = {"l": (0,), "m": (1, 2), "j": (3,), "v": (4,), "s": (5,), "d": (6,)}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH_YEAR = re.compile(rf"\b({_MONTH})\b(?: +(?:de +l an +)?(\d{{4}}|\d{{2}})\b)?")
_NUMERIC_MONTH = re.compile(r"(?<![\d/.-])(0?[1-9]|1[0-2])[/.-](20\d\d)(?![\d/.-])")
_YEAR = re.compile(r"(?<!\d)(20[2-4]\d)(?!\d)")
_FULL = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?(?!\d)")
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_WORDY = re.compile(rf"\b(\d{{1,2}})(?:er)? +({_MONTH})\b(?: +(\d{{4}}|\d{{2}})(?!\d))?")
_WEEK = re.compile(r"^(?:s|sem|semaine|week|w|sem n|semaine n|s n)\s*0?(\d{1,2})(?:\s+(20\d\d))?\b")
_TIME = re.compile(r"(?<!\d)([01]?\d|2[0-4])\s*(?:h|:)\s*([0-5]\d)?(?!\d)", re.IGNORECASE)
_EXCEL_EPOCH = date(1899, 12, 30)
_LATER = timedelta(days=120)


class Impossible(ValueError):
    """A day that no calendar has: « 30/02/2027 »."""


@dataclass(frozen=True)
class Month:
    """``year`` 0 = not said."""

    month: int
    year: int = 0


@dataclass
class Course:
    """What is known of the time while a table is read, and the last day met: days without a year
    go on from there.
    """

    today: date
    month: int = 0
    year: int = 0
    last: date | None = None

    def settle(self, day: int, month: int, year: int) -> date:
        """The day meant; raises :class:`Impossible`."""
        if year:
            found = _date(year + 2000 if year < 100 else year, month, day)
        elif self.last is not None:
            years = [self.last.year - 1, self.last.year, self.last.year + 1]
            found = min(
                (d for y in years if (d := _maybe(y, month, day))),
                key=lambda d: abs((d - (self.last or d)).days),
                default=None,
            ) or _date(self.last.year, month, day)
        elif self.year:
            found = _date(self.year, month, day)
        else:
            found = _date(self.today.year, month, day)
            if found < self.today - _LATER:
                found = _date(self.today.year + 1, month, day)
        self.last = found
        return found


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Impossible(f"{day:02d}/{month:02d}/{year}") from error


def _maybe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def months_in(text: str) -> list[Month]:
    """« déc. 2026 », « Déc 26 - Jan 27 », « 11/2026 », « Janv. »."""
    said = key(text)
    found = [
        Month(_MONTHS[name], int(year) + (2000 if year and len(year) == 2 else 0) if year else 0)
        for name, year in _MONTH_YEAR.findall(said)
    ]
    found += [Month(int(month), int(year)) for month, year in _NUMERIC_MONTH.findall(text)]
    return found


def years_in(text: str) -> list[int]:
    """Years from 2020 to 2049."""
    return [int(year) for year in _YEAR.findall(text)]


def is_weekday(text: str) -> bool:
    """« lundi », « Ma »."""
    return key(text) in _WEEKDAYS


def weekday_in(text: str) -> tuple[int, ...]:
    """The weekday a text begins with, a letter standing for one or two; empty when none."""
    words = re.findall(r"[a-z]+", key(text))
    if not words:
        return ()
    if words[0] in _WEEKDAYS:
        return (_WEEKDAYS[words[0]],)
    return _INITIALS.get(words[0], ()) if len(words[0]) == 1 else ()


def day_of(cell: Cell, course: Course, *, bare: bool = False) -> date | None:
    """The day of a cell; ``bare``: a number alone may be a day of the month. None when it is none.

    Raises :class:`Impossible`.
    """
    if isinstance(cell, datetime):
        return _met(cell.date(), course)
    if isinstance(cell, date):
        return _met(cell, course)
    if isinstance(cell, time) or cell == "":
        return None
    if isinstance(cell, int | float):
        return _number(float(cell), course, bare=bare)
    return _written(cell, course, bare=bare)


def _met(day: date, course: Course) -> date:
    course.last = day
    return day


def _number(value: float, course: Course, *, bare: bool) -> date | None:
    if 40_000 <= value < 60_000:
        return _met(_EXCEL_EPOCH + timedelta(days=int(value)), course)
    if bare and value.is_integer() and 1 <= value <= 31 and course.month:
        return _in_month(int(value), course)
    return None


def _in_month(day: int, course: Course) -> date:
    if course.year:
        return _met(_date(course.year, course.month, day), course)
    return course.settle(day, course.month, 0)


def _written(text: str, course: Course, *, bare: bool) -> date | None:
    if len(text) > 80:
        return None
    if found := _ISO.search(text):
        return _met(_date(int(found[1]), int(found[2]), int(found[3])), course)
    if found := _FULL.search(text):
        if int(found[2]) > 12 and int(found[1]) <= 12 and found[3]:
            raise Impossible(found[0])
        if int(found[2]) > 12 or int(found[1]) > 31:
            return None
        return course.settle(int(found[1]), int(found[2]), int(found[3] or 0))
    said = key(text)
    if found := _WORDY.search(said):
        return course.settle(int(found[1]), _MONTHS[found[2]], int(found[3] or 0))
    if bare and course.month:
        short = re.fullmatch(r"(?:([a-z]{1,8})\s*)?(\d{1,2})(?:\s+(?:ferie|f|jf|ferie .*))?", said)
        if short and (not short[1] or weekday_in(short[1])) and 1 <= int(short[2]) <= 31:
            return _in_month(int(short[2]), course)
    return None


def bare_number(cell: Cell) -> int:
    """The day of the month that a cell says alone, « 21 », « lun 21 »; 0 when it says more."""
    if isinstance(cell, int | float):
        return int(cell) if 1 <= cell <= 31 and float(cell).is_integer() else 0
    if not isinstance(cell, str) or len(cell) > 20:
        return 0
    found = re.fullmatch(r"(?:([a-z]{1,8})\s*)?(\d{1,2})", key(cell))
    if not found or (found[1] and not weekday_in(found[1])) or not 1 <= int(found[2]) <= 31:
        return 0
    return int(found[2])


def later(course: Course, months: int) -> Course:
    """The same some months later; a year not said stays not said."""
    if not months or not course.month:
        return course
    years, month = divmod(course.month - 1 + months, 12)
    year = course.year + years if course.year else 0
    return replace(course, month=month + 1, year=year)


def week_of(cell: Cell, course: Course, *, bare: bool = False) -> tuple[date, date] | None:
    """Monday and next Monday of « S48 », « Semaine 1 (2027) »; ``bare``: a number alone too."""
    if isinstance(cell, int) and bare and 1 <= cell <= 53:
        number, year = cell, 0
    elif isinstance(cell, str) and (found := _WEEK.match(key(cell))):
        number, year = int(found[1]), int(found[2] or 0)
    else:
        return None
    if not 1 <= number <= 53:
        return None
    year = year or _year_of_week(number, course)
    try:
        monday = date.fromisocalendar(year, number, 1)
    except ValueError:
        return None
    course.last = monday
    return monday, monday + timedelta(days=7)


def _year_of_week(number: int, course: Course) -> int:
    """Weeks go on: after week 53 comes week 1 of the next year."""
    if course.last is None:
        return course.year or course.today.isocalendar().year
    near = course.last.isocalendar().year
    years = [y for y in (near - 1, near, near + 1) if _has_week(y, number)]
    last = course.last
    return min(
        years, key=lambda y: abs((date.fromisocalendar(y, number, 1) - last).days), default=near
    )


def _has_week(year: int, number: int) -> bool:
    return number <= date(year, 12, 28).isocalendar().week


def span_of(text: str, course: Course) -> tuple[date, date] | None:
    """« du 23/11 au 30/11 », « 23 au 29 novembre », « 23/11 - 29/11 »; None when it is no span."""
    plain = re.sub(r"\b(\d{1,2})\s+(?:au|-)\s+(\d{1,2})\s+([^\W\d]+)", r"\1 \3 au \2 \3", text)
    parts = re.split(r"\s+au\s+|\s+[-–→>]+\s+|\s*[–→]\s*|\bau\b", plain.strip(), maxsplit=1)
    if len(parts) != 2:
        return None
    first = day_of(re.sub(r"^\W*(?:du|de)\b", "", parts[0]).strip(), course)
    last = day_of(parts[1].strip(), course) if first else None
    return (first, last) if first and last else None


def moment_of(cell: Cell, course: Course) -> tuple[date, time | None] | None:
    """A day and, when the cell says one, its hour."""
    if isinstance(cell, datetime):
        course.last = cell.date()
        at = cell.time()
        return cell.date(), at if at != time() else None
    if isinstance(cell, float) and 40_000 <= cell < 60_000:
        minutes = round((cell % 1) * 1440)
        day = _EXCEL_EPOCH + timedelta(days=int(cell))
        return _met(day, course), time(minutes // 60 % 24, minutes % 60) if minutes else None
    text = text_of(cell)
    hour = time_in(text)
    bare = _TIME.sub(" ", text) if hour else text
    found = day_of(bare if isinstance(cell, str) else cell, course)
    return (found, hour) if found else None


def time_in(text: str) -> time | None:
    """The last hour of a text."""
    found = _TIME.findall(text)
    return time(int(found[-1][0]) % 24, int(found[-1][1] or 0)) if found else None
