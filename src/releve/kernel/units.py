"""Sizes and durations as people read them, in French typography."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NARROW_SPACE = "\u202f"

PARIS = ZoneInfo("Europe/Paris")
_MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin",
    "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


def powers_of_ten(before: int, after: int) -> Iterator[int]:
    """1, 10, 100… newly reached when a count went from ``before`` to ``after``: a million times the
    same are told in seven lines.
    """
    reached = 1
    while reached <= after:
        if reached > before:
            yield reached
        reached *= 10


def thousands(number: int) -> str:
    """``4 812``: digits in threes, narrow no-break space (the typographic rule in French)."""
    return f"{number:,}".replace(",", NARROW_SPACE)


def duration(span: timedelta) -> str:
    """``27 s``, ``4 min 05 s``, ``3 h 20``, ``12 jours``: two units at most, never without."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f}".replace(".", ",") + f"{NARROW_SPACE}s"
    if seconds < 60:
        return f"{round(seconds)}{NARROW_SPACE}s"
    if seconds < 3600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}{NARROW_SPACE}min {rest:02d}{NARROW_SPACE}s"
    if seconds < 48 * 3600:
        hours, minutes = divmod(round(seconds / 60), 60)
        return f"{hours}{NARROW_SPACE}h {minutes:02d}"
    return f"{round(seconds / 86400)}{NARROW_SPACE}jours"


def size(octets: int) -> str:
    """``12 o``, ``3,4 Mio``: binary multiples."""
    if octets < KIB:
        return f"{octets}{NARROW_SPACE}o"
    for unit, name in ((GIB, "Gio"), (MIB, "Mio"), (KIB, "Kio")):
        if octets >= unit:
            return f"{octets / unit:.1f}".replace(".", ",") + f"{NARROW_SPACE}{name}"
    raise AssertionError("unreachable")


def day(when: date) -> str:
    """« 21 nov. 2026 »."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(when: datetime) -> str:
    """« 21 nov. 2026 à 03:12 », Europe/Paris."""
    local = when.astimezone(PARIS)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} à {local:%H:%M}"


def hour(when: datetime) -> str:
    """« 03:12 », Europe/Paris."""
    return f"{when.astimezone(PARIS):%H:%M}"
