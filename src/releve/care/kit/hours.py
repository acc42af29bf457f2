"""Hours in full, and text made safe to show: what a kit says beside the words of ``care.words``."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from releve.kernel.units import PARIS

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
#: Cc controls, Cf formats (bidi, zero-width, tags), Cs surrogates, Co private, Cn unassigned,
#: Zl/Zp line and paragraph separators: they would act on the reader's page or hide from it.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """``text`` with every acting code point written out (``⟨U+202E⟩``); line ends are kept."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _ACTING:
        return character
    return f"⟨U+{ord(character):04X}⟩"


def full_hour(when: datetime) -> str:
    """« dimanche 25 octobre 2026 à 02:30 (heure de Paris, UTC+1) »: the doubled hour of October is
    told apart.
    """
    local = when.astimezone(PARIS)
    offset = local.utcoffset()
    ahead = int(offset.total_seconds() // 3600) if offset else 0
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day} à {local:%H:%M} (heure de Paris, UTC+{ahead})"


def utc_hour(when: datetime) -> str:
    """« 01:30 UTC »."""
    return f"{when.astimezone(UTC):%H:%M} UTC"
