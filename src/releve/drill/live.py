"""The drill as it happens, in the terminal: one line per happening, then the table of measures.

With a terminal, a bar stays below the lines and says where the story stands; without one (a file, a
pipe, a log) the same lines are plain text. Every word is made inert and rich's markup is never
read from it. Thread-safe: happenings may come from several threads.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Literal

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from releve.drill.measures import Happening, Result
from releve.drill.report import Row, complete, hours, inert, line_of, tell

#: The styles repeat the words and never replace them.
_STYLES = {
    "info": "",
    "attack": "bold",
    "alarm": "bold red",
    "act": "",
    "ok": "bold",
    "failure": "bold red",
    "held": "",
    "missed": "bold red",
    "unmeasured": "bold",
    "reported": "dim",
}


class Live:
    """A context manager: ``happened`` and ``progress`` while the drill plays, ``finish`` at the
    end.

    ``start`` is the scenario's first hour, ``length`` how long it should last; ``console`` is
    standard output unless another is given.
    """

    def __init__(
        self,
        scenario: str,
        seed: int,
        start: datetime,
        length: timedelta,
        console: Console | None = None,
    ) -> None:
        self._console = console or Console(highlight=False, soft_wrap=False)
        self._title = f"SIMULATION · {inert(scenario, 40)} · graine {seed}"
        self._start, self._length = start, max(length, timedelta(seconds=1))
        self._story = start
        self._doing = ""
        self._lock = Lock()
        self._bar = RichLive(
            self._below(), console=self._console, auto_refresh=False, transient=True
        )

    def __enter__(self) -> Live:
        if self._console.is_terminal:
            self._bar.start()
        else:
            self._write(Text(self._title))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def happened(self, happening: Happening) -> None:
        """Show one line of the time line."""
        line = line_of(happening)
        text = Text(f"{line.hour}  ")
        if line.word:
            text.append(f"{line.word}  ", style=_STYLES[line.kind])
        by = " · ".join(part for part in (line.who, line.evidence) if part)
        text.append(line.text)
        if by:
            text.append(f" ({by})", style="dim")
        with self._lock:
            self._story = max(self._story, happening.story)
            self._write(text)
            self._refresh()

    def note(self, text: str) -> None:
        """A line that is no part of the story."""
        with self._lock:
            self._write(Text(inert(text, 400)))

    def progress(self, text: str) -> None:
        """Say what is being done; the next progress replaces it on a terminal."""
        with self._lock:
            self._doing = inert(text, 200)
            if self._bar.is_started:
                self._refresh()
            else:
                self._write(Text(f"… {self._doing}"))

    def finish(self, result: Result, report: Path) -> None:
        """Print the measures, what was not measured, what to decide and where the report lies."""
        told = tell(complete(result))
        with self._lock:
            self._bar.stop()
            self._write(Text())
            self._write(Text(told.verdict, style="bold" if told.held else "bold red"))
            if told.sabotage:
                self._write(Text(told.sabotage))
            self._write(_measures(told.rows))
            for name, reason in told.not_measured:
                self._write(Text(f"Non mesuré : {name} ({reason})"))
            for finding in told.findings:
                self._write(Text(f"À faire ({finding.who}) : {finding.remedy}"))
            for decision in told.decisions:
                self._write(Text(f"Ce qu'il faut décider : {decision}"))
            self._write(Text(f"Rapport : {inert(str(report), 4096)}"))

    def _write(self, shown: Text | Table) -> None:
        plain = not self._console.is_terminal and isinstance(shown, Text)
        overflow: Literal["fold"] | None = None if plain else "fold"  # a log wraps by itself
        self._console.print(shown, markup=False, soft_wrap=plain, overflow=overflow)
        self._console.file.flush()

    def _refresh(self) -> None:
        if self._bar.is_started:
            self._bar.update(self._below(), refresh=True)

    def _below(self) -> Group:
        width = min(self._console.width, 120)
        start, end = self._start, self._start + self._length
        ends = len(hours.story_hour(start)) + len(hours.story_hour(end)) + 2
        room = max(8, min(40, width - len(self._title) - ends - 3))
        share = min(1.0, max(0.0, (self._story - start) / self._length))
        at = round(share * (room - 1))
        rail = "─" * at + "●" + "─" * (room - 1 - at)
        bar = Text(
            f"{self._title}  {hours.story_hour(start)} {rail} {hours.story_hour(end)}",
            style="bold",
            overflow="ellipsis",
            no_wrap=True,
        )
        doing = Text(self._doing or "…", style="dim", overflow="ellipsis", no_wrap=True)
        return Group(bar, doing)


def _measures(rows: tuple[Row, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading, wraps in (
        ("Mesuré", True),
        ("obtenu", False),
        ("visé", False),
        ("résultat", False),
        ("preuve", False),
    ):
        table.add_column(heading, no_wrap=not wraps, overflow="fold", ratio=1 if wraps else None)
    for row in rows:
        cells = (row.name, row.obtained, row.aimed, row.state, row.evidence)
        style = _STYLES[row.kind]
        table.add_row(*(Text(c, style=style if i == 3 else "") for i, c in enumerate(cells)))
    return table
