"""Service interviews from the server's console: what ``establishment interviews`` lists."""

from __future__ import annotations

from datetime import datetime, timedelta

from releve.establishment import Establishment, stored
from releve.establishment.degraded import DegradedSheet, state
from releve.establishment.errors import NothingStored
from releve.kernel.clock import iso
from releve.kernel.home import Home
from releve.runtime.records import use_records


def known(home: Home) -> tuple[Establishment, dict[str, DegradedSheet]]:
    """The establishment and the last signed sheet of each service; raises ``NothingStored``."""
    establishment = stored(home)
    if establishment is None:
        raise NothingStored()
    use_records(home)
    from releve.establishment.app.interviews import sheets

    return establishment, sheets()


def figures(
    establishment: Establishment, sheets: dict[str, DegradedSheet], now: datetime
) -> list[dict[str, object]]:
    """One object per service, for ``--json``: durations in seconds, None when not said."""
    found = []
    for service in establishment.services:
        sheet = sheets.get(service.code)
        row: dict[str, object] = {
            "service": service.code,
            "name": service.name,
            "priority": str(service.priority),
            "state": state(sheet, now).name.lower(),
            "folder_dmia_seconds": _seconds(service.rto),
            "folder_pdma_seconds": _seconds(service.rpo),
        }
        if sheet is not None:
            row |= {
                "version": sheet.version,
                "answered_at": iso(sheet.answered),
                "by": sheet.by,
                "function": sheet.function,
                "entered_by": sheet.entered_by,
                "on_behalf": sheet.on_behalf,
                "dmia_seconds": _seconds(sheet.dmia),
                "pdma_seconds": _seconds(sheet.pdma),
                "relies_on": [each.node or each.words for each in sheet.relies_on if each.used],
            }
        found.append(row)
    return found


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
