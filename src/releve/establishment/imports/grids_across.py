"""Days across the sheet: marks beside people's names, or names under a line of dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from releve.establishment.faults import shown
from releve.establishment.imports.besides import learn_besides
from releve.establishment.imports.book import Cell, text_of
from releve.establishment.imports.days import (
    Course,
    Impossible,
    day_of,
    is_weekday,
    later,
    months_in,
    week_of,
)
from releve.establishment.imports.grids import Read, Slot, Table
from releve.establishment.imports.heads import Head, months_later, week_in, wrong_weekday
from releve.establishment.imports.layout import is_total
from releve.establishment.imports.marks import bare, is_short
from releve.establishment.imports.named import is_ditto
from releve.establishment.imports.turnout import Turnout
from releve.establishment.words import cleaned, key

_UNSURE = re.compile(r"[?¿]|\(\s*\?\s*\)")
_DAY = timedelta(days=1)


def read_across(table: Table, found: Sequence[Head]) -> Read:
    """Each block under a line of days."""
    reader = _Across(table, found)
    rows = table.sheet.rows
    for head, after in zip(found, [*found[1:], None], strict=True):
        end = after.top if after else len(rows)
        reader.block(head, rows[head.place + 1 : end])
    reader.say_unknown()
    return reader.read


class _Across:
    def __init__(self, table: Table, found: Sequence[Head]) -> None:
        self.read = Read()
        self._table = table
        self._course = table.course()
        self._last: date | None = None
        self._unknown: dict[str, list[int]] = {}
        self._turnouts: dict[str, Turnout] = {}
        self._later: dict[int, int] = {}
        self._away: dict[str, int] = {}
        learn_besides(table, found)

    def block(self, head: Head, rows: Sequence[tuple[int, tuple[Cell, ...]]]) -> None:
        section = ""
        before, told = len(self.read.slots), len(self._table.findings.told)
        unknown, filled = sum(map(len, self._unknown.values())), 0
        self._turnouts = {}
        self._later = {} if head.weeks else months_later(head)
        self._check(head)
        for line, cells in rows:
            label = self._label(head, cells)
            values = [(c, cell, text_of(cells[c])) for c, cell in head.cells if cells[c] != ""]
            if label and {text for *_, text in values} == {label} and not self._knows(label):
                values = []  # a title or a legend merged over the whole line
            if is_total([label]) or self._is_aside(label, values, cells):
                continue
            if not values:
                if label and not re.search(r"[:=]", label) and len(label) < 40:
                    section = label
                continue
            if all(is_weekday(text) or len(text) == 1 for _, _, text in values) and not label:
                continue  # a line of « L M M J V S D »
            filled += 1
            self._row(head, line, label, section, values)
        self._settle(head)
        silent = len(self._table.findings.told) == told
        silent = silent and sum(map(len, self._unknown.values())) == unknown
        if filled and len(self.read.slots) == before and silent:
            line = self._table.sheet.rows[head.place][0]
            what = f"sous les jours de la ligne {line}, aucune garde reconnue : bloc non lu"
            remedy = "Ajoutez une légende (« Z = astreinte »), ou écrivez A, G ou X."
            self._table.findings.doubt(line, self._table.sheet.name, what, remedy)

    def _settle(self, head: Head) -> None:
        """Take what a block's marks say, once each day's are all known."""
        line = self._table.sheet.rows[head.place][0]
        for rota, turnout in self._turnouts.items():
            days = {
                column: slot
                for column, cell in head.cells
                if (slot := self._slot(head, column, cell, line, rota, "", self._course))
            }
            self.read.slots += turnout.settle(days, self._table.findings)

    def _check(self, head: Head) -> None:
        """« S01 » above a date that is not in week 1, « lundi » above a Tuesday."""
        numbers = dict(head.numbers)
        findings = self._table.findings
        line = self._table.sheet.rows[head.place][0]
        days = {c: day for c, cell in head.cells if (day := self._day(c, cell, self._course))}
        for column, day in days.items():
            number = numbers.get(column, "")
            week = week_of(number, replace(self._course, last=day))
            if week and not week[0] <= day < week[1]:
                what = f"« {text_of(number)} » n'est pas la semaine du {day:%d/%m/%Y}"
                remedy = "Corrigez la date ou le numéro ; c'est la date qui est lue."
                findings.doubt(line, text_of(number), what, remedy)
        if any(self._later.values()) and len(self._table.months()) < 2 and days:
            first, last = min(days.values()), max(days.values())
            what = f"les jours passent au mois suivant : lus du {first:%d/%m/%Y} au {last:%d/%m/%Y}"
            remedy = "Confirmez, ou dites le mois du tableau (réglages, ou [rota] de --map)."
            findings.doubt(line, self._table.sheet.name, what, remedy)
        wrong = wrong_weekday(self._table.sheet, head, days) if days else None
        if wrong:
            what = f"« {wrong[0]} » n'est pas le {wrong[1]:%d/%m/%Y}"
            remedy = "Dites le mois et l'année du tableau (réglages, ou [rota] de --map)."
            findings.doubt(line, self._table.sheet.name, what, remedy)

    def _label(self, head: Head, cells: Sequence[Cell]) -> str:
        first = min(head.columns)
        texts = [text_of(cell) for cell in cells[:first] if isinstance(cell, str) and cell.strip()]
        texts = [text for text in texts if not re.fullmatch(r"[\d\W]*", text)]
        if len(texts) > 1 and self._table.named.known(" ".join(texts[:2])):
            return " ".join(texts[:2])
        return texts[0] if texts else ""

    def _knows(self, label: str) -> bool:
        return self._table.named.known(label)

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
        head: Head,
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
        head: Head,
        line: int,
        label: str,
        section: str,
        values: Sequence[tuple[int, Cell, str]],
    ) -> None:
        """A person's line: each mark on call is a turn."""
        marks = self._table.marks
        family = marks.family(text for _, _, text in values)
        rota = self._rota_of(section, family)
        self.read.hours.setdefault(rota, self._table.hours_for(rota))
        turnout = self._turnouts.setdefault(rota, Turnout())
        for column, cell, text in values:
            state = marks.state(_UNSURE.sub("", text))
            slot = self._slot(head, column, cell, line, rota, label, self._course)
            if slot is None:
                continue
            if _UNSURE.search(text):
                turnout.unsure.add(column)
                what = f"marque incertaine « {text} » le {slot.first:%d/%m/%Y} : pas prise"
                self._table.findings.doubt(line, label, what, "Confirmez, ou videz la case.")
            elif state is None:
                turnout.unsure.add(column)
                self._unknown.setdefault(text, []).append(line)
            elif state is False:
                self._away[text] = self._away.get(text, 0) + 1
            else:
                if not head.weeks and (pair := marks.hours.get(bare(text))):
                    slot = replace(slot, start=pair[0], end=pair[1])
                turnout.marked.setdefault(column, []).append((marks.on[bare(text)], slot))

    def _rota_of(self, section: str, family: str) -> str:
        if not section:
            return self._table.title
        name = self._table.rota(section)
        if family and family not in key(name):
            return f"{family.capitalize()} {name[0].lower()}{name[1:].lower()}"
        return name

    def _written(
        self,
        head: Head,
        line: int,
        label: str,
        values: Sequence[tuple[int, Cell, str]],
        course: Course | None,
    ) -> None:
        """A line of names: each cell is a turn, a merged run of days one longer turn."""
        rota = self._table.rota_of(label)
        self.read.hours.setdefault(rota, self._table.hours_for(rota, label))
        around = course or self._course
        run: list[date] = []
        run_text = ""
        for column, cell, written in [*values, (-1, "", "")]:
            text = run_text if is_ditto(written) and run_text else written
            day = None
            if column >= 0 and head.weeks:
                slot = self._slot(head, column, cell, line, rota, text, around)
                self.read.slots += [slot] if slot else []
                run_text = text
                continue
            if column >= 0:
                day = self._day(column, cell, around)
                if day is None or self._table.marks.state(text) is False:
                    continue
            merged = (self._table.sheet.merged or text != written) and run and text == run_text
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
        self, head: Head, column: int, cell: Cell, line: int, rota: str, text: str, course: Course
    ) -> Slot | None:
        """The turn of a column; None for the 31st of a month of thirty days."""
        if head.weeks:
            span = week_in(cell, course)
            return Slot(line, rota, text, *span) if span else None
        day = self._day(column, cell, course)
        return Slot(line, rota, text, day) if day else None

    def _day(self, column: int, cell: Cell, course: Course) -> date | None:
        """A day that says its month goes on from the last; a number alone is in the month."""
        running = replace(course, month=0, last=self._last)
        try:
            day = day_of(cell, running)
            if day is not None:
                self._last = day
                return day
            if course.month:
                course = replace(later(course, self._later.get(column, 0)), last=None)
            return day_of(cell, course, bare=True)
        except Impossible:
            return None  # the 31st column of a month of thirty days

    def say_unknown(self) -> None:
        """Each mark that nobody explains, once; and those read as « not on call »."""
        if self._away:
            marks = ", ".join(f"« {shown(mark)} »" for mark in list(self._away)[:12])
            self._table.findings.note(f"marques lues comme « pas d'astreinte » : {marks}")
        for mark, lines in self._unknown.items():
            count = f" ({len(lines)} jours)" if len(lines) > 1 else ""
            what = f"marque « {cleaned(mark)} » inconnue{count} : pas lue comme une astreinte"
            remedy = "Ajoutez une légende (« Z = astreinte »), ou écrivez A, G ou X."
            self._table.findings.doubt(lines[0], bare(mark), what, remedy)
