"""Several texts of a segment at once, for those who read thousands of messages a second.

What to read is said once and becomes one regular expression per dialect, matched once per segment.
It cannot fail nor backtrack: each step is possessive, each separator optional.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from releve.care.hl7.dialect import HEADERS, NULL, Dialect
from releve.care.hl7.separators import UNUSED, Separators

Texts = tuple[str, ...]
Path = tuple[int, int, int]
#: Of a compiled expression; it matches any line.
Match = Callable[[str], re.Match[str] | None]
#: Senders choose their separators: what is kept for each dialect is bounded.
_MOST_PLANS = 256
_WANTED = re.compile(r"[^\r]{3}(?:-[1-9][0-9]*)?")


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


Finish = Callable[[list[Texts]], list[Texts]]


class Step(NamedTuple):
    """One thing wanted: ``match`` takes a line; ``finish``, where there is one, all its groups.

    The groups are texts as written, to be mended (:meth:`Dialect.mend`) unless ``whole``.
    """

    match: Match
    finish: Finish | None
    whole: bool = False


class Plan(NamedTuple):
    """How to read a message: everything wanted, all known before its first line."""

    #: By a line's first four characters (a bare name, or a name and its separator): what is wanted
    #: of it, the match, and ``Step.whole``.
    matches: dict[str, tuple[tuple[str, Match, bool], ...]]
    finishing: list[tuple[str, Finish]]


class Wanted(dict[str, Columns]):
    """What to read of a whole message, for :meth:`Message.read`.

    ``Wanted({"OBX": Columns(3, 5), "PID-3": Columns(1, (4, 2))})``: of each OBX, fields; of each
    repetition of field 3 of the first PID, components. Segment names have three characters.
    """

    def __init__(self, columns: Mapping[str, Columns]) -> None:
        super().__init__(columns)
        for name in self:
            if not _WANTED.fullmatch(name) or (name[:3] in HEADERS and name[3:] in ("-1", "-2")):
                raise ValueError(f"segment ou champ : {name!r}")
        self._plans: dict[Dialect, Plan] = {}

    def plan(self, dialect: Dialect) -> Plan:
        """How to read a message written in this dialect."""
        known = self._plans.get(dialect)
        if known is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            known = self._plans[dialect] = self._planned(dialect)
        return known

    def _planned(self, dialect: Dialect) -> Plan:
        plan = Plan({}, [])
        for wanted, columns in self.items():
            name, _, field = wanted.partition("-")
            if field:
                step = field_step(columns, name, int(field), dialect)
            else:
                step = segment_step(columns, name, dialect)
            known = plan.matches.get(name, ())
            for head in (name, name + dialect.separators.field):
                plan.matches[head] = (*known, (wanted, step.match, step.whole))
            if step.finish:
                plan.finishing.append((wanted, step.finish))
        return plan


@lru_cache(maxsize=1024)
def segment_step(columns: Columns, name: str, dialect: Dialect) -> Step:
    """Reads ``columns`` of each segment called ``name``."""
    ordered = sorted(columns.paths)
    pattern = _line(ordered, dialect.separators, header=name in HEADERS)
    return _step(pattern, ordered, columns, dialect)


@lru_cache(maxsize=1024)
def field_step(columns: Columns, name: str, field: int, dialect: Dialect) -> Step:
    """Reads ``columns`` (component, subcomponent) of each repetition of a first segment's field."""
    own = dialect.separators
    lowered = own._replace(field=own.component, component=own.subcomponent, subcomponent=UNUSED)
    ordered = sorted(columns.paths)
    inner = _step(_line(ordered, lowered), ordered, columns, dialect)
    header = name in HEADERS
    mark = re.escape(own.field)
    skipped = _times(rf"[^{mark}]*+{mark}?+", field - header)
    whole = re.compile(rf"{skipped}([^{mark}]*+)").match
    readable = field > 2 * header

    def finish(rows: list[Texts]) -> list[Texts]:
        if not readable or not rows or not rows[0][0]:
            return []
        written, match = rows[0][0], inner.match
        # The expression looks for component n after n separators.
        parts = [own.component + part for part in written.split(own.repetition)]
        table = [match(part).groups() for part in parts]  # type: ignore[union-attr]
        if own.escape in written or NULL in written:
            table = [dialect.mend(texts) for texts in table]
        return inner.finish(table) if inner.finish else table

    return Step(whole, finish, whole=True)


def read_all(step: Step, lines: list[str], dialect: Dialect) -> list[Texts]:
    """A step on lines all meant for it."""
    match, escape = step.match, dialect.separators.escape
    table = [match(line).groups() for line in lines]  # type: ignore[union-attr]
    written = "\r".join(lines)
    if not step.whole and (escape in written or NULL in written):
        table = [dialect.mend(texts) for texts in table]
    return step.finish(table) if step.finish else table


def _step(pattern: str, ordered: list[Path], columns: Columns, dialect: Dialect) -> Step:
    asked = list(columns.paths)
    match = re.compile(pattern).match
    if ordered == asked:
        return Step(match, None)
    order = [ordered.index(path) for path in asked]
    return Step(match, lambda table: [tuple([row[place] for place in order]) for row in table])


def _line(paths: list[Path], separators: Separators, *, header: bool = False) -> str:
    """The name, then each field asked for, after those before it that are not.

    Past the last field every step matches nothing, and captures nothing. A header's field 1 is the
    separator after its name, and its field 2 comes right after.
    """
    field = re.escape(separators.field)
    rest = rf"[^{field}]*+"
    numbers = sorted({path[0] for path in paths})
    pattern, before = rest, int(header)
    for number in numbers:
        asked = [path[1:] for path in paths if path[0] == number]
        if header and number == 1:
            pattern += rf"(?=({field}))" * len(asked)
            continue
        if header and number == 2:
            inside = rf"(?=({rest}))" * len(asked)
        else:
            inside = _field(asked, separators)
        if skipped := number - before - 1:
            # All of them, or the line is too short and is passed to its end.
            pattern += f"(?:{_times(field + rest, skipped)}|(?s:.*+))"
        pattern += f"{field}?+{inside}{rest}"
        before = number
    return pattern.removesuffix(rest)


def _field(asked: list[tuple[int, int]], separators: Separators) -> str:
    """Captures components of a first repetition, at the field's start, one look for each."""
    outside = re.escape(separators.field) + re.escape(separators.repetition)
    component, subcomponent = re.escape(separators.component), re.escape(separators.subcomponent)
    whole = rf"[^{outside}{component}]*+"
    leaf = rf"[^{outside}{component}{subcomponent}]*+"
    numbers = [number for number, _ in asked]
    if all(sub == 1 for _, sub in asked) and numbers[0] > 0 and len({*numbers}) == len(numbers):
        # The usual case, in one walk: no look back to the field's start.
        pattern = ""
        for before, number in zip([1, *numbers], numbers, strict=False):
            pattern += _times(f"{whole}{component}?+", number - before) + f"({leaf})"
        return pattern
    looks = []
    for number, sub in asked:
        unused = number > 1 and separators.component == UNUSED
        if unused or (sub > 1 and separators.subcomponent == UNUSED):
            looks.append("()")
        elif not number:
            looks.append(f"(?=([^{outside}]*+))")
        else:
            inside = (
                _times(f"{leaf}{subcomponent}?+", sub - 1) + f"({leaf})" if sub else f"({whole})"
            )
            looks.append(f"(?={_times(f'{whole}{component}?+', number - 1)}{inside})")
    return "".join(looks)


def _times(pattern: str, count: int) -> str:
    # Written out while it stays short: a counted group costs three times a plain sequence.
    return pattern * count if count <= 64 else f"(?:{pattern}){{{count}}}"
