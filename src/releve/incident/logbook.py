"""The main courante's words: who, what kind of line, about which entry of the ledger, at what hour.

Nothing here reads a clock or a row. Times are aware, UTC.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from releve.incident.errors import BadHour, EmptyWords, TooLong
from releve.kernel.units import PARIS

MAX_CHARACTERS = 2000
#: A typed hour that is further ahead than this speaks of yesterday.
_AHEAD = timedelta(minutes=5)


class Nature(StrEnum):
    """What was seen is never written as what was decided; a machine's line says it is one."""

    OBSERVED = "constaté"
    DECIDED = "décidé"
    AUTOMATIC = "automatique"


class Topic(StrEnum):
    """What a line answers beside being a line: the latest of each topic and key stands."""

    NONE = ""
    STEP = "acte"
    KNOWN = "su"
    CUT = "coupure"
    TOLD = "dit"


@dataclass(frozen=True)
class Author:
    """Who writes: the words shown, and the account's number (None: a reflex, or the console)."""

    words: str
    account: int | None = None


@dataclass(frozen=True)
class Source:
    """An entry of the ledger: its index in the log of an epoch of the home (a log restarts at 0
    when a home is taken over).
    """

    epoch: int
    index: int


def clean(text: str, what: str) -> str:
    """``text`` on one line, trimmed; control and direction characters are written out (``\\u202e``)
    and never obeyed. Raises :class:`EmptyWords` naming ``what``, or :class:`TooLong`.
    """
    shown = _shown(text)
    if not shown:
        raise EmptyWords(what=what)
    if len(shown) > MAX_CHARACTERS:
        raise TooLong(length=len(shown), limit=MAX_CHARACTERS)
    return shown


def shortened(text: str) -> str:
    """``text`` as :func:`clean` would write it, cut where the main courante stops: a machine's
    sentence is never refused for its length.
    """
    shown = _shown(text)
    return shown if len(shown) <= MAX_CHARACTERS else shown[: MAX_CHARACTERS - 1] + "…"


def moment_typed(text: str, now: datetime) -> datetime:
    """The hour of a fact, « 02:47 » or « 2 h 47 » in Paris, as the last such hour before ``now``.

    Raises :class:`BadHour`.
    """
    hour, _, minute = text.strip().lower().replace("h", ":").replace(" ", "").partition(":")
    if not (hour.isascii() and hour.isdigit() and int(hour) < 24 and len(hour) <= 2):
        raise BadHour(text=text[:40])
    if minute and not (minute.isascii() and minute.isdigit() and int(minute) < 60):
        raise BadHour(text=text[:40])
    local = now.astimezone(PARIS)
    typed = local.replace(hour=int(hour), minute=int(minute or 0), second=0, microsecond=0)
    if typed - local > _AHEAD:
        typed -= timedelta(days=1)
    return typed.astimezone(now.tzinfo)


def _shown(text: str) -> str:
    one_line = " ".join(text.split("\r\n")).replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return "".join(c if _readable(c) else f"\\u{ord(c):04x}" for c in one_line).strip()


def _readable(character: str) -> bool:
    """Spaces of French typography are not « printable » for Python."""
    return character.isprintable() or unicodedata.category(character) == "Zs"
