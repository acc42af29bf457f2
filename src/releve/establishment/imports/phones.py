"""Telephone numbers as people write them → « 06 39 98 00 12 », and internal extensions apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from releve.establishment.numbering import trouble

_EXTENSION = re.compile(
    r"(?<![a-z])(?:postes?|p\.?|ext(?:ension)?\.?|int(?:erne)?\.?|dect|bip|abr[eé]g[eé]|n° court)"
    r"\s*(?:interne)?\s*[:n°.]*\s*(\d{2,6})(?!\d)",
    re.IGNORECASE,
)
#: French numbers: national, +33, 0033, (0) within; separators are anything but digits and letters.
_SEPARATED = r"[\s.\-_/\u00a0\u202f·]{0,3}"
_FRENCH = re.compile(
    rf"(?<!\d)(?:(?:\(?\+\s*33\)?|0033)\s*(?:\(\s*0\s*\))?{_SEPARATED}0?|\(?0\)?)"
    rf"{_SEPARATED}([1-9])" + rf"{_SEPARATED}(\d)" * 8 + r"(?!\d)"
)
_ABROAD = re.compile(r"(?<!\d)(?:\+|00)\s*((?!33)[1-9](?:[\s.\-()]?\d){6,13})(?!\d)")
#: An extension standing alone: a piece of a longer number is none.
_SHORT = re.compile(r"(?<!\d)(?<!\d[\s.\-])(\d{3,6})(?![\s.\-]?\d)")
#: « 46 10 »: an extension of four digits, read in pairs.
_PAIRED = re.compile(r"(\d{2})[ .](\d{2})")
_INSIDE = re.compile(r"(?<!\d)(\d{2,6})(?!\d)")
_NINE = re.compile(
    r"(?<!\d)(?<!\d[\s.\-])(?:33)?([1-9])" + rf"{_SEPARATED}(\d)" * 8 + r"(?:[.,]0)?(?![\s.\-]?\d)"
)
_NOTHING = re.compile(
    r"(?:n\s*[./]?\s*[acr]\.?|neant|néant|non|aucune?|sans|[-–—_/x.0*]+|null|none)",
    re.IGNORECASE,
)


#: Digits enough to be a number that was cut short or mistyped.
_RUN = re.compile(r"\d(?:[\s.\-/]?[\dOo]){5,}")


@dataclass(frozen=True)
class Phones:
    """``numbers``: outside lines, in pairs, as written; ``extensions``: 2 to 6 digits; ``left``:
    what could not be read as a number, "" when all was.
    """

    numbers: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    left: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.numbers, *self.extensions)

    def __add__(self, other: Phones) -> Phones:
        return Phones(
            tuple(dict.fromkeys(self.numbers + other.numbers)),
            tuple(dict.fromkeys(self.extensions + other.extensions)),
            " ".join(filter(None, (self.left, other.left))),
        )


def in_pairs(digits: str) -> str:
    """« 0639980012 » → « 06 39 98 00 12 »."""
    return " ".join(digits[n : n + 2] for n in range(0, len(digits), 2))


def read_phones(written: str | int | float, *, inside: bool = False) -> Phones:
    """Every number of a cell. ``inside``: the column holds extensions, short digits are numbers.

    A number that a spreadsheet made of a telephone has lost its first 0: nine digits are given
    theirs back.
    """
    if isinstance(written, int | float):
        written = str(int(written)) if float(written).is_integer() else str(written)
    text = _fixed(written.strip())
    if not text or _NOTHING.fullmatch(text.strip()):
        return Phones()
    if pairs := _PAIRED.fullmatch(text):
        return Phones(extensions=("".join(pairs.groups()),))
    numbers: list[tuple[int, str]] = []
    extensions: list[str] = []

    def outside(found: re.Match[str]) -> str:
        numbers.append((found.start(), in_pairs("0" + "".join(found.groups()))))
        return " " * len(found[0])

    def abroad(found: re.Match[str]) -> str:
        numbers.append((found.start(), "00" + re.sub(r"\D", "", found[1])))
        return " " * len(found[0])

    def short(found: re.Match[str]) -> str:
        extensions.append(found[1])
        return " " * len(found[0])

    rest = _FRENCH.sub(outside, text)
    rest = _ABROAD.sub(abroad, rest)
    rest = _EXTENSION.sub(short, rest)
    rest = _NINE.sub(outside, rest) if not inside else rest
    rest = (_INSIDE if inside else _SHORT).sub(short, rest)
    left = _RUN.search(rest)
    ordered = tuple(dict.fromkeys(number for _, number in sorted(numbers)))
    remains = re.sub(r"\s+", " ", rest).strip() if left or not (ordered or extensions) else ""
    return Phones(ordered, tuple(dict.fromkeys(extensions)), remains)


def _fixed(text: str) -> str:
    """Digits of other scripts and typographic spaces as plain ones; a trailing « .0 » taken off."""
    plain = "".join(
        str(int(c)) if c.isdigit() and not c.isascii() and c.isdecimal() else c for c in text
    )
    return re.sub(r"^(\d{9})\.0$", r"\1", plain.replace("\u00a0", " ").replace("\u202f", " "))


def troubles(found: Phones) -> Iterator[tuple[str, str]]:
    """(what, remedy) of each number kept that is premium or foreign."""
    for number in found.all:
        if wrong := trouble(number, short=False):
            yield f"téléphone « {number} » : {wrong[0]} ; gardé", f"Vérifiez-le. {wrong[1]}"


def main_and_others(found: Phones) -> tuple[str, str]:
    """(the number to call first, the others « A / B »): a mobile, else an outside line, else a
    desk.
    """
    mobiles = [number for number in found.numbers if number[:2] in ("06", "07")]
    ordered = dict.fromkeys((*mobiles, *found.numbers, *found.extensions))
    names = list(ordered)
    return (names[0], " / ".join(names[1:])) if names else ("", "")
