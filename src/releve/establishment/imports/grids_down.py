"""Days or weeks down the sheet with a column per rota; or a list with a beginning and an end."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta

from releve.establishment.faults import shown
from releve.establishment.imports.book import Cell, letter, text_of
from releve.establishment.imports.days import (
    Impossible,
    bare_number,
    day_of,
    later,
    moment_of,
    months_in,
    span_of,
    time_in,
    week_of,
    weekday_in,
)
from releve.establishment.imports.grids import Read, Slot, Table, rota_key
from releve.establishment.imports.grids_shape import Shape, pieces, shape_of
from releve.establishment.imports.hours import hours_in
from releve.establishment.imports.layout import Column, Layout
from releve.establishment.imports.named import is_ditto
from releve.establishment.imports.subjects import read_subject
from releve.establishment.words import key

#: (first day, day of the handover or None, hour of the start, of the end) of a line.
_When = tuple[date, date | None, time | None, time | None]
_HALF = re.compile(r"j|n|jour|nuit|journee|matin|soir|semaine|week end|we")
_DAY = timedelta(days=1)
_WHOLE = 0.6


def read_down(table: Table) -> Read:
    """The slots of a sheet, none when no column holds days."""
    whole = Read()
    for piece in pieces(table):
        shape = shape_of(piece)
        read = _Down(piece, shape).all() if shape else Read()
        whole.slots += read.slots
        whole.hours |= read.hours
        whole.layout = whole.layout or read.layout
    return whole


class _Down:
    def __init__(self, table: Table, shape: Shape) -> None:
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
        ends = sum(cells[shape.end] != "" for _, cells in rows) if shape.end >= 0 else 0
        self._ended = ends >= 0.5 * max(1, sum(cells[shape.start] != "" for _, cells in rows))
        self._above: dict[int, str] = {}
        self._spelt: dict[str, str] = {}
        self._number = 0

    def all(self) -> Read:
        for line, cells in self._rows:
            if self._is_month(cells):
                continue
            try:
                when = self._when(cells)
            except Impossible as error:
                who = self._who(cells)
                if not who:
                    continue  # the 30th line of a month of 28 days
                what = f"date impossible ({error}) : ligne non prise"
                self._table.findings.doubt(line, who, what, "Corrigez la date.")
                continue
            if when is None:
                self._no_day(line, cells)
                continue
            if self._no_end(line, cells):
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
        self._say_aside()
        return self.read

    def _is_month(self, cells: Sequence[Cell]) -> bool:
        """« FÉVRIER 2027 » alone on its line: the days below are in it."""
        said = {text_of(cell) for cell in cells if cell != ""}
        text = said.pop() if len(said) == 1 else ""
        months = months_in(text)
        if not months or not re.fullmatch(r"[a-z]+( (20)?\d\d)?", key(text)):
            return False
        year = months[0].year or self._course.year
        if not months[0].year and year and months[0].month < self._course.month:
            year += 1
        self._course, self._number = replace(self._course, month=months[0].month, year=year), 0
        return True

    def _go_on(self, cell: Cell) -> None:
        """« 30, 31, 1, 2 »: after the last days of a month comes the next."""
        number = bare_number(cell)
        if number and self._number >= 28 and number < 4:
            self._course = later(self._course, 1)
        self._number = number or self._number

    def _no_day(self, line: int, cells: Sequence[Cell]) -> None:
        """A line that names somebody known and no day."""
        who = self._who(cells)
        if who and self._table.named.known(who):
            remedy = "Écrivez le jour sur cette ligne."
            self._table.findings.doubt(line, who, "jour absent ou illisible : non prise", remedy)

    def _no_end(self, line: int, cells: Sequence[Cell]) -> bool:
        """Whether a line has no end that reads, where the others have one: said, not taken."""
        shape = self._shape
        if shape.start < 0 or shape.end < 0 or not self._ended or cells[shape.start] == "":
            return False
        cell = cells[shape.end]
        try:
            if cell != "" and moment_of(cell, replace(self._course)) is not None:
                return False
        except Impossible:
            return False
        said = f"fin illisible (« {text_of(cell)} »)" if cell != "" else "pas de fin"
        what = f"{said}, début {text_of(cells[shape.start])} : non prise"
        self._table.findings.doubt(line, self._who(cells), what, "Donnez la fin.")
        return True

    def _say_aside(self) -> None:
        """Columns that were not read, and remarks, which a turn of duty cannot carry."""
        findings = self._table.findings
        labels = [self._labels[column] or "sans titre" for column in self._shape.unread]
        if labels:
            findings.note(f"colonne(s) non lue(s) : {', '.join(map(shown, labels[:8]))}")
        said = [
            f"ligne {line} « {shown(text_of(cells[column]))} »"
            for line, cells in self._rows
            for column in self._shape.remarks
            if cells[column] != ""
        ]
        if said:
            more = f" et {len(said) - 5} autres" if len(said) > 5 else ""
            findings.note(f"remarques à garder en tête : {' ; '.join(said[:5])}{more}")

    def _who(self, cells: Sequence[Cell]) -> str:
        columns = (*self._shape.names, self._shape.subject)
        return next((text_of(cells[c]) for c in columns if c >= 0 and cells[c] != ""), "")

    def _when(self, cells: Sequence[Cell]) -> _When | None:
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
            self._go_on(cell)
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

    def _from_to(self, cells: Sequence[Cell], start: time | None, end: time | None) -> _When | None:
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
        when: _When,
    ) -> None:
        shape = self._shape
        phone = text_of(cells[shape.phone]) if shape.phone >= 0 else ""
        if shape.subject >= 0:
            self._subject(line, text_of(cells[shape.subject]), when, phone)
        for column in shape.names:
            text = self._text(line, cells, column, when[0])
            rota = self._rota(cells, column)
            if not text and self._filled[column] < _WHOLE * len(self._rows):
                continue
            self._turn(line, rota, text, when, phone, self._said_above(column))

    def _turn(
        self, line: int, rota: str, text: str, when: _When, phone: str, above: str = ""
    ) -> None:
        first, last, start, end = when
        self.read.hours.setdefault(rota, self._table.hours_for(rota, above))
        self.read.slots.append(Slot(line, rota, text, first, last, start, end, phone))

    def _text(self, line: int, cells: Sequence[Cell], column: int, day: date) -> str:
        """Whom a cell names: with the first name beside, by the replacement, or as just above."""
        shape = self._shape
        text = text_of(cells[column])
        if is_ditto(text) and (above := self._above.get(column)):
            self._table.findings.note(
                f"ligne {line} : « {shown(text)} » lu comme la case du dessus"
                f" ({shown(above)}), le {day:%d/%m/%Y}"
            )
            return above
        if shape.first_name >= 0 and text:
            text = f"{text} {text_of(cells[shape.first_name])}".strip()
        self._above[column] = text
        if shape.instead >= 0 and text_of(cells[shape.instead]) and column == shape.names[0]:
            text = text_of(cells[shape.instead])
        return text

    def _said_above(self, column: int) -> str:
        """The header of a column, with what stands over it when it says no hours itself."""
        label, groups = self._labels[column], self._shape.groups
        if not groups or hours_in(label):
            return label
        return f"{label} {groups[column]}"

    def _subject(self, line: int, text: str, when: _When, phone: str) -> None:
        """An event of an agenda, whose subject names the rota and the person."""
        said = read_subject(text, self._table.named)
        if not said.duty:
            what = "ce n'est pas une astreinte, d'après son objet : non prise"
            remedy = "À écarter, ou écrivez l'objet « Astreinte … : NOM Prénom »."
            self._table.findings.doubt(line, text, what, remedy)
            return
        rota = self._table.rota(said.rota) if said.rota else self._table.title
        rota = self._spelt.setdefault(rota_key(rota), rota)
        self._turn(line, rota, said.person, when, phone)

    def _rota(self, cells: Sequence[Cell], column: int) -> str:
        if self._shape.rota >= 0:
            said = text_of(cells[self._shape.rota])
            return self._table.rota(said) if said else self._table.title
        if self._table.chosen.rota and len(self._shape.names) == 1:
            return self._table.chosen.rota
        label = self._labels[column]
        group = self._shape.groups[column] if self._shape.groups else ""
        same = [c for c in self._shape.names if key(self._labels[c]) == key(label)]
        if group and group != label and (len(same) > 1 or _HALF.fullmatch(key(label))):
            return self._table.rota_of(f"{group} {label}")
        return self._table.rota_of(label)

    def _layout(self) -> Layout:
        """What each column was taken for, to be shown and changed."""
        shape = self._shape
        roles = {
            getattr(shape, name): name
            for name in (
                *("date", "start", "end", "week", "weekday", "start_time", "end_time"),
                *("hours", "rota", "first_name", "phone", "instead", "subject"),
            )
            if getattr(shape, name) >= 0
        }
        roles |= dict.fromkeys(shape.names, "person")
        columns = tuple(
            Column(place, label or letter(self._table.sheet.columns[place]), roles.get(place, ""),
                   letter(self._table.sheet.columns[place]),
                   next((text_of(c[place]) for _, c in self._rows if c[place] != ""), "")[:60])
            for place, label in enumerate(self._labels)
        )  # fmt: skip
        header = (self._table.sheet.rows[shape.header][0],) if shape.header >= 0 else ()
        return Layout(self._table.sheet.name, header, columns, self._table.titles)
