"""Several texts of a segment at once, for those who read thousands of messages a second.

What to read is said once and becomes one regular expression per dialect, run over all the segments
of a name end to end. It cannot backtrack: each step is possessive, each absence optional.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from releve.care.hl7.dialect import HEADERS, NULL, Dialect
from releve.care.hl7.separators import UNUSED, Separators
from releve.care.hl7.tree import Segment, split_fields

Texts = tuple[str, ...]
#: Takes lines end to end, each after a mark (carriage return, or repetition separator).
Reader = Callable[[str], list[Texts]]
Path = tuple[int, int, int]


class Columns:
    """Which texts of a segment to read: ``Columns(5, (3, 2), (3, 4, 2))``.

    Field 5; component 2 of field 3; subcomponent 2 of its component 4. What is left out is 1, and 0
    asks for the whole, as in :meth:`Message.text`. A repeated field gives its first repetition. For
    :meth:`Message.repeats`, the numbers are component and subcomponent.
    """

    __slots__ = ("paths",)

    def __init__(self, *paths: int | tuple[int, ...]) -> None:
        whole = [path if isinstance(path, tuple) else (path,) for path in paths]
        if not whole or any(
            not 1 <= len(path) <= 3 or path[0] < 1 or min(path) < 0 for path in whole
        ):
            raise ValueError(f"colonnes : {paths!r}")
        self.paths: tuple[Path, ...] = tuple(
            [(path[0], (*path, 1)[1], (*path, 1, 1)[2]) for path in whole]
        )


class Wanted(dict[str, Columns]):
    """What to read of a whole message: columns by segment name, for :meth:`Message.read`.

    Names have three characters, as the standard says.
    """

    def __init__(self, columns: Mapping[str, Columns]) -> None:
        super().__init__(columns)
        if any(len(name) != 3 for name in self):
            raise ValueError(f"segments : {sorted(self)!r}")
        self._readers: dict[Dialect, list[tuple[str, str, Reader]]] = {}

    def readers(self, dialect: Dialect) -> list[tuple[str, str, Reader]]:
        """Each name, the first four characters of its lines, and what reads them."""
        known = self._readers.get(dialect)
        if known is None:
            mark = dialect.separators.field
            known = [
                (name, name + mark, segment_reader(columns, name, dialect))
                for name, columns in self.items()
            ]
            if len(self._readers) >= 256:
                self._readers.clear()
            self._readers[dialect] = known
        return known


@lru_cache(maxsize=1024)
def segment_reader(columns: Columns, name: str, dialect: Dialect) -> Reader:
    """Reads ``columns`` of segments called ``name``, a carriage return before each."""
    start = rf"\r[^{re.escape(dialect.separators.field)}\r]*+"
    if name not in HEADERS:
        return _reader(start, columns.paths, dialect.separators, dialect)
    if all(path[0] > 2 for path in columns.paths):
        # MSH-1 is the separator after the name: field 3 is the second thing written.
        shifted = tuple([(path[0] - 1, path[1], path[2]) for path in columns.paths])
        return _reader(start, shifted, dialect.separators, dialect)
    mark, paths = dialect.separators.field, columns.paths

    def read(lines: str) -> list[Texts]:
        segments = [Segment(split_fields(line, mark), dialect) for line in lines[1:].split("\r")]
        return [tuple([segment.text(*path) for path in paths]) for segment in segments]

    return read


@lru_cache(maxsize=1024)
def repetition_reader(columns: Columns, dialect: Dialect) -> Reader:
    """Reads ``columns`` (component, subcomponent) of a repeated field as written."""
    own = dialect.separators
    lowered = own._replace(field=own.component, component=own.subcomponent, subcomponent=UNUSED)
    mark = own.repetition + own.component
    read = _reader(re.escape(own.repetition), columns.paths, lowered, dialect, own.repetition)
    return lambda written: read(mark + written.replace(own.repetition, mark))


def _reader(
    start: str,
    paths: tuple[Path, ...],
    separators: Separators,
    dialect: Dialect,
    stop: str = "\r",
) -> Reader:
    ordered = sorted(paths)
    order = None if ordered == list(paths) else [ordered.index(path) for path in paths]
    find_all = re.compile(start + _line(ordered, separators, re.escape(stop))).findall
    single = len(paths) == 1
    escape, unescape = separators.escape, dialect.unescape

    def read(lines: str) -> list[Texts]:
        table: list[Texts] = find_all(lines)
        if single:
            table = [(text,) for text in table]  # type: ignore[misc]
        if order is not None:
            table = [tuple([texts[place] for place in order]) for texts in table]
        if escape in lines or NULL in lines:
            return [
                tuple([unescape(t) if escape in t else "" if t == NULL else t for t in texts])
                if escape in (joined := "\r".join(texts)) or NULL in joined
                else texts
                for texts in table
            ]
        return table

    return read


def _line(paths: list[Path], separators: Separators, stop: str) -> str:
    """Each field asked for, after those before it that are not; up to ``stop``."""
    field = re.escape(separators.field)
    rest = rf"[^{field}{stop}]*+"
    numbers = sorted({path[0] for path in paths})
    tail = ""
    for place in range(len(numbers) - 1, -1, -1):
        number = numbers[place]
        skipped = number - (numbers[place - 1] if place else 0) - 1
        inside = _field([path[1:] for path in paths if path[0] == number], separators)
        tail = rf"(?:{_times(field + rest, skipped)}{field}{inside}{rest}{tail})?"
    return tail


def _field(asked: list[tuple[int, int]], separators: Separators) -> str:
    """Captures components of a first repetition, in ascending order, at the field's start."""
    component, subcomponent = re.escape(separators.component), re.escape(separators.subcomponent)
    outside = re.escape(separators.field) + re.escape(separators.repetition) + re.escape(UNUSED)
    rest = rf"[^{outside}{component}]*+"
    leaf = rf"([^{outside}{component}{subcomponent}]*+)"
    numbers = [number for number, _ in asked]
    if all(sub == 1 for _, sub in asked) and numbers[0] > 0 and len({*numbers}) == len(numbers):
        tail = ""
        for place in range(len(numbers) - 1, 0, -1):
            skipped = _times(component + rest, numbers[place] - numbers[place - 1] - 1)
            tail = f"(?:{skipped}{component}{leaf}{rest}{tail})?"
        captured = f"{_times(rest + component, numbers[0] - 1)}{leaf}{rest}{tail}"
        return captured if numbers[0] == 1 else f"(?:{captured})?"
    looks = []
    for number, sub in asked:
        if not number:
            looks.append(f"(?=([^{outside}]*+))")
            continue
        inside = f"([^{outside}{component}]*+)"
        if sub:
            before = rf"[^{outside}{component}{subcomponent}]*+{subcomponent}"
            inside = _times(before, sub - 1) + leaf
        looks.append(f"(?=(?:{_times(rest + component, number - 1)}{inside})?)")
    return "".join(looks)


def _times(pattern: str, count: int) -> str:
    if count < 2:
        return pattern * count
    return f"(?:{pattern}){{{count}}}"
