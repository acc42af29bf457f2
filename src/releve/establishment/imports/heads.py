"""Lines of days or of weeks across a sheet: « 1 2 3 … 31 », « Lu 07/12 », « S01 S02 »."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from releve.establishment.imports.book import Cell, Sheet, text_of
from releve.establishment.imports.days import (
    Course,
    Impossible,
    bare_number,
    day_of,
    span_of,
    week_of,
    weekday_in,
)

_FEWEST_DAYS, _FEWEST_WEEKS = 5, 3
_ANY_MONTH = 1
#: A week later, and the same over the end of a year that the cells do not say.
_WEEK_STEPS = frozenset([7, -358, -359])
_SAME_COLUMNS = 0.8
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Head:
    """A line of days: its place among the rows, its columns with the cell of each. ``weeks``: each
    column is a week. ``numbers``: the cells of a line just above, when that line numbers the weeks
    that this one dates.
    """

    place: int
    cells: tuple[tuple[int, Cell], ...]
    weeks: bool = False
    numbers: tuple[tuple[int, Cell], ...] = ()

    @property
    def top(self) -> int:
        """The place of its first line."""
        return self.place - bool(self.numbers)

    @property
    def columns(self) -> frozenset[int]:
        return frozenset(column for column, _ in self.cells)


def heads(sheet: Sheet, course: Course) -> list[Head]:
    """Every line of days of a sheet; two that say the same weeks are one."""
    found: list[Head] = []
    for place, (_, cells) in enumerate(sheet.rows):
        head = _head(place, cells, course)
        if head is None:
            continue
        if found and head.weeks and _doubled(found[-1], head):
            head = replace(head, numbers=found.pop().cells)
        found.append(head)
    return found


def _doubled(above: Head, head: Head) -> bool:
    both = above.columns & head.columns
    return (
        above.weeks
        and above.place == head.place - 1
        and len(both) >= _SAME_COLUMNS * len(above.columns | head.columns)
    )


def _head(place: int, cells: Sequence[Cell], course: Course) -> Head | None:
    around = replace(course, month=course.month or _ANY_MONTH, year=course.year or 2028)
    days: list[tuple[int, date]] = []
    weeks: list[tuple[int, Cell]] = []
    for column, cell in enumerate(cells):
        if cell == "" or (isinstance(cell, str) and len(cell) > 40):
            continue
        week = week_of(cell, replace(around, last=None))
        if week or (isinstance(cell, str) and span_of(cell, replace(around, last=None))):
            weeks.append((column, cell))
        try:
            day = day_of(cell, replace(around, last=None), bare=True)
        except Impossible:
            day = date(2028, 1, 31)  # « 31 » in a month of thirty days
        if day is not None:
            days.append((column, day))
    dated = [(column, day) for column, day in days if isinstance(cells[column], date)]
    days = dated if len(dated) >= _FEWEST_DAYS else days
    apart = len({text_of(cell) for _, cell in weeks}) == len(weeks)
    if len(weeks) >= max(_FEWEST_WEEKS, len(days)) and apart:
        return Head(place, tuple(weeks), weeks=True)
    written = tuple((column, cells[column]) for column, _ in days)
    if _is_weekly(days, cells):
        return Head(place, written, weeks=True)
    rises = sum(b > a for (_, a), (_, b) in itertools.pairwise(days))
    if len(days) < _FEWEST_DAYS or rises < 0.7 * (len(days) - 1):
        return None
    return Head(place, written)


def _is_weekly(days: Sequence[tuple[int, date]], cells: Sequence[Cell]) -> bool:
    """Days seven apart each begin a week, but « sam 02/01, sam 09/01 » that are days off."""
    if len(days) < _FEWEST_WEEKS or any(isinstance(cells[c], int | float) for c, _ in days):
        return False
    steps = {(b - a).days for (_, a), (_, b) in itertools.pairwise(days)}
    said = {each for column, _ in days for each in weekday_in(text_of(cells[column]))}
    return steps <= _WEEK_STEPS and not said & {5, 6}


def months_later(head: Head) -> dict[int, int]:
    """column → how many months have ended since the first one: « 30, 31, 1, 2 » goes on."""
    found: dict[int, int] = {}
    before = months = 0
    for column, cell in head.cells:
        number = bare_number(cell)
        months += bool(number and number < before)
        before = number or before
        found[column] = months
    return found


def wrong_weekday(sheet: Sheet, head: Head, days: Mapping[int, date]) -> tuple[str, date] | None:
    """(what is said, the day read) when the days of the week written in a line of days, just above
    or just below it, are not those of the days read: the month or the year is not the right one.
    """
    around = (head.place,) if head.weeks else (head.place, head.place - 1, head.place + 1)
    for place in around:
        if not 0 <= place < len(sheet.rows):
            continue
        cells = sheet.rows[place][1]
        said = {column: weekday_in(text_of(cells[column])) for column in days}
        if sum(map(bool, said.values())) < _SAME_COLUMNS * len(days):
            continue
        wrong = [c for c, each in said.items() if each and days[c].weekday() not in each]
        if len(wrong) > (1 - _SAME_COLUMNS) * len(days):
            return text_of(cells[wrong[0]]), days[wrong[0]]
    return None


def week_in(cell: Cell, course: Course) -> tuple[date, date] | None:
    """(first day, day of the handover) of a column of a line of weeks."""
    span = week_of(cell, course) or span_of(text_of(cell), course)
    if span:
        first, last = span
        return first, last + _DAY if (last - first).days == 6 else last
    day = day_of(cell, course)
    return (day, day + 7 * _DAY) if day else None
