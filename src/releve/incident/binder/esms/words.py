"""A page as words with their places, in points from its top left."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Page:
    """``image``: a PNG of a page that holds no text, empty otherwise."""

    number: int
    lines: tuple[Line, ...]
    image: bytes = b""
