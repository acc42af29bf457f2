"""What each column of a table with days or weeks down the sheet is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from releve.establishment.faults import shown
from releve.establishment.imports.book import Cell, Sheet, text_of
from releve.establishment.imports.days import (
    Course,
    Impossible,
    Month,
    bare_number,
    day_of,
    is_weekday,
    later,
    months_in,
    span_of,
    week_of,
)
from releve.establishment.imports.grids import Table
from releve.establishment.imports.layout import match
from releve.establishment.imports.named import is_ditto, is_nobody
from releve.establishment.imports.phones import read_phones
from releve.establishment.imports.subjects import read_subject
from releve.establishment.words import key

_ASIDE = re.compile(
    r"^(observation|remarque|commentaire|note|visa|signature|nb|nombre|tel|telephone|portable|numero|"
    r"contact|mail|email|echange|motif|divers|service demandeur|validation)"
)
_WEEK = re.compile(r"^(n )?(sem|semaine|semaines|s|week|n semaine|num semaine)$")
_REMARK = re.compile(r"^(observation|remarque|commentaire|note|divers|motif)")
#: Letters, and no more words than a name or two have.
_NAME = re.compile(r"(?=.*[^\W\d_])[^|]{1,60}", re.DOTALL)
_YES_NO = frozenset(["oui", "non", "vrai", "faux", "true", "false", "yes", "no"])
_FEWEST = 3


@dataclass(frozen=True)
class Shape:
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
    subject: int = -1
    remarks: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()


def shape_of(table: Table) -> Shape | None:
    """The columns of a sheet, None when no column holds days or weeks."""
    rows = table.sheet.rows
    course = table.course()
    dated = {
        column: _whens([cells[column] for _, cells in rows], course)
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


def _whens(cells: Sequence[Cell], course: Course) -> list[int]:
    """The places of the days of a column; numbers that do not go on like days are none."""
    places = [n for n, cell in enumerate(cells) if _is_when(cell, course)]
    bare = [n for place in places if isinstance(n := cells[place], int) and n <= 31]
    if len(bare) > 0.5 * len(places):
        onward = sum(b >= a for a, b in itertools.pairwise(bare))
        if onward < 0.7 * (len(bare) - 1) or len(set(bare)) < max(2, 0.3 * len(bare)):
            return [place for place in places if cells[place] not in bare]
    return places


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


def _classified(table: Table, header: int, when: int) -> Shape:
    rows = [cells for _, cells in table.sheet.rows[header + 1 :]]
    labels = [text_of(cell) for cell in (table.sheet.rows[header][1] if header >= 0 else [])] or [
        ""
    ] * len(table.sheet.columns)
    places: dict[str, int] = {}
    names: list[int] = []
    unread: list[int] = []
    again: list[int] = []
    for column, label in enumerate(labels):
        chosen = table.chosen.columns.get(label)
        said = chosen if chosen is not None else _role(table, label, column, rows)
        if said == "person":
            names.append(column)
        elif said == "date" and said in places:
            again.append(column)
        elif said and said not in places:
            places[said] = column
        elif not said and chosen is None and not _ASIDE.match(key(label)):
            unread += [column] if any(row[column] != "" for row in rows) else []
    spans = again and not {"start", "end"} & places.keys()
    if spans and _follows(rows, places["date"], again[0], table.course()):
        places |= {"start": places.pop("date"), "end": again.pop(0)}
    unread += again
    if not {"date", "start", "week"} & places.keys():
        places["date"] = when
        names = [column for column in names if column != when]
    if "rota" in places and not names and "subject" not in places:
        names.append(places.pop("rota"))
    if "subject" in places:
        chosen_names = {c for c in names if table.chosen.columns.get(labels[c]) == "person"}
        names, unread = sorted(chosen_names), []
    remarks = tuple(c for c, label in enumerate(labels) if _REMARK.match(key(label)))
    groups = _groups(table, header, places.get("date", places.get("start", when)))
    aside = tuple(column for column in unread if column != when)
    return Shape(header, names=tuple(names), remarks=remarks, unread=aside, groups=groups, **places)


def _follows(rows: Sequence[Sequence[Cell]], first: int, then: int, course: Course) -> bool:
    """Whether two columns of days are beginnings and ends."""
    apart = []
    for cells in rows:
        try:
            begin, finish = day_of(cells[first], course), day_of(cells[then], course)
        except Impossible:
            continue
        if begin and finish:
            apart.append((finish - begin).days)
    return bool(apart) and sum(0 < days <= 31 for days in apart) >= 0.8 * len(apart)


def pieces(table: Table) -> list[Table]:
    """Tables side by side on one sheet, each with its column of days and its names; the whole when
    there is one.
    """
    sheet, course = table.sheet, table.course()
    above = (text_of(cell) for _, cells in sheet.rows[:8] for cell in cells if cell != "")
    months = [month for text in above for month in months_in(text)]
    if months and not course.month:
        course = replace(course, month=months[0].month)
    columns = [[cells[c] for _, cells in sheet.rows] for c in range(len(sheet.columns))]
    whens = [_whens(cells, course) for cells in columns]
    starts = [c for c, found in enumerate(whens) if len(found) >= _FEWEST]
    if len(starts) == 1 and (parts := _month_columns(table, starts[0], min(whens[starts[0]]))):
        return parts
    starts = [c for c in starts if not _ends(table, c, min(whens[c]))]
    if len(starts) < 2:
        return [table]
    cuts = [0, *(c - _is_weekdays(columns[c - 1]) for c in starts[1:]), len(columns)]
    spans = list(itertools.pairwise(cuts))
    if any(not _names_somebody(table, columns[a:b]) for a, b in spans):
        return [table]
    found: list[Table] = []
    for (a, b), start in zip(spans, starts, strict=True):
        rows = tuple((number, cells[a:b]) for number, cells in sheet.rows)
        part = replace(sheet, rows=rows, columns=sheet.columns[a:b])
        found.append(
            replace(table, sheet=part, piece=_month(table, part, min(whens[start]), found))
        )
    table.findings.note(f"{len(found)} tableaux côte à côte sur « {shown(sheet.name)} »")
    return found


def _month_columns(table: Table, days: int, first: int) -> list[Table]:
    """Days down once, a month in each column: « Jour, Janvier, Février »."""
    sheet = table.sheet
    for _, cells in sheet.rows[:first]:
        found: dict[int, Month] = {}
        for column, cell in enumerate(cells):
            text = text_of(cell)
            months = months_in(text) if re.fullmatch(r"[a-z]+( (20)?\d\d)?", key(text)) else []
            if column > days and months:
                found[column] = months[0]
        starts = [c for c in found if found.get(c - 1) != found[c]]
        if len(starts) < 2:
            continue
        parts = []
        for start, end in itertools.pairwise([*starts, len(cells)]):
            kept = (days, *range(start, end))
            rows = tuple((number, tuple(line[c] for c in kept)) for number, line in sheet.rows)
            columns = tuple(sheet.columns[c] for c in kept)
            part = replace(sheet, rows=rows, columns=columns)
            parts.append(replace(table, sheet=part, piece=found[start]))
        return parts
    return []


def _ends(table: Table, column: int, first: int) -> bool:
    header = _header(table, first)
    label = text_of(table.sheet.rows[header][1][column]) if header >= 0 else ""
    return match("rota", label)[0] in ("start", "end") or _ASIDE.match(key(label)) is not None


def _is_weekdays(cells: Sequence[Cell]) -> bool:
    texts = [text_of(cell) for cell in cells if cell != ""]
    return bool(texts) and sum(is_weekday(text) for text in texts) > 0.7 * len(texts)


def _names_somebody(table: Table, columns: Sequence[Sequence[Cell]]) -> bool:
    return any(table.named.known(text_of(cell)) for cells in columns for cell in cells if cell)


def _month(table: Table, part: Sheet, first: int, before: Sequence[Table]) -> Month | None:
    """The month that a piece says above its days, else the one after the piece before it."""
    above = [text_of(cell) for _, cells in part.rows[:first] for cell in cells if cell != ""]
    months = [month for text in above for month in months_in(text)]
    if months:
        return months[0]
    if not any(bare_number(cell) for _, cells in part.rows[first:] for cell in cells):
        return None
    around = before[-1].course() if before else table.course()
    if not before or not around.month:
        return None
    course = later(around, 1)
    what = (
        f"{len(before) + 1}e tableau de la feuille sans mois : lu {course.month:02d}/{course.year}"
    )
    table.findings.doubt(part.rows[first][0], part.name, what, "Écrivez le mois au-dessus.")
    return Month(course.month, course.year)


def _groups(table: Table, header: int, when: int) -> tuple[str, ...]:
    """What the line just above the header says over each column: « ASTREINTES (18h30-8h30) »."""
    rows = table.sheet.rows
    if header < 1 or rows[header - 1][0] != rows[header][0] - 1:
        return ()
    over = text_of(rows[header - 1][1][when])
    if over and match("rota", over)[0] not in ("date", "start"):
        return ()
    found: list[str] = []
    for column, cell in enumerate(rows[header - 1][1]):
        carried = found[-1] if column > when and not table.sheet.merged else ""
        found.append(text_of(cell) or carried)
    return tuple(found)


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
    course = table.course()
    places = _whens([row[column] for row in rows], course)
    days = field in ("date", "start", "end")
    if sure > 0.7 and (
        field in ("start_time", "end_time", "hours", "first_name")
        or (days and (places or (sure == 1 and not any(map(table.named.known, texts)))))
    ):
        return field
    if len(places) > 0.5 * len(texts):
        return "date"
    if sum(bool(read_phones(text).all) for text in texts) > 0.6 * len(texts) and not any(
        table.named.known(text) for text in texts
    ):
        return "phone"
    return _names_or_rota(table, field, sure, texts)


def _names_or_rota(table: Table, field: str, sure: float, texts: Sequence[str]) -> str:
    named = table.named
    people = sum(named.known(text) or is_nobody(text) or is_ditto(text) for text in texts)
    looks = sum(re.search(r"\b(Dr|Pr|Mme|M\.)\s", text) is not None for text in texts)
    if field == "subject" and sure > 0.7:
        said = [read_subject(text, named) for text in texts]
        if sum(bool(each.person) and each.duty for each in said) > 0.3 * len(texts):
            return "subject"
    if people + looks > 0.3 * len(texts):
        return "person"
    if field == "rota" and sure > 0.7 and len(set(texts)) < max(3, 0.5 * len(texts)):
        return "rota"
    if field == "rota" and sure == 1 and people == 0:
        return "rota"
    likely = sum(_NAME.fullmatch(text) is not None for text in texts) > 0.5 * len(texts)
    plain = likely and not all(key(text) in _YES_NO for text in texts)
    return "person" if plain and (field in ("person", "rota") or not field) else ""
