"""HL7 times (DTM, TS.1; HL7 2.5 §2.A.22)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_PARIS = ZoneInfo("Europe/Paris")
_TIME = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?)?)?)?)?)?(?:([+-])([0-9]{2})([0-5][0-9]))?"
)


def parse_hl7_time(text: str) -> datetime | None:
    """``YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]`` as an aware UTC time; None when it is not one.

    Without an offset the hour is read in Europe/Paris (the earlier of the two at the end of summer
    time). What is not written is the start of the period: keep the text to know its precision.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        moment = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")[:6]),
            tzinfo=_zone(sign, hours, minutes),
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(sign: str | None, hours: str, minutes: str) -> timezone | ZoneInfo:
    if sign is None:
        return _PARIS
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)
