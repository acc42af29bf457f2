"""Days or weeks down the sheet with a column per rota; or a list with a beginning and an end."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from releve.establishment.imports.book import Cell, text_of
from releve.establishment.imports.days import (
    Course,
    Impossible,
    day_of,
    is_weekday,
    moment_of,
    span_of,
    time_in,
    week_of,
    weekday_in,
)
from releve.establishment.imports.grids import Read, Slot, Table
from releve.establishment.imports.hours import hours_in
from releve.establishment.imports.layout import Column, Layout, match
from releve.establishment.imports.named import is_nobody
from releve.establishment.words import key

_ASIDE = re.compile(
    r"^(observation|remarque|commentaire|note|visa|signature|nb|nombre|tel|telephone|portable|numero|"
    r"contact|mail|email|echange|motif|divers|service demandeur|validation)"
)
_WEEK = re.compile(r"^(n )?(sem|semaine|semaines|s|week|n semaine|num semaine)$")
_GENERIC = re.compile(
    r"^(nom|noms|agent|agents|personne|nom prenom|nom et prenom|praticien|medecin|qui|titulaire|"
    r"astreignant|nom de l agent|intervenant|person|personnel|identite|nom du medecin|cadre)$"
)
_FEWEST = 3
_DAY = timedelta(days=1)
_WHOLE = 0.6


@dataclass(frozen=True)
class _Shape:
    """The columns of the table, by what they say; -1 = none."""

    header: int
    date: int = -1
    start: int = -1
    end: int = -1
    week: int = -1
    weekday: int = -1
    start_time: int = -1
    end_time: int = -1
    hours: int = -1
    rota: int = -1
    first_name: int = -1
    phone: int = -1
    names: tuple[int, ...] = ()
    instead: int = -1


def read_down(table: Table) -> Read:
    """The slots of a sheet, none when no column holds days."""
    shape = _shape(table)
    if shape is None:
        return Read()
    return _Down(table, shape).all()


def _shape(table: Table) -> _Shape | None:
    rows = table.sheet.rows
    course = table.course()
    dated = {
        column: [n for n, (_, cells) in enumerate(rows) if _is_when(cells[column], course)]
        for column in range(len(table.sheet.columns))
    }
    best = max(dated, key=lambda c: (len(dated[c]), -c), default=-1)
    if best < 0 or not dated[best]:
        return None
    header = _header(table, dated[best][0])
    label = text_of(rows[header][1][best]) if header >= 0 else ""
    called = match("rota", label)[0] in ("date", "start") or _WEEK.match(key(label))
    if len(dated[best]) < _FEWEST and not called:
        return None
    return _classified(table, header, best)


def _is_when(cell: Cell, course: Course) -> bool:
    if cell == "" or (isinstance(cell, str) and len(cell) > 60):
        return False
    plain = Course(course.today, course.month or 1, course.year)
    try:
        if day_of(cell, plain, bare=bool(course.month)) is not None:
            return True
    except Impossible:
        return True
    return week_of(cell, plain) is not None or (
        isinstance(cell, str) and span_of(cell, plain) is not None
    )


def _header(table: Table, first: int) -> int:
    """The nearest line above the first day that says several things; -1 when none."""
    for place in range(first - 1, -1, -1):
        said = {text_of(cell) for cell in table.sheet.rows[place][1] if cell != ""}
        if len(said) > 1:
            return place
    return -1


def _classified(table: Table, header: int, when: int) -> _Shape:
    rows = [cells for _, cells in table.sheet.rows[header + 1 :]]
    labels = [text_of(cell) for cell in (table.sheet.rows[header][1] if header >= 0 else [])] or [
        ""
    ] * len(table.sheet.columns)
    places: dict[str, int] = {}
    names: list[int] = []
    for column, label in enumerate(labels):
        chosen = table.chosen.columns.get(label)
        said = chosen if chosen is not None else _role(table, label, column, rows)
        if said == "person":
            names.append(column)
        elif said and said not in places:
            places[said] = column
    if not {"date", "start", "week"} & places.keys():
        places["date"] = when
        names = [column for column in names if column != when]
    if "rota" in places and not names:
        names.append(places.pop("rota"))
    return _Shape(header, names=tuple(names), **places)


def _role(table: Table, label: str, column: int, rows: Sequence[Sequence[Cell]]) -> str:
    """What a column is, from its header and what it holds; empty = not read."""
    texts = [text_of(row[column]) for row in rows if row[column] != ""]
    said = key(label)
    if _WEEK.match(said):
        return "week"
    if texts and sum(is_weekday(text) for text in texts) > 0.7 * len(texts):
        return "weekday"
    if said.startswith("remplac"):
        return "instead"
    field, sure = match("rota", label)
    if field == "phone" and sure > 0.7:
        return "phone"
    if _ASIDE.match(said) or not texts:
        return ""
    if (
        field in ("date", "start", "end", "start_time", "end_time", "hours", "first_name")
        and sure > 0.7
    ):
        when = sum(_is_when(row[column], table.course()) for row in rows)
        if field not in ("date", "start", "end") or when or sure == 1:
            return field
    course = table.course()
    if sum(_is_when(row[column], course) for row in rows) > 0.5 * len(texts):
        return "date"
    return _names_or_rota(table, field, sure, texts)


def _names_or_rota(table: Table, field: str, sure: float, texts: Sequence[str]) -> str:
    people = sum(table.named.known(text) or is_nobody(text) for text in texts)
    looks = sum(re.search(r"\b(Dr|Pr|Mme|M\.)\s", text) is not None for text in texts)
    if people + looks > 0.3 * len(texts):
        return "person"
    if field == "rota" and sure > 0.7 and len(set(texts)) < max(3, 0.5 * len(texts)):
        return "rota"
    if field == "rota" and sure == 1 and people == 0:
        return "rota"
    return "person" if field in ("person", "rota") or not field else ""


class _Down:
    def __init__(self, table: Table, shape: _Shape) -> None:
        self.read = Read()
        self._table = table
        self._shape = shape
        self._course = table.course()
        self._labels = (
            [text_of(cell) for cell in table.sheet.rows[shape.header][1]]
            if shape.header >= 0
            else [""] * len(table.sheet.columns)
        )
        rows = table.sheet.rows[shape.header + 1 :]
        self._filled = {
            column: sum(cells[column] != "" for _, cells in rows) for column in shape.names
        }
        self._rows = rows
        self._handover = self._same_day_handover()

    def all(self) -> Read:
        for line, cells in self._rows:
            try:
                when = self._when(cells)
            except Impossible as error:
                who = self._who(cells)
                what = f"date impossible ({error}) : ligne non prise"
                self._table.findings.doubt(line, who, what, "Corrigez la date.")
                continue
            if when is None:
                continue
            first, last, start, end = when
            if last is not None and (last, end or time()) <= (first, start or time()):
                what = f"la fin ({last:%d/%m/%Y}) n'est pas après le début ({first:%d/%m/%Y})"
                remedy = "Corrigez le début ou la fin."
                self._table.findings.doubt(line, self._who(cells), f"{what} : non prise", remedy)
                continue
            self._check_weekday(line, cells, first)
            self._turns(line, cells, when)
        self.read.layout = self._layout()
        return self.read

    def _who(self, cells: Sequence[Cell]) -> str:
        return next((text_of(cells[c]) for c in self._shape.names if cells[c] != ""), "")

    def _when(
        self, cells: Sequence[Cell]
    ) -> tuple[date, date | None, time | None, time | None] | None:
        """(first day, last day or None, hour of start, of end) of a line; None when it has none."""
        shape = self._shape
        start = self._hour(cells, shape.start_time)
        end = self._hour(cells, shape.end_time)
        if shape.hours >= 0 and (pair := hours_in(text_of(cells[shape.hours]))):
            start, end = pair
        if shape.start >= 0 and cells[shape.start] != "":
            return self._from_to(cells, start, end)
        if shape.date >= 0 and cells[shape.date] != "":
            cell = cells[shape.date]
            span = isinstance(cell, str) and span_of(cell, self._course)
            if span:
                return span[0], self._after(span[0], span[1]), start, end
            week = week_of(cell, self._course)
            if week:
                return (*week, start, end)
            day = day_of(cell, self._course, bare=True)
            return (day, None, start, end) if day else None
        if shape.week >= 0:
            text = text_of(cells[shape.week])
            span = span_of(re.sub(r"^[^(]*\(|\)", "", text), self._course)
            week = week_of(cells[shape.week], self._course, bare=True)
            if span:
                return span[0], self._after(span[0], span[1]), start, end
            return (*week, start, end) if week else None
        return None

    def _from_to(
        self, cells: Sequence[Cell], start: time | None, end: time | None
    ) -> tuple[date, date | None, time | None, time | None] | None:
        begin = moment_of(cells[self._shape.start], self._course)
        if begin is None:
            return None
        start = start or begin[1]
        if self._shape.end < 0 or cells[self._shape.end] == "":
            return begin[0], None, start, end
        finish = moment_of(cells[self._shape.end], self._course)
        self._course.last = begin[0]
        if finish is None:
            return begin[0], None, start, end
        end = end or finish[1]
        last = finish[0] if end else self._after(begin[0], finish[0])
        return begin[0], last, start, end

    def _after(self, first: date, last: date) -> date:
        """The day of the handover: a last day that is still on duty hands over the next."""
        if last < first:
            return last
        return last if self._handover or (last - first).days == 7 else last + _DAY

    def _same_day_handover(self) -> bool:
        """Whether a line's last day is the first of the next, as in « 13/11 → 20/11 »."""
        shape = self._shape
        if shape.start < 0 or shape.end < 0:
            return False
        course = self._table.course()
        pairs = []
        for _, cells in self._rows:
            try:
                begin, finish = (moment_of(cells[c], course) for c in (shape.start, shape.end))
            except Impossible:
                continue
            if begin and finish:
                pairs.append((begin[0], finish[0]))
        same = sum(a[1] == b[0] for a, b in itertools.pairwise(pairs))
        return same > 0.5 * max(1, len(pairs) - 1)

    def _hour(self, cells: Sequence[Cell], column: int) -> time | None:
        if column < 0 or cells[column] == "":
            return None
        cell = cells[column]
        if isinstance(cell, time):
            return cell
        if isinstance(cell, float) and 0 < cell < 1:
            minutes = round(cell * 1440)
            return time(minutes // 60 % 24, minutes % 60)
        if isinstance(cell, int) and 0 <= cell <= 24:
            return time(cell % 24)
        return time_in(text_of(cell))

    def _check_weekday(self, line: int, cells: Sequence[Cell], day: date) -> None:
        """« lundi » beside a Tuesday: the year or the month is wrong."""
        column = self._shape.weekday if self._shape.weekday >= 0 else self._shape.date
        if column < 0 or not isinstance(cells[column], str):
            return
        said = weekday_in(text_of(cells[column]))
        if said and day.weekday() not in said:
            what = f"« {text_of(cells[column])} » n'est pas le {day:%d/%m/%Y}"
            remedy = "Dites le mois et l'année du tableau (réglages, ou [rota] de --map)."
            self._table.findings.doubt(line, self._who(cells), what, remedy)

    def _turns(
        self,
        line: int,
        cells: Sequence[Cell],
        when: tuple[date, date | None, time | None, time | None],
    ) -> None:
        first, last, start, end = when
        shape = self._shape
        phone = text_of(cells[shape.phone]) if shape.phone >= 0 else ""
        for column in shape.names:
            text = text_of(cells[column])
            if shape.first_name >= 0 and text:
                text = f"{text} {text_of(cells[shape.first_name])}".strip()
            if shape.instead >= 0 and text_of(cells[shape.instead]) and column == shape.names[0]:
                text = text_of(cells[shape.instead])
            rota = self._rota(cells, column)
            if not text and self._filled[column] < _WHOLE * len(self._rows):
                continue
            self.read.hours.setdefault(rota, self._table.hours_for(rota, self._labels[column]))
            self.read.slots.append(Slot(line, rota, text, first, last, start, end, phone))

    def _rota(self, cells: Sequence[Cell], column: int) -> str:
        if self._shape.rota >= 0:
            said = text_of(cells[self._shape.rota])
            return self._table.rota(said) if said else self._table.title
        if self._table.chosen.rota and len(self._shape.names) == 1:
            return self._table.chosen.rota
        label = self._labels[column]
        if not label or _GENERIC.match(key(label)):
            return self._table.title
        return self._table.rota(label)

    def _layout(self) -> Layout:
        """What each column was taken for, to be shown and changed."""
        shape = self._shape
        roles = {
            getattr(shape, name): name
            for name in (
                *("date", "start", "end", "week", "weekday", "start_time", "end_time"),
                *("hours", "rota", "first_name", "phone", "instead"),
            )
            if getattr(shape, name) >= 0
        }
        roles |= dict.fromkeys(shape.names, "person")
        from releve.establishment.imports.book import letter

        columns = tuple(
            Column(place, label or letter(self._table.sheet.columns[place]), roles.get(place, ""),
                   letter(self._table.sheet.columns[place]),
                   next((text_of(c[place]) for _, c in self._rows if c[place] != ""), "")[:60])
            for place, label in enumerate(self._labels)
        )  # fmt: skip
        header = (self._table.sheet.rows[shape.header][0],) if shape.header >= 0 else ()
        return Layout(self._table.sheet.name, header, columns, self._table.titles)
