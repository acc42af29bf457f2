"""The drill report: what happened, what was measured, what to do, and how to check it.

:func:`write_report` makes three files that say the same from one
:class:`~releve.drill.measures.Result`: ``rapport.html`` (self-contained, no script),
``rapport.pdf`` (A4, tagged) and ``rapport.json`` (figures for programs). They appear together or
not at all, and are never replaced.

Limits: it tells what the result holds and measures nothing itself; times of people, of the
hospital's own machines and of its suppliers are never in it. There is no version for outside
readers (without machine names) yet.
"""

from __future__ import annotations

from releve.drill.report import hours
from releve.drill.report.chapters import line_of
from releve.drill.report.errors import PdfFailed, ReportExists
from releve.drill.report.figures import complete, to_json
from releve.drill.report.inert import inert
from releve.drill.report.table import Row
from releve.drill.report.told import Told, tell
from releve.drill.report.writing import ReportFiles, write_report

__all__ = [
    "PdfFailed",
    "ReportExists",
    "ReportFiles",
    "Row",
    "Told",
    "complete",
    "hours",
    "inert",
    "line_of",
    "tell",
    "to_json",
    "write_report",
]
