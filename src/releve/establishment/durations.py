"""Durations as people write them in the folder: « 15 min », « 4 h », « 2 h 30 », « 1 j »."""

from __future__ import annotations

import re
from datetime import timedelta

_FORM = re.compile(
    r"(?:(?P<days>\d{1,4})\s*(?:j|jours?|d))?\s*"
    r"(?:(?P<hours>\d{1,5})\s*(?:h|heures?))?\s*"
    r"(?:(?P<minutes>\d{1,7})\s*(?:min|minutes?|mn)?)?",
    re.IGNORECASE | re.ASCII,
)
_BARE = re.compile(r"\d+")


def parse_span(text: str) -> timedelta:
    """A duration of whole minutes; raises ``ValueError`` with what is wrong, in French."""
    words = re.sub(r"[\s\u00a0\u202f]+", " ", text).strip()
    if words.startswith(("-", "\N{MINUS SIGN}")):
        raise ValueError("une durée n'est pas négative")
    if _BARE.fullmatch(words):
        raise ValueError("il manque l'unité")
    found = _FORM.fullmatch(words)
    if not words or found is None:
        raise ValueError("ce n'est pas une durée")
    if found["minutes"] and not words[-1].isalpha() and not found["hours"]:
        raise ValueError("il manque l'unité des minutes")
    return timedelta(
        days=int(found["days"] or 0),
        hours=int(found["hours"] or 0),
        minutes=int(found["minutes"] or 0),
    )


def span_words(span: timedelta) -> str:
    """« 45 min », « 4 h », « 2 h 30 », « 3 j »: what :func:`parse_span` reads back."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes % 1440 == 0:
        return f"{minutes // 1440} j"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"
