"""``./run vault scan BEFORE AFTER``: two folders, a verdict per file, an alarm."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from releve.cli.options import JsonOption, printable, write_json
from releve.kernel.errors import ReleveError
from releve.kernel.units import thousands
from releve.vault.scan import FileVerdict, ScanReport, scan_folders

_SHOWN = 40
_WORDS = {
    "suspect": "suspect",
    "unchecked": "non contrôlé",
    "gone": "disparu",
    "new": "nouveau",
    "ok": "bon",
}


def _folder(name: str) -> Path:
    """An empty name is a shell variable that was not set, never the current folder."""
    if not name.strip():
        raise typer.BadParameter("le nom du dossier est vide ; donnez deux dossiers.")
    return Path(name)


def scan(
    before: Annotated[
        Path, typer.Argument(metavar="BEFORE", parser=_folder, help="Le dossier d'avant.")
    ],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER", parser=_folder, help="Le même dossier, après.")
    ],
    json: JsonOption = None,
) -> None:
    """Compare deux versions d'un dossier et cherche les fichiers qu'un chiffrement a abîmés.

    Code de sortie : 0 pas d'alarme, 1 alarme, 2 dossier illisible.
    """
    console = Console(stderr=json == "-", highlight=False)
    try:
        report = scan_folders(before, after)
    except ReleveError as error:
        Console(stderr=True).print(Text(f"{error}\n{error.remedy}"))
        raise typer.Exit(error.exit_code) from None
    _show(console, report)
    write_json(json, figures(report))
    raise typer.Exit(1 if report.alarm else 0)


def figures(report: ScanReport) -> dict[str, object]:
    """The JSON of a scan: ``alarm`` and ``files``, then the counts behind them."""
    return {
        "alarm": report.alarm,
        "alarm_reason": report.alarm_reason,
        "counts": dict(Counter(file.verdict for file in report.files)),
        "changed": report.changed,
        "unchanged": report.unchanged,
        "stopped": report.stopped,
        "barriers_missing": list(report.barriers_missing),
        "files": [
            {"path": file.path, "verdict": file.verdict, "reason": file.reason}
            for file in report.files
        ],
    }


def _show(console: Console, report: ScanReport) -> None:
    title = "ALARME" if report.alarm else "Pas d'alarme"
    style = "bold red" if report.alarm else "bold green"
    console.print(Text(f"{title} : {report.alarm_reason}", style=style))
    counts = ", ".join(
        f"{thousands(report.count(verdict))} {word}"  # type: ignore[arg-type]
        for verdict, word in _WORDS.items()
    )
    console.print(Text(f"{thousands(len(report.files))} fichiers : {counts}."))
    told = [file for file in report.files if file.reason != "inchangé"]
    told.sort(key=lambda file: (list(_WORDS).index(file.verdict), file.path))
    if told:
        console.print(_table(told[:_SHOWN]))
    if len(told) > _SHOWN:
        console.print(Text(f"… et {thousands(len(told) - _SHOWN)} autres (voir --json)."))
    if report.stopped:
        stopped = thousands(report.stopped)
        console.print(Text(f"Attention : validateur arrêté {stopped} fois.", style="yellow"))
    for barrier in report.barriers_missing:
        console.print(Text(f"Attention : {barrier}.", style="yellow"))


def _table(files: list[FileVerdict]) -> Table:
    table = Table("verdict", "fichier", "pourquoi", box=None, pad_edge=False)
    for file in files:
        path = Text(printable(file.path), overflow="fold")
        table.add_row(_WORDS[file.verdict], path, Text(printable(file.reason)))
    return table
