"""From rows to papers and to the report's files. Reads; writes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from releve.drill.app.after import open_actions
from releve.drill.app.codes import code_of, is_open
from releve.drill.app.desk import scenario_of
from releve.drill.app.models import Exercise
from releve.drill.app.signing import told
from releve.drill.field import report
from releve.drill.field.marks import Place
from releve.drill.field.paper import Observed, Papers, Part, compiled, to_pdf
from releve.drill.field.report import lines_of
from releve.drill.field.rules import rules
from releve.kernel.clock import from_iso
from releve.kernel.units import moment
from releve.pages.house import legal_entity


def papers_of(row: Exercise, now: datetime, address: str = "") -> Papers:
    """What an exercise's papers are made from; the codes are on them while they open something."""
    entity = legal_entity()
    printed = is_open(row, now)
    return Papers(
        row.pk,
        entity.name if entity else "",
        row.animator,
        row.planned_at,
        row.minutes,
        lines_of(row.invited, 40),
        tuple(
            Observed(
                Place(each.code, each.name, each.cell, each.perimeter),
                each.observer,
                code_of(each) if printed else "",
            )
            for each in row.places.all()
        ),
        scenario_of(row),
        tuple(
            f"{action.what} ({action.owner}, avant le {action.due:%d/%m/%Y})"
            for action in open_actions()
            if action.exercise_id != row.pk
        ),
        address,
    )


def pdf(row: Exercise, parts: Sequence[Part], now: datetime, address: str = "") -> bytes:
    """The papers of an exercise. Raises ``PaperRefused``."""
    return to_pdf(papers_of(row, now, address), parts, now)


def report_of(row: Exercise) -> tuple[dict[str, Any], str]:
    """The report's values and the SHA-256 of its text: frozen once signed, computed before.

    Raises ``WrongMoment`` while it was not played.
    """
    if row.report:
        return json.loads(row.report), row.report_sha256
    text, digest = report.frozen(told(row))
    return json.loads(text), digest


def report_text(row: Exercise) -> str:
    """The report's very text: what the hash is of."""
    return row.report or report.frozen(told(row))[0]


def report_pdf(row: Exercise, now: datetime) -> bytes:
    """The report on paper. Raises ``WrongMoment``, ``PaperRefused``."""
    values, digest = report_of(row)
    signed = ""
    if row.signed_at is not None:
        signed = f"Signé par {row.signed_words}, le {moment(row.signed_at)}."
    words = {
        **values,
        "planned": moment(from_iso(values["planned_at"])),
        "started": moment(from_iso(values["started_at"])),
        "ended": moment(from_iso(values["ended_at"])),
        "signed": signed,
        "sha256": digest,
        "validated_by": rules().validated_by,
        "coverage_rule": rules().coverage_source,
        "printed": moment(now),
        "sources": report.target_sources(values),
    }
    return compiled("report.typ", words, now)
