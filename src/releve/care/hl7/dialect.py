"""How one sender writes: separators and charset, and the texts read accordingly."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol

from releve.care.hl7.charset import Charset
from releve.care.hl7.escapes import unescaper
from releve.care.hl7.separators import Separators

#: HL7's order to erase what was known; nothing sent is nothing said.
NULL: Final = '""'
#: Segments whose field 1 is the separator itself and field 2 the encoding characters.
HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})


class Pick(Protocol):
    """Reads one text of a field as written; shared by every message of a dialect."""

    def __call__(self, value: str, component: int, subcomponent: int, repetition: int) -> str:
        """Numbers from 1; 0 asks for all of that level, separators left in."""
        ...


class Dialect:
    """Separators, charset and their reader; one for all the messages written alike."""

    __slots__ = ("charset", "pick", "separators", "unescape")

    def __init__(self, separators: Separators, charset: Charset) -> None:
        self.separators = separators
        self.charset = charset
        self.unescape = unescaper(separators, charset)
        self.pick = _picker(separators, self.unescape)

    def mend(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Texts as written, escapes read and nulls emptied."""
        escape, unescape = self.separators.escape, self.unescape
        return tuple([unescape(t) if escape in t else "" if t == NULL else t for t in texts])


@lru_cache(maxsize=256)
def dialect(separators: Separators, charset: Charset) -> Dialect:
    """The dialect of these separators and this charset."""
    return Dialect(separators, charset)


def _picker(separators: Separators, unescape: Callable[[str], str]) -> Pick:
    # A closure, for speed: every text of every message comes through here.
    _, comp, rep, escape, sub, _ = separators

    def pick(value: str, component: int, subcomponent: int, repetition: int) -> str:
        if repetition and (repetition != 1 or rep in value):
            value = item(value, rep, repetition)
        if component:
            if component != 1 or comp in value:
                value = item(value, comp, component)
            if subcomponent and (subcomponent != 1 or sub in value):
                value = item(value, sub, subcomponent)
        if escape in value:
            return unescape(value)
        return "" if value == NULL else value

    return pick


def item(value: str, separator: str, number: int) -> str:
    """Part ``number`` of ``value``, from 1; empty when there is none."""
    parts = value.split(separator, number)
    return parts[number - 1] if 0 < number <= len(parts) else ""
