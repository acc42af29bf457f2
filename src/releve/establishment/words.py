"""Text as people type it, made comparable; and what must never be kept as typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

#: What opens a formula in a spreadsheet.
_LIVE = ("=", "@", "+", "-", "\t", "|")
_JOINERS = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")
_SMALL = frozenset(
    [
        "de",
        "du",
        "des",
        "la",
        "le",
        "les",
        "l",
        "d",
        "a",
        "au",
        "aux",
        "et",
        "en",
        "pour",
        "par",
        "sur",
        "un",
        "une",
    ]
)


@lru_cache(maxsize=65_536)
def key(text: str) -> str:
    """Without case, accents nor punctuation: « N° Prénom(s) » → ``n prenom s``."""
    bare = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    kept = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", kept).strip()


def tokens(text: str) -> tuple[str, ...]:
    """The words of :func:`key` that carry meaning."""
    return tuple(word for word in key(text).split() if word not in _SMALL)


def spaced(text: str) -> str:
    """One line, single spaces, letters composed."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def hidden_in(text: str) -> bool:
    """Whether a control, direction or private character stands in it."""
    return any(_hides(c) for c in text if not c.isprintable())


def _hides(character: str) -> bool:
    if character in "\n\r\t\v\f" or character in _JOINERS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def turned(text: str) -> bool:
    """Whether marks in it make the reader see its letters in another order."""
    return any("\u202a" <= c <= "\u202e" for c in text)


def mixed(text: str) -> bool:
    """Whether letters of another alphabet stand in it: « B\u0415RG » looks like « BERG »."""
    return any(c.isalpha() and not unicodedata.name(c, "LATIN").startswith("LATIN") for c in text)


def cleaned(text: str) -> str:
    """Without what cannot be seen; line breaks become spaces."""
    kept = "".join(c for c in text if c.isspace() or (c not in _JOINERS and not _hides(c)))
    return spaced(kept)


def is_live(text: str) -> bool:
    """Whether a spreadsheet would take it for a formula, what cannot be seen once taken away."""
    stripped = (text if text.isprintable() else cleaned(text)).lstrip()
    if stripped[:1] in ("+", "-") and re.fullmatch(r"[+-][\d\s().,/-]*", stripped):
        return False  # a number, a telephone
    return stripped.startswith(_LIVE) and len(stripped) > 1


def slug(text: str, *, upper: bool = True, most: int = 24) -> str:
    """An id made of a name: letters, digits and hyphens; may be empty."""
    made = key(text).replace(" ", "-")[:most].strip("-")
    return made.upper() if upper else made


def free(wanted: str, taken: Iterable[str]) -> str:
    """``wanted``, else with -2, -3…: an id that nothing bears yet."""
    used = {each.lower() for each in taken}
    if wanted.lower() not in used:
        return wanted
    number = 2
    while f"{wanted}-{number}".lower() in used:
        number += 1
    return f"{wanted}-{number}"
