"""Days across the sheet: marks beside people's names, or names under a line of dates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from releve.establishment.imports.book import Cell, Sheet, text_of
from releve.establishment.imports.days import (
    Course,
    Impossible,
    day_of,
    is_weekday,
    months_in,
    span_of,
    week_of,
)
from releve.establishment.imports.grids import Read, Slot, Table
from releve.establishment.imports.marks import bare, is_short
from releve.establishment.words import cleaned, key

_FEWEST_DAYS, _FEWEST_WEEKS = 5, 3
_ANY_MONTH = 1
_UNSURE = re.compile(r"[?¿]|\(\s*\?\s*\)")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Head:
    """A line of days: its place among the rows, its columns with the cell of each."""

    place: int
    cells: tuple[tuple[int, Cell], ...]
    weeks: bool = False

    @property
    def columns(self) -> frozenset[int]:
        return frozenset(column for column, _ in self.cells)


def heads(sheet: Sheet, course: Course) -> list[_Head]:
    """Every line of days of a sheet."""
    found = []
    for place, (_, cells) in enumerate(sheet.rows):
        head = _head(place, cells, course)
        if head is not None:
            found.append(head)
    return found


def _head(place: int, cells: Sequence[Cell], course: Course) -> _Head | None:
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
        return _Head(place, tuple(weeks), weeks=True)
    rises = sum(b > a for (_, a), (_, b) in itertools.pairwise(days))
    if len(days) < _FEWEST_DAYS or rises < 0.7 * (len(days) - 1):
        return None
    return _Head(place, tuple((column, cells[column]) for column, _ in days))


def read_across(table: Table, found: Sequence[_Head]) -> Read:
    """Each block under a line of days."""
    reader = _Across(table)
    rows = table.sheet.rows
    for head, after in zip(found, [*found[1:], None], strict=True):
        end = after.place if after else len(rows)
        reader.block(head, rows[head.place + 1 : end])
    reader.say_unknown()
    return reader.read


class _Across:
    def __init__(self, table: Table) -> None:
        self.read = Read()
        self._table = table
        self._course = table.course()
        self._unknown: dict[str, list[int]] = {}
        for _, cells in table.sheet.rows:
            said = [text_of(cell) for cell in cells if cell != ""]
            if len(set(said)) <= 2:
                for text in said:
                    table.marks.learn(text)
            if 2 <= len(said) <= 4 and re.fullmatch(r"[^\W\d_]{1,4}", said[0]):
                table.named.learn_initials(said[0], said[1])

    def block(self, head: _Head, rows: Sequence[tuple[int, tuple[Cell, ...]]]) -> None:
        section = ""
        for line, cells in rows:
            label = self._label(head, cells)
            values = [(c, cell, text_of(cells[c])) for c, cell in head.cells if cells[c] != ""]
            if self._is_aside(label, values, cells):
                continue
            if not values:
                if label and not re.search(r"[:=]", label) and len(label) < 40:
                    section = label
                continue
            if all(is_weekday(text) or len(text) == 1 for _, _, text in values) and not label:
                continue  # a line of « L M M J V S D »
            self._row(head, line, label, section, values)

    def _label(self, head: _Head, cells: Sequence[Cell]) -> str:
        first = min(head.columns)
        texts = [text_of(cell) for cell in cells[:first] if isinstance(cell, str) and cell.strip()]
        texts = [text for text in texts if not re.fullmatch(r"[\d\W]*", text)]
        if len(texts) > 1 and self._table.named.known(" ".join(texts[:2])):
            return " ".join(texts[:2])
        return texts[0] if texts else ""

    def _is_aside(
        self, label: str, values: Sequence[tuple[int, Cell, str]], cells: Sequence[Cell]
    ) -> bool:
        """A table of initials, a legend, a footer beside the grid."""
        said = [text_of(cell) for cell in cells if cell != ""]
        short = len(said) <= 4 and key(said[0]) in self._table.named.initials if said else True
        if short and len(said) > 1 and self._table.named.known(said[1]):
            return True
        return bool(values) and len(values) == 1 and len(values[0][2]) > 40

    def _row(
        self,
        head: _Head,
        line: int,
        label: str,
        section: str,
        values: Sequence[tuple[int, Cell, str]],
    ) -> None:
        named = self._table.named
        months = months_in(label)
        course = self._table.course_of(months[0]) if months and not named.known(label) else None
        texts = [text for _, _, text in values]
        marks = self._table.marks
        short = all(is_short(_UNSURE.sub("", text)) for text in texts)
        initials = sum(key(text) in named.initials for text in texts)
        states = [marks.state(_UNSURE.sub("", text)) for text in texts]
        known = sum(state is not None for state in states)
        if short and course is None and label and initials < known and known >= 0.5 * len(texts):
            self._marked(head, line, label, section, values)
        else:
            rota = "" if course is not None else label
            self._written(head, line, rota or section, values, course)

    def _marked(
        self,
        head: _Head,
        line: int,
        label: str,
        section: str,
        values: Sequence[tuple[int, Cell, str]],
    ) -> None:
        """A person's line: each mark on call is a turn."""
        marks = self._table.marks
        family = marks.family(text for _, _, text in values)
        rota = self._rota_of(section, family)
        for column, cell, text in values:
            state = marks.state(text)
            if _UNSURE.search(text):
                day = self._day(cell, self._course, line)
                if day:
                    what = f"marque incertaine « {text} » le {day:%d/%m/%Y} : pas prise"
                    self._table.findings.doubt(line, label, what, "Confirmez, ou videz la case.")
            elif state is None:
                self._unknown.setdefault(text, []).append(line)
            elif state:
                self._slot(head, column, cell, line, rota, label, self._course)

    def _rota_of(self, section: str, family: str) -> str:
        if not section:
            return self._table.title
        name = self._table.rota(section)
        if family and family not in key(name):
            return f"{family.capitalize()} {name[0].lower()}{name[1:].lower()}"
        return name

    def _written(
        self,
        head: _Head,
        line: int,
        label: str,
        values: Sequence[tuple[int, Cell, str]],
        course: Course | None,
    ) -> None:
        """A line of names: each cell is a turn, a merged run of days one longer turn."""
        rota = self._table.rota(label) if label else self._table.title
        self.read.hours.setdefault(rota, self._table.hours_for(rota, label))
        around = course or self._course
        run: list[date] = []
        run_text = ""
        for column, cell, text in [*values, (-1, "", "")]:
            day = None
            if column >= 0:
                if head.weeks:
                    self._slot(head, column, cell, line, rota, text, around)
                    continue
                day = self._day(cell, around, line)
                if day is None or self._table.marks.state(text) is False:
                    continue
            merged = self._table.sheet.merged and run and text == run_text
            if merged and day == run[-1] + _DAY:
                run.append(day)
                continue
            self._flush(run, run_text, line, rota)
            run, run_text = ([day] if day else []), text

    def _flush(self, run: list[date], text: str, line: int, rota: str) -> None:
        if not run:
            return
        last = run[-1] + _DAY if len(run) > 1 else None
        self.read.slots.append(Slot(line, rota, text, run[0], last))

    def _slot(
        self, head: _Head, column: int, cell: Cell, line: int, rota: str, text: str, course: Course
    ) -> None:
        self.read.hours.setdefault(rota, self._table.hours_for(rota))
        if head.weeks:
            span = week_of(cell, course) or span_of(text_of(cell), course)
            if span:
                first, last = span
                last = last + _DAY if (last - first).days == 6 else last
                self.read.slots.append(Slot(line, rota, text, first, last))
            return
        day = self._day(cell, course, line)
        if day:
            self.read.slots.append(Slot(line, rota, text, day))

    def _day(self, cell: Cell, course: Course, line: int) -> date | None:
        try:
            return day_of(cell, replace(course, last=None) if course.month else course, bare=True)
        except Impossible:
            return None  # the 31st column of a month of thirty days

    def say_unknown(self) -> None:
        """Each mark that nobody explains, once."""
        for mark, lines in self._unknown.items():
            count = f" ({len(lines)} jours)" if len(lines) > 1 else ""
            what = f"marque « {cleaned(mark)} » inconnue{count} : pas lue comme une astreinte"
            remedy = "Ajoutez une légende (« Z = astreinte »), ou écrivez A, G ou X."
            self._table.findings.doubt(lines[0], bare(mark), what, remedy)
