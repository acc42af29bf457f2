"""Which months the patients who are still in a bed need.

Every month from the first message that spoke of their stay, or of their allergies whenever they
were told. Those who only pass through (emergency, outpatient, recurring, expected) hold nothing:
their stays are seldom closed by anybody.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from releve.care.intake import month_of_record
from releve.care.views import views_path
from releve.kernel.home import Home

_HERE = "open = 1 AND class NOT IN ('E','O','R','P')"
_FIRST = f"""
WITH here AS (SELECT visit, patient FROM stay WHERE {_HERE}),
     who AS (SELECT id FROM patient WHERE person IN (
       SELECT p.person FROM patient p JOIN here h ON h.patient = p.id))
SELECT min(source) FROM (
  SELECT min(source) AS source FROM movement WHERE visit IN (SELECT visit FROM here)
  UNION ALL SELECT min(source) FROM bundle WHERE visit IN (SELECT visit FROM here)
  UNION ALL SELECT min(csource) FROM fact WHERE csource >= 0
    AND (visit IN (SELECT visit FROM here)
         OR section = 'allergies' AND patient IN (SELECT id FROM who)))
"""  # noqa: S608 - our own words


def oldest_needed(home: Home) -> str | None:
    """The month (« 2026-11 ») of the first message that an open stay needs; None when nobody is in
    a bed, or nothing was ever received.
    """
    path = views_path(home)
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as base:
        first = base.execute(_FIRST).fetchone()[0]
    return None if first is None else month_of_record(home, first)
