"""Dates and hours as the report writes them, in French."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = (
    *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)


@cache
def _paris() -> tzinfo | None:
    try:
        return ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:  # a machine without time zone data still gets its report
        return None


def story_hour(story: datetime) -> str:
    """``01:00:22``: a story hour is the scenario's own wall clock, never converted."""
    return f"{story:%H:%M:%S}"


def story_minute(story: datetime) -> str:
    """``01:00``, the heading of a minute."""
    return f"{story:%H:%M}"


def day(moment: datetime) -> str:
    """``23 nov. 2026``, in Europe/Paris."""
    local = _local(moment)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def day_and_hour(moment: datetime) -> str:
    """``23 nov. 2026 à 17:03 (heure de Paris)``; the zone is always said."""
    local = _local(moment)
    zone = "UTC" if _paris() is None else "heure de Paris"
    return f"{day(moment)} à {local:%H:%M} ({zone})"


def _local(moment: datetime) -> datetime:
    zone = _paris()
    return moment if zone is None else moment.astimezone(zone)
