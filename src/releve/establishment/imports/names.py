"""People's names as lists write them: « NOM Prénom », « Dr Prénom de NOM », « NOM, Prénom »."""

from __future__ import annotations

import re
from dataclasses import dataclass

from releve.establishment.words import key, spaced

_TITLES = re.compile(
    r"^(?:(?:dr|docteur|docteure|pr|prof|professeur|professeure|mme|madame|mlle|mademoiselle|m|mr|monsieur|me)"
    r"(?:\.\s*|\s+))+",
    re.IGNORECASE,
)
#: They belong to the surname that follows.
_PARTICLES = frozenset(
    [
        "de",
        "du",
        "des",
        "d",
        "le",
        "la",
        "les",
        "l",
        "van",
        "von",
        "der",
        "den",
        "el",
        "al",
        "ben",
        "bel",
        "da",
        "dos",
        "di",
        "del",
        "saint",
        "sainte",
        "st",
        "ste",
        "mc",
        "mac",
    ]
)
_SPLIT = re.compile(r"\s*(?:/|;|\+|\n|&|\bet\b|\bou\b|\bpuis\b)\s*", re.IGNORECASE)


_INITIAL = re.compile(r"[^\W\d]\.?(?:-[^\W\d]\.?)?|(?:[^\W\d]\.){2,3}")


@dataclass(frozen=True)
class Name:
    """``last`` in capitals as hospitals write it; ``first`` may be empty, or an initial."""

    last: str
    first: str = ""
    title: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return key(self.last), key(self.first)


def read_name(written: str, *, last_first: bool | None = None) -> Name:
    """One person. Capitals tell the surname; without them, ``last_first`` says which comes first
    (None: the surname does, as in most lists). Empty when nothing is a name.
    """
    text = spaced(written.replace("\n", " "))
    found = _TITLES.match(text)
    title = spaced(found[0]) if found else ""
    text = text[found.end() :] if found else text
    text = re.sub(r"\s*\((?:[^)]*)\)", "", text).strip(" ,.-*")
    if "," in text:
        last, _, first = text.partition(",")
        return Name(_capital(last), _given(first), title)
    words = text.split()
    if len(words) < 2:
        return Name(_capital(text), "", title)
    return Name(*_by_case(words, last_first), title)


def _by_case(words: list[str], last_first: bool | None) -> tuple[str, str]:
    loud = [_is_loud(word) for word in words]
    if any(loud) and not all(loud):
        start = loud.index(True)
        end = len(loud) - loud[::-1].index(True)
        while start and words[start - 1].lower().rstrip("'") in _PARTICLES:
            start -= 1
        return _capital(" ".join(words[start:end])), _given(" ".join(words[:start] + words[end:]))
    initials = [n for n, word in enumerate(words) if _INITIAL.fullmatch(word)]
    if initials and len(initials) < len(words):
        at = initials[0] if initials[0] == 0 else initials[-1]
        rest = words[:at] + words[at + 1 :]
        return _capital(" ".join(rest)), _given(words[at])
    size = _leading(words)
    if last_first is False:
        return _capital(" ".join(words[1:])), _given(words[0])
    return _capital(" ".join(words[:size])), _given(" ".join(words[size:]))


def _leading(words: list[str]) -> int:
    """How many of the first words are the surname: its particles and one more."""
    size = 1
    while size < len(words) and words[size - 1].lower().rstrip("'") in _PARTICLES:
        size += 1
    return size


def _is_loud(word: str) -> bool:
    letters = [c for c in word if c.isalpha()]
    return len(letters) > 1 and all(c.isupper() for c in letters)


def _capital(last: str) -> str:
    return spaced(last).strip(" ,.-*").upper()


def _given(first: str) -> str:
    text = spaced(first).strip(" ,.-*")
    if (text.isupper() and len(text) > 2) or text.islower():
        return re.sub(r"[^\W\d_]+", lambda m: m[0][0].upper() + m[0][1:].lower(), text)
    return text


def split_names(last: str, first: str) -> Name:
    """A surname and a first name that stand in two columns."""
    found = _TITLES.match(spaced(last))
    bare = spaced(last)[found.end() :] if found else spaced(last)
    return Name(
        _capital(bare), _given(_TITLES.sub("", spaced(first))), spaced(found[0]) if found else ""
    )


def several(written: str) -> list[str]:
    """The people of one cell: « Dr MARTIN / Dr DUPONT » are two; « LE GOFF-MARTIN » is one."""
    parts = [part.strip(" ,.-") for part in _SPLIT.split(written)]
    return [part for part in parts if re.search(r"[^\W\d_]{2}", part)]
