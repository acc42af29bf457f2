"""Which lines are what somebody takes now: stopped, conditional or negated ones never are.

Deliberately too careful: a line set apart is printed beside its resident for a nurse to read, a
line counted by mistake may be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from releve.incident.binder.esms.words import bare

#: Beginnings of words, then whole words, of bare text (no accents, no signs).
_BEGINNINGS = (
    "arret", "stop", "suspen", "interromp", "interrup", "annul", "supprim", "termin", "ancien",
    "contre indi", "contreindi", "evit", "interdi", "abandon", "cess", "refus", "exclu", "except",
    "eventuel", "aucun", "precedent", "allergi", "intoleran", "historique", "retire", "fini",
)  # fmt: skip
_WHOLE = (
    "si", "sb", "besoin", "demande", "selon", "cas", "ne", "n", "pas", "jamais", "sans", "sauf",
    "non", "ni", "plus", "hors", "nul", "nulle", "rien", "neant", "attente", "pause", "fin", "ex",
)  # fmt: skip
_APART = rf"(?:(?:{'|'.join(_BEGINNINGS)})\w*|(?:{'|'.join(_WHOLE)})\b)"
_ANYWHERE, _FIRST = re.compile(rf"\b{_APART}"), re.compile(_APART)
_CURRENT = re.compile(
    r"(?:traitements?(?: en cours)?|m[ée]dicaments|prescriptions?(?: en cours)?)\s*:", re.I
)
_LABEL = re.compile(r"[^\W\d][^:]*:(?!\S)|[^\W\d]+:")
_HEADING = re.compile(r"(?:traitement|medicament|prescription)s?\b")
_DRUG = re.compile(r"\W*[^\W\d_a-zß-ÿ]{3}")


def negated(text: str) -> bool:
    """Whether a line says no, stopped, or only if."""
    return _ANYWHERE.search(bare(text)) is not None


def unknown_label(text: str) -> bool:
    """Whether a line holds « … : » that does not name the treatments in progress."""
    known = _CURRENT.match(text)
    return _LABEL.search(text[known.end() :] if known else text) is not None


def sorted_out(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(lines in progress, lines set apart), word for word, each in its order.

    A label, or words that open a line (« si besoin »), speak of all that follows; words that do
    not begin with a name in capitals may end the line above, which goes with them.
    """
    current: list[str] = []
    apart: list[str] = []
    closed, known = False, 0
    for line in lines:
        known += _CURRENT.match(line) is not None
        ends = unknown_label(line) or known > 1 or opens(line)
        if ends or negated(line):
            if current and not closed and _ends_above(line):
                apart.append(current.pop())
            closed = closed or ends
            apart.append(line)
        else:
            (apart if closed else current).append(line)
    return tuple(current), tuple(apart)


def _ends_above(line: str) -> bool:
    """Whether what is said may be of the line above; a heading or « … : » alone is not."""
    said = bare(line)
    if _HEADING.match(said) or line.rstrip().endswith(":"):
        return False
    return _FIRST.match(said) is not None or _DRUG.match(line) is None


def opens(line: str) -> bool:
    """Whether a line begins words that speak of those that follow."""
    said = bare(line)
    heading = _HEADING.match(said) is not None and _CURRENT.match(line) is None
    return heading or _FIRST.match(said) is not None
