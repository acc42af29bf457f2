"""Who lives in the home and what they take, as the hosted record's PDF says it.

A treatment is the very words of the PDF, one line a line: never corrected, joined, nor completed.
What was not understood stays beside, word for word, with its page, for a nurse to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from releve.incident.binder.esms.standing import negated, sorted_out, unknown_label

#: The moments that a line names in words, or by « 1-0-1-0 » where the PDF gives the key.
MOMENTS = ("matin", "midi", "soir", "coucher")


@dataclass(frozen=True)
class Treatment:
    """One line, word for word; ``moments`` those it names, empty when none was read."""

    words: str
    moments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resident:
    """``allergies`` None = nothing was read about them, which is not « none ». ``contact``: whom
    to warn, ``dlu``: what is said of the liaison file, as written; both may be empty. ``doubts``:
    why a nurse must read this one again; ``apart``: words of theirs that are no treatment in
    progress (stopped, « si besoin », a column or a label that is not ours), as written.
    """

    room: str
    name: str
    born: str
    allergies: str | None
    treatments: tuple[Treatment, ...]
    page: int
    contact: str = ""
    dlu: str = ""
    doubts: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unread:
    """A line that was not understood, and why."""

    page: int
    line: int
    text: str
    why: str


@dataclass(frozen=True)
class Scan:
    """A page that holds no text: its image (PNG), empty when it was not drawn."""

    page: int
    image: bytes


@dataclass(frozen=True)
class Roll:
    """What was read of one PDF. ``announced``: how many residents it says there are, None when it
    does not; ``layout``: how it was understood (« tableau », « fiches », « liste »), empty = not at
    all; ``aside``: heads and feet of pages, which are nobody's.
    """

    residents: tuple[Resident, ...]
    unread: tuple[Unread, ...]
    scans: tuple[Scan, ...]
    pages: int
    announced: int | None
    layout: str
    aside: tuple[str, ...] = ()

    @property
    def doubtful(self) -> tuple[Resident, ...]:
        """Those whom a nurse must read again."""
        return tuple(each for each in self.residents if each.doubts)

    @property
    def whole(self) -> bool:
        """True when everything was understood and nobody is missing."""
        counted = self.announced is None or self.announced == len(self.residents)
        return bool(self.residents) and counted and not (self.unread or self.scans or self.doubtful)

    @property
    def counted(self) -> str:
        """« 58 résidents lus »."""
        many = "s" if len(self.residents) > 1 else ""
        return f"{len(self.residents)} résident{many} lu{many}"

    def said(self, expected: int | None = None) -> str:
        """« 58 résidents lus sur 60 annoncés ; 2 lignes non comprises ». ``expected``: how many the
        home says it has, when the PDF does not.
        """
        announced = self.announced if self.announced is not None else expected
        said = self.counted
        if announced is not None:
            said += f" sur {announced} annoncés"
        for count, one, more in (
            (len(self.unread), "ligne non comprise", "lignes non comprises"),
            (len(self.scans), "page sans texte", "pages sans texte"),
            (len(self.doubtful), "résident à relire", "résidents à relire"),
        ):
            if count:
                said += f" ; {count} {one if count == 1 else more}"
        return said


_NUMBER = r"(?:\d|[1-9]\d)(?:[.,]\d)?"
_DOSES = re.compile(rf"(?<![\d-]){_NUMBER}(?:\s*-\s*{_NUMBER}){{2,3}}(?![\d-])")


def treatment(words: str, *, key: bool) -> Treatment:
    """A line with the moments it names; ``key``: whether the PDF says what « 1-0-1 » counts. None
    for a line that says no, stopped, or only if.
    """
    if negated(words) or unknown_label(words):
        return Treatment(words)
    said = words.casefold()
    moments = {each for each in MOMENTS if re.search(rf"\b{each}\b", said)}
    doses = _DOSES.search(words) if key else None
    if doses is not None:
        counts = [each.strip().replace(",", ".") for each in doses.group().split("-")]
        moments |= {
            moment for moment, count in zip(MOMENTS, counts, strict=False) if float(count) > 0
        }
    return Treatment(words, tuple(each for each in MOMENTS if each in moments))


def taken(
    lines: Iterable[str], *, key: bool
) -> tuple[tuple[Treatment, ...], tuple[str, ...], tuple[str, ...]]:
    """(treatments in progress, lines set apart, why a nurse must read them again)."""
    current, apart = sorted_out(lines)
    why = ("lignes à part, non comptées (arrêt, condition, négation ?)",) if apart else ()
    return tuple(treatment(words, key=key) for words in current), apart, why
