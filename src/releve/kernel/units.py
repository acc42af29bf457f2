"""Sizes and durations as people read them, in French typography."""

from __future__ import annotations

from datetime import timedelta

NARROW_SPACE = "\u202f"

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


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
