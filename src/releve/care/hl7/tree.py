"""A message's parts, made when asked for: segment, field, repetition, component, subcomponent.

Every part has ``raw`` (its octets as sent), ``text`` (escapes read, separators below it left as
they are), ``present`` and ``null``. ``""``, HL7's order to erase, is ``present`` and ``null``, and
its text is empty, so that no page shows two quotation marks. Numbers start at 1, as in the
standard; a part that was not sent is there, not ``present``.
"""

from __future__ import annotations

from releve.care.hl7.dialect import HEADERS, NULL, Dialect
from releve.care.hl7.separators import Separators


def split_fields(line: str, separator: str) -> list[str]:
    """Item n is field n; item 0 the name. In a header, fields 1 and 2 are put at their numbers."""
    row = line.split(separator)
    if row[0] in HEADERS:
        row.insert(1, separator)
    return row


def text_of(
    row: list[str],
    dialect: Dialect,
    field: int,
    component: int,
    subcomponent: int,
    repetition: int,
) -> str:
    """One text of a segment, from its fields; numbers as in :meth:`Message.text`."""
    if not 0 < field < len(row):
        return ""
    value = row[field]
    # No separator is a letter or a digit: most fields need no more than this.
    if not value or (value.isalnum() and component < 2 > subcomponent and repetition < 2):
        return value
    if field < 3 and row[0] in HEADERS:
        return value
    return dialect.pick(value, component, subcomponent, repetition)


def join_fields(row: list[str], dialect: Dialect) -> str:
    """The line again, from its smallest parts up."""
    rebuilt = [_joined(field, dialect.separators) for field in row]
    if row[0] in HEADERS:
        del rebuilt[1]
        rebuilt[1:2] = row[2:3]
    return dialect.separators.field.join(rebuilt)


def _joined(field: str, separators: Separators) -> str:
    _, component, repetition, _, subcomponent, _ = separators
    return repetition.join(
        component.join(
            subcomponent.join(c.split(subcomponent)) if subcomponent in c else c
            for c in r.split(component)
        )
        if component in r or subcomponent in r
        else r
        for r in field.split(repetition)
    )


class Part:
    """A piece of a field as written, and how to read it; also the smallest part there is."""

    __slots__ = ("_dialect", "_solid", "_written")

    def __init__(self, written: str, dialect: Dialect, *, solid: bool = False) -> None:
        self._written = written
        self._dialect = dialect
        #: MSH-1 and MSH-2: separators that neither cut nor escape themselves.
        self._solid = solid

    @property
    def raw(self) -> bytes:
        """The octets as sent."""
        return self._written.encode(self._dialect.charset.codec)

    @property
    def text(self) -> str:
        """What is meant: escapes read; empty when absent or null."""
        if self._solid:
            return self._written
        return self._dialect.pick(self._written, 0, 0, 0)

    @property
    def present(self) -> bool:
        """Something was sent, be it the order to erase."""
        return bool(self._written)

    @property
    def null(self) -> bool:
        """``""``: the sender asks that what was known be erased."""
        return self._written == NULL

    def _cut(self, separator: str) -> list[str]:
        return [self._written] if self._solid else self._written.split(separator)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self._written)} caractères>"


class Component(Part):
    """A component, made of subcomponents."""

    __slots__ = ()

    @property
    def subcomponents(self) -> tuple[Part, ...]:
        """At least one."""
        cut = self._cut(self._dialect.separators.subcomponent)
        return tuple(Part(each, self._dialect, solid=self._solid) for each in cut)

    def subcomponent(self, number: int) -> Part:
        """Subcomponent ``number``, from 1."""
        cut = self._cut(self._dialect.separators.subcomponent)
        return Part(nth(cut, number), self._dialect, solid=self._solid)


class Repetition(Part):
    """One repetition of a field, made of components."""

    __slots__ = ()

    @property
    def components(self) -> tuple[Component, ...]:
        """At least one."""
        cut = self._cut(self._dialect.separators.component)
        return tuple(Component(each, self._dialect, solid=self._solid) for each in cut)

    def component(self, number: int) -> Component:
        """Component ``number``, from 1."""
        cut = self._cut(self._dialect.separators.component)
        return Component(nth(cut, number), self._dialect, solid=self._solid)


class Field(Part):
    """A field, made of repetitions."""

    __slots__ = ()

    @property
    def repetitions(self) -> tuple[Repetition, ...]:
        """At least one."""
        cut = self._cut(self._dialect.separators.repetition)
        return tuple(Repetition(each, self._dialect, solid=self._solid) for each in cut)

    def repetition(self, number: int) -> Repetition:
        """Repetition ``number``, from 1."""
        cut = self._cut(self._dialect.separators.repetition)
        return Repetition(nth(cut, number), self._dialect, solid=self._solid)

    def component(self, number: int) -> Component:
        """Component ``number`` of the first repetition."""
        return self.repetition(1).component(number)


class Segment:
    """One segment: a name and fields. Z segments and unknown ones are like any other."""

    __slots__ = ("_dialect", "_row")

    def __init__(self, row: list[str], dialect: Dialect) -> None:
        self._row = row
        self._dialect = dialect

    @property
    def name(self) -> str:
        """« PID »; anything at all when the sender wrote a line that is no segment."""
        return self._row[0]

    @property
    def raw(self) -> bytes:
        """The octets as sent, without the line end."""
        row = self._row
        if row[0] in HEADERS:
            row = [row[0], *row[2:]]
        written = self._dialect.separators.field.join(row)
        return written.encode(self._dialect.charset.codec)

    @property
    def fields_count(self) -> int:
        """The number of the last field that has a place, even empty."""
        return len(self._row) - 1

    def field(self, number: int) -> Field:
        """Field ``number``, from 1 (0 would be the name: it is not a field)."""
        solid = number <= 2 and self._row[0] in HEADERS
        return Field(
            self._row[number] if 0 < number < len(self._row) else "", self._dialect, solid=solid
        )

    def text(
        self, field: int, component: int = 1, subcomponent: int = 1, repetition: int = 1
    ) -> str:
        """Fast path to one text, as :meth:`Message.text`."""
        return text_of(self._row, self._dialect, field, component, subcomponent, repetition)

    def __repr__(self) -> str:
        return f"<Segment {self._row[0][:3]}, {self.fields_count} champs>"


def nth(parts: list[str], number: int) -> str:
    """Item ``number`` counted from 1; empty when there is none."""
    return parts[number - 1] if 0 < number <= len(parts) else ""
