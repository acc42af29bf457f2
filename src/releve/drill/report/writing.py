"""Putting the three files on the disk: together or not at all."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from releve.drill.measures import Result
from releve.drill.report.drawings import drawings
from releve.drill.report.errors import PdfFailed, ReportExists
from releve.drill.report.figures import complete, to_json
from releve.drill.report.html import to_html
from releve.drill.report.pdf import PdfRefused, to_pdf
from releve.drill.report.told import tell
from releve.kernel.durable import fsync_folder, make_folder, write_durably

HTML, PDF, JSON = "rapport.html", "rapport.pdf", "rapport.json"


@dataclass(frozen=True)
class ReportFiles:
    """Where the report lies."""

    html: Path
    pdf: Path
    json: Path


def write_report(result: Result, folder: Path) -> ReportFiles:
    """Write ``folder`` with the three files in it, durable on return; its parents are created.

    The files are made in a hidden folder beside and the folder takes its name at the end: an
    interruption leaves no half report. ``folder`` may exist if it is empty, else
    :class:`ReportExists`. When the PDF cannot be composed the two other files are written all the
    same, then ``PdfFailed`` says so.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReportExists(folder=folder)
    whole = complete(result)
    told, drawn = tell(whole), drawings(whole)
    contents = {HTML: to_html(told, drawn).encode("utf-8"), JSON: _figures(whole)}
    refused: PdfRefused | None = None
    try:
        contents[PDF] = to_pdf(told, drawn, whole.ended.replace(microsecond=0))
    except PdfRefused as error:
        refused = error
    _appear_together(folder, contents)
    if refused is not None:
        raise PdfFailed(why=refused, folder=folder) from refused
    return ReportFiles(folder / HTML, folder / PDF, folder / JSON)


def _appear_together(folder: Path, contents: dict[str, bytes]) -> None:
    make_folder(folder.parent)
    staging = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.tmp")
    try:
        staging.mkdir(mode=0o755)
        for name, data in contents.items():
            write_durably(staging / name, data, mode=0o644)
        try:
            os.rename(staging, folder)
        except OSError as error:
            raise ReportExists(folder=folder) from error
        fsync_folder(folder.parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _figures(result: Result) -> bytes:
    text = json.dumps(to_json(result), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    # a lone surrogate (a file name that is not UTF-8) leaves as its own JSON escape
    return text.encode("utf-8", "backslashreplace")
