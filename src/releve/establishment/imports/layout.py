"""Where a table begins in a sheet, and what each of its columns is.

People put titles above, one line of headers or two, sections and totals inside. The header is the
line (or pair of lines), among the first forty, under which most columns have a name that the kind
of import knows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from releve.establishment.imports.book import Book, Cell, Sheet, letter, text_of
from releve.establishment.words import key, tokens

HEADER_WITHIN = 40
#: « Do not read this column », in a mapping.
NOTHING = ""
_COLUMNS = Path(__file__).with_name("columns.toml")
_TOTAL = re.compile(r"(sous )?(total|totaux|effectif total|nombre total|s total)\b")
_CONTENT_SAMPLE = 60


@dataclass(frozen=True)
class Column:
    """One column as its table calls it. ``place`` counts from 0 in the sheet's cells; ``label`` is
    unique in the table; ``field`` is what it is taken for, empty when it is not read.
    """

    place: int
    label: str
    field: str
    letter: str
    example: str = ""


@dataclass(frozen=True)
class Record:
    """One line: its number in the file, its cells by field (several for a telephone), and the
    section title it stands under.
    """

    line: int
    cells: Mapping[str, tuple[Cell, ...]]
    section: str = ""

    def raw(self, field: str) -> Cell:
        """The first cell that says something, "" when none does."""
        return next((cell for cell in self.cells.get(field, ()) if cell != ""), "")

    def text(self, field: str) -> str:
        return text_of(self.raw(field))

    def texts(self, field: str) -> tuple[str, ...]:
        return tuple(text_of(cell) for cell in self.cells.get(field, ()) if cell != "")


@dataclass(frozen=True)
class Layout:
    """``header``: numbers of the header's lines; empty when none was found."""

    sheet: str
    header: tuple[int, ...]
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    score: float = 0.0

    @property
    def signature(self) -> str:
        """The same labels in the same order give the same, whatever the letters' case."""
        labels = "\n".join(key(column.label) for column in self.columns)
        return sha256(labels.encode()).hexdigest()[:16]

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(column.field for column in self.columns) - {NOTHING}

    def mapped(self, fields: Mapping[str, str]) -> Layout:
        """The same with a person's choice of fields, by label."""
        return replace(
            self,
            columns=tuple(
                replace(column, field=fields.get(column.label, column.field))
                for column in self.columns
            ),
        )


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """kind → field → the names it goes by."""
    found = tomllib.loads(_COLUMNS.read_text("utf-8"))
    return {
        kind: {field: tuple(key(word) for word in words) for field, words in fields.items()}
        for kind, fields in found.items()
    }


def find_layout(book: Book, kind: str, sheet: str = "") -> Layout:
    """The best table of a book, or of the ``sheet`` named; hidden sheets only when alone good."""
    best = Layout("", (), ())
    for each in book.sheets:
        if sheet and key(each.name) != key(sheet):
            continue
        found = sheet_layout(each, kind)
        weight = (
            found.score * (0.5 if each.hidden and not sheet else 1)
            + min(len(each.rows), 1000) / 1e6
        )
        if weight > best.score:
            best = replace(found, score=weight)
    return best


def sheet_layout(sheet: Sheet, kind: str, header: Sequence[int] = ()) -> Layout:
    """A sheet's table; ``header`` = the lines that a person said the header is."""
    rows = sheet.rows[:HEADER_WITHIN]
    places = [n for n, (number, _) in enumerate(sheet.rows) if number in header]
    if places:
        return _layout(sheet, kind, places[0], len(places))
    tries = [(n, 1) for n in range(len(rows))]
    tries += [(n, 2) for n in range(len(rows) - 1) if _can_head(rows[n][1], rows[n + 1][1])]
    scored = [(_score(sheet, kind, place, height), -height, -place) for place, height in tries]
    score, height, place = max(scored, default=(0.0, 0, 0))
    return _layout(sheet, kind, -place, -height) if score > 0 else _headless(sheet, kind)


def _can_head(upper: Sequence[Cell], lower: Sequence[Cell]) -> bool:
    """Whether two lines may be one header: no number below, and words above."""
    words = [cell for cell in lower if cell != ""]
    return (
        len(words) > 1
        and all(isinstance(cell, str) and not re.search(r"\d{3}|@", cell) for cell in words)
        and len({cell for cell in upper if cell != ""}) > 1
    )


def _named(sheet: Sheet, kind: str, place: int, height: int) -> tuple[list[str], list[str], float]:
    """(labels, fields, how much is known) of the lines that may be a header."""
    labels = _labels([cells for _, cells in sheet.rows[place : place + height]])
    scores = [match(kind, label) for label in labels]
    fields = _settled(labels, scores)
    known = sum(score for (_, score), kept in zip(scores, fields, strict=True) if kept)
    if len({label for label in labels if label}) < 2 and len(sheet.columns) > 1:
        known = 0.0
    return labels, fields, known


def _score(sheet: Sheet, kind: str, place: int, height: int) -> float:
    known = _named(sheet, kind, place, height)[2]
    return known - 0.02 * place - 0.1 * (height - 1) if known else 0.0


def _layout(sheet: Sheet, kind: str, place: int, height: int) -> Layout:
    labels, fields, known = _named(sheet, kind, place, height)
    said = (text_of(cell) for _, cells in sheet.rows[:place] for cell in cells if cell != "")
    titles = tuple(dict.fromkeys(said))
    after = [cells for _, cells in sheet.rows[place + height : place + height + _CONTENT_SAMPLE]]
    columns = _columns(sheet, labels, fields, after)
    if known:
        columns = _by_content(kind, columns, after)
    numbers = tuple(number for number, _ in sheet.rows[place : place + height])
    return Layout(sheet.name, numbers, columns, titles, _score(sheet, kind, place, height))


def _labels(lines: Sequence[Sequence[Cell]]) -> list[str]:
    """One label a column; of two lines, « group · label », the group carried to its right."""
    if len(lines) == 1:
        return [text_of(cell) if not _is_data(cell) else "" for cell in lines[0]]
    labels, group = [], ""
    for above, below in zip(*lines, strict=True):
        group = text_of(above) or group
        under = text_of(below)
        if not under:
            labels.append(text_of(above))
        elif not group or key(under) == key(group):
            labels.append(under)
        else:
            labels.append(f"{group} · {under}")
    return labels


def _is_data(cell: Cell) -> bool:
    return not isinstance(cell, str) or len(cell) > 120


def match(kind: str, label: str) -> tuple[str, float]:
    """(the field a label names, how surely): 1 = word for word; ("", 0) when none."""
    group, _, under = label.partition(" · ")
    if under:
        choices = [
            (field, score * weight)
            for text, weight in (
                (under, 1.0),
                (f"{group} {under}", 1.05),
                (f"{under} {group}", 1.0),
            )
            for field, score in (_matched(kind, text),)
            if field
        ]
        return max(choices, key=lambda each: each[1], default=(NOTHING, 0.0))
    return _matched(kind, label)


@lru_cache(maxsize=4096)
def _matched(kind: str, label: str) -> tuple[str, float]:
    said = key(re.sub(r"\([^)]*\)", " ", label)) or key(label)
    if not said:
        return NOTHING, 0.0
    best, sure = NOTHING, 0.0
    words = set(tokens(said))
    for field, names in vocabulary()[kind].items():
        for name in names:
            score = 0.0
            if said == name or said.replace(" ", "") == name.replace(" ", ""):
                score = 1.0
            elif words and set(tokens(name)) == words:
                score = 0.95
            elif (parts := set(tokens(name))) and parts < words and len(name) > 2:
                score = 0.75 * len(parts) / len(words) + 0.05 * min(len(parts), 4)
                score = score if score >= 0.4 else 0.0
            if score > sure:
                best, sure = field, score
    return best, sure


#: Fields that several columns may feed.
SEVERAL = frozenset({"phone", "mobile", "extension", "email", "os", "annotation"})


def _settled(labels: list[str], scores: list[tuple[str, float]]) -> list[str]:
    """One column a field, the surest; the first of equals."""
    kept = [field for field, _ in scores]
    for field in set(kept) - SEVERAL - {NOTHING}:
        places = [n for n, each in enumerate(kept) if each == field]
        best = max(places, key=lambda n: (scores[n][1], -n))
        for place in places:
            if place != best:
                kept[place] = NOTHING
    return kept


def _columns(
    sheet: Sheet, labels: list[str], fields: list[str], after: list[tuple[Cell, ...]]
) -> tuple[Column, ...]:
    made = []
    used: set[str] = set()
    for place, label in enumerate(labels):
        where = letter(sheet.columns[place])
        shown = label or f"colonne {where}"
        if key(shown) in used:
            shown = f"{shown} ({where})"
        used.add(key(shown))
        example = next((text_of(row[place]) for row in after if row[place] != ""), "")
        made.append(Column(place, shown, fields[place], where, example[:60]))
    return tuple(made)


_LOOKS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.\w+"),
    "phone": re.compile(r"(?:\+33|0033|0)[\s.(0)-]*[1-9](?:[\s.-]*\d{2}){4}.*", re.DOTALL),
    "rpps": re.compile(r"[18]\d{10}"),
}


def _by_content(
    kind: str, columns: tuple[Column, ...], rows: list[tuple[Cell, ...]]
) -> tuple[Column, ...]:
    """Columns whose label says nothing, by what stands in them."""
    known = vocabulary()[kind]
    taken = {column.field for column in columns}
    found = []
    for column in columns:
        texts = [text_of(row[column.place]) for row in rows if row[column.place] != ""]
        field = column.field
        if not field and texts and _matched(kind, column.label)[0] == NOTHING:
            for name, looks in _LOOKS.items():
                alike = sum(looks.fullmatch(text) is not None for text in texts)
                if name in known and alike > 0.6 * len(texts):
                    if name in SEVERAL or name not in taken:
                        field = name
                        taken.add(name)
                    break
        found.append(replace(column, field=field))
    return tuple(found)


def _headless(sheet: Sheet, kind: str) -> Layout:
    """A table without any header: its columns by their letter, known by what they hold."""
    rows = [cells for _, cells in sheet.rows[:_CONTENT_SAMPLE]]
    blank = [""] * len(sheet.columns)
    columns = _by_content(kind, _columns(sheet, blank, blank, rows), rows)
    return Layout(sheet.name, (), columns)


def records(sheet: Sheet, layout: Layout, *, sections: bool = False) -> Iterable[Record]:
    """The lines below the header: repeated headers and totals left out; with ``sections``, a line
    that says one thing alone is a title for those below.
    """
    last = max(layout.header, default=0)
    head = [key(column.label) for column in layout.columns]
    used = [column for column in layout.columns if column.field]
    section = ""
    for number, cells in sheet.rows:
        if number <= last:
            continue
        first = next((text_of(cell) for cell in cells if cell != ""), "")
        if is_total([first]) or _repeats(head, cells):
            continue
        if sections and len({cell for cell in cells if cell != ""}) == 1 and len(head) > 2:
            section = first
            continue
        held: dict[str, tuple[Cell, ...]] = {}
        for column in used:
            held[column.field] = (*held.get(column.field, ()), cells[column.place])
        if any(cell != "" for values in held.values() for cell in values):
            yield Record(number, held, section)


def _repeats(head: Sequence[str], cells: Sequence[Cell]) -> bool:
    """Whether a line is the header again, as at the top of a printed page."""
    if not isinstance(cells[0], str) or key(cells[0]) != head[0]:
        return False
    return all(key(text_of(cell)) == name for cell, name in zip(cells, head, strict=True))


def is_total(said: Sequence[str]) -> bool:
    """« Total », « Sous-total chirurgie », « Effectif total : 412 »."""
    first = next((text for text in said if text), "")
    return _TOTAL.match(key(first)) is not None
