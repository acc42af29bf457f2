"""A page as words with their places, in points from its top left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

#: A gap above a line, as a multiple of the least one of its page, that may part two rows.
_WIDER = 1.25
#: A gap between two words that may part two columns, in points.
_COLUMN = 30.0


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space."""

    left: float
    right: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """The words at the height ``y``, left to right; ``number`` counts from 1 in its ``page``;
    ``ruled``: a line is drawn across the page just above it.
    """

    page: int
    number: int
    y: float
    words: tuple[Word, ...]
    ruled: bool = False

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def parts(self) -> tuple[str, ...]:
        """The text, cut where a gap may part two columns."""
        found = [[self.words[0].text]] if self.words else []
        for one, other in pairwise(self.words):
            if other.left - one.right > _COLUMN:
                found.append([])
            found[-1].append(other.text)
        return tuple(" ".join(each) for each in found)


@dataclass(frozen=True, slots=True)
class Page:
    """``image``: a PNG of a page that holds no text, empty otherwise."""

    number: int
    lines: tuple[Line, ...]
    image: bytes = b""


class Spacing:
    """How far apart the lines of each page are."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._least: dict[int, float] = {}
        for one, other in pairwise(lines):
            gap = other.y - one.y
            if one.page == other.page and gap > 1:
                self._least[one.page] = min(self._least.get(one.page, gap), gap)

    def parts(self, above: Line, line: Line) -> bool:
        """Whether something parts a line from the one above: a page, a rule, a wider gap."""
        return line.ruled or self.wide(above, line)

    def wide(self, above: Line, line: Line) -> bool:
        """Whether a page or a wider gap parts a line from the one above."""
        if above.page != line.page:
            return True
        gap = line.y - above.y
        return gap > _WIDER * self._least.get(line.page, gap)


def bare(text: str) -> str:
    """« Né(e) » → « ne e »: letters and digits, lower case, no accents."""
    told = unicodedata.normalize("NFKD", text.casefold().replace("°", " "))
    kept = "".join(c for c in told if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", kept))
