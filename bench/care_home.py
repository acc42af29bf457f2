"""A care home's plan for 60 residents: its PDF read in a closed process, its pages made.
``./run bench care_home``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bench.rows import Row
from tests.incident.esms.records import people, sheets, table

from releve.incident.binder.esms import CareHome, Copy, Roll, make, read_record, recognise

_TIMES = 5
_COPY = Copy(1, datetime(2026, 11, 29, tzinfo=UTC), "", False)


def measure() -> list[Row]:
    """Medians of five, whole: the process's start, pdfium, recognition; then Typst."""
    who = people(60)
    rolls: list[Roll] = []
    rows = []
    for name, data in (("table", table(who)), ("sheets", sheets(who))):
        seconds = _median(lambda data=data: rolls.append(recognise(read_record(data))))  # type: ignore[misc]
        rows.append(Row(f"residents_read.{name}_60", seconds, "s", "<=", 2.0))
    made = make(CareHome(name="Les Tilleuls"), rolls[0], _COPY)
    seconds = _median(lambda: make(CareHome(name="Les Tilleuls"), rolls[0], _COPY))
    rows.append(Row(f"plan_made.{made.pages}_pages", seconds, "s", "<=", 10.0))
    return rows


def _median(act: Callable[[], object]) -> float:
    spent = []
    for _ in range(_TIMES):
        began = time.monotonic()
        act()
        spent.append(time.monotonic() - began)
    return statistics.median(spent)
