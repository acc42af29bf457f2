"""Three curves, drawn as SVG from measured series, each with the figures it is drawn from.

Places are percentages and sizes pixels, as in the time line: one drawing fits a telephone and a
sheet of paper. Bars and steps only, black on white: nothing is interpolated between two measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from releve.drill.account import Account, Curve
from releve.drill.measures import Result
from releve.drill.report import hours
from releve.drill.report.timeline import ticks
from releve.kernel.units import NARROW_SPACE, thousands

_TOP, _BASE, _HEIGHT = 50, 118, 142
_LEFT, _RIGHT = 3.0, 97.0
#: The twin has at most this many lines of this many figures.
_LINES, _COLUMNS = 6, 6


@dataclass(frozen=True)
class Mark:
    """An hour to which the eye goes."""

    story: datetime
    name: str


@dataclass(frozen=True)
class Plot:
    """A curve ready to be drawn. ``bars``: a count during each second; else a total in steps.
    ``said``: what one reads in it, in a sentence.
    """

    title: str
    said: str
    unit: str
    bars: bool
    points: tuple[tuple[datetime, int], ...]
    marks: tuple[Mark, ...]
    start: datetime
    end: datetime

    @property
    def most(self) -> int:
        return max((value for _, value in self.points), default=0)

    def at(self, start: datetime, end: datetime) -> int:
        """During [start, end[ for bars; at ``end`` for a total."""
        if self.bars:
            return sum(value for hour, value in self.points if start <= hour < end)
        return next((value for hour, value in reversed(self.points) if hour <= end), 0)


def plots(result: Result) -> tuple[Plot, ...]:
    """Those whose series was measured."""
    account = result.account
    made = (_messages(account), _files(result), _patients(account))
    return tuple(plot for plot in made if plot is not None)


def _messages(account: Account) -> Plot | None:
    curve = account.curve("messages")
    if curve is None:
        return None
    total = sum(value for _, value in curve.points)
    said = (
        f"{thousands(total)} messages confirmés. Une seconde vide est une seconde où rien n'a été"
        " confirmé."
    )
    marks = _marks(
        account, ("listener-killed", "réception tuée"), ("his-killed", "dossier patient mort")
    )
    title = "Messages patients confirmés, par seconde"
    return _plot(title, said, "messages", True, curve, marks)


def _files(result: Result) -> Plot | None:
    account = result.account
    curve = account.curve("files")
    if curve is None:
        return None
    total = curve.points[-1][1]
    said = f"{thousands(total)} fichiers chiffrés en tout."
    came = any(m.id == "detect.seconds" and m.value is not None for m in result.measures)
    marks = _marks(account, ("alarm", "alarme" if came else "crise ouverte"))
    if marks:
        before = sum(hour <= marks[0].story for hour, _ in curve.points)
        said = f"Déjà {thousands(before)} à l'heure marquée « {marks[0].name} » ; {said}"
    if account.isolated is not None:
        marks.append(Mark(account.isolated, "machines isolées"))
    return _plot("Fichiers chiffrés par l'attaquant", said, "fichiers", False, curve, marks)


def _patients(account: Account) -> Plot | None:
    curve = account.curve("patients")
    if curve is None:
        return None
    said = (
        "Patients dans un lit, d'après les messages confirmés : le premier chargement, puis entrées"
        " et sorties, jusqu'à la mort du dossier patient."
    )
    marks = _marks(
        account, ("listener-killed", "réception tuée"), ("his-killed", "dossier patient mort")
    )
    return _plot("Patients connus de Relève", said, "patients", False, curve, marks)


def _marks(account: Account, *wanted: tuple[str, str]) -> list[Mark]:
    found = ((account.began(kind), name) for kind, name in wanted)
    return [Mark(story, name) for story, name in found if story is not None]


def _plot(title: str, said: str, unit: str, bars: bool, curve: Curve, marks: list[Mark]) -> Plot:
    hours_shown = [hour for hour, _ in curve.points] + [mark.story for mark in marks]
    start = min(hours_shown).replace(microsecond=0)
    end = max(hours_shown).replace(microsecond=0) + timedelta(seconds=2)
    return Plot(title, said, unit, bars, curve.points, tuple(marks), start, end)


# -- the twin -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """The figures of a plot: ``columns`` are seconds after the hour that begins each line."""

    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


def figures(plot: Plot) -> Figures:
    """Every second of it, or every few when there are many."""
    span = int((plot.end - plot.start).total_seconds())
    step = -(-span // (_LINES * _COLUMNS))
    lines = []
    at = plot.start
    while at < plot.end:
        cells = []
        for rank in range(_COLUMNS):
            first = at + timedelta(seconds=rank * step)
            value = plot.at(first, first + timedelta(seconds=step))
            cells.append(thousands(value) if first < plot.end else "")
        lines.append((hours.story_hour(at), tuple(cells)))
        at += timedelta(seconds=step * _COLUMNS)
    columns = tuple(f"+{rank * step}{NARROW_SPACE}s" for rank in range(_COLUMNS))
    return Figures(columns, tuple(lines))


# -- the drawing ----------------------------------------------------------------------------------


def draw(plot: Plot, *, width: str = "100%", style: str = "") -> str:
    """The SVG element."""
    label = escape(f"{plot.title}. {plot.said}")
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="frise" width="{width}"'
            f' height="{_HEIGHT}" role="img" aria-label="{label}">',
            f"<style>{style}</style>" if style else "",
            *_scale(plot),
            *(_bars(plot) if plot.bars else _steps(plot)),
            *_flags(plot),
            *_axis(plot),
            "</svg>",
        ]
    )


def _scale(plot: Plot) -> list[str]:
    y = _height(plot, plot.most)
    return [
        f'<line x1="0" x2="100%" y1="{y}" y2="{y}" class="rail"/>',
        f'<text x="0" y="{y - 5}" class="hour">{thousands(plot.most)}</text>',
    ]


def _bars(plot: Plot) -> list[str]:
    wide = (_RIGHT - _LEFT) / max((plot.end - plot.start).total_seconds(), 1)
    return [
        f'<rect x="{_place(plot, hour):.2f}%" width="{wide * 0.8:.2f}%"'
        f' y="{_height(plot, value)}" height="{_BASE - _height(plot, value):g}" class="fill"/>'
        for hour, value in plot.points
        if value
    ]


def _steps(plot: Plot) -> list[str]:
    parts: list[str] = []
    x, y = _place(plot, plot.start), float(_BASE)
    for hour, value in (*plot.points, (plot.end, plot.points[-1][1])):
        across, up = _place(plot, hour), _height(plot, value)
        parts.append(_stroke(x, across, y, y))
        if up != y:
            parts.append(_stroke(across, across, y, up))
        x, y = across, up
    return parts


def _stroke(x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{y1:g}" y2="{y2:g}" class="trace"/>'


def _flags(plot: Plot) -> list[str]:
    parts = []
    for rank, mark in enumerate(plot.marks[:2]):
        x, y = _place(plot, mark.story), 14 + 17 * rank
        anchor = "end" if x > 50 else "start"
        text = f"{escape(mark.name)} {hours.story_hour(mark.story)}"
        parts.append(
            f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{_TOP - 14}" y2="{_BASE}" class="guide"/>'
            f'<text x="{x:.2f}%" y="{y}" text-anchor="{anchor}" class="name">{text}</text>'
        )
    return parts


def _axis(plot: Plot) -> list[str]:
    parts = [f'<line x1="0" x2="100%" y1="{_BASE}" y2="{_BASE}" class="axis"/>']
    for tick in ticks(plot.start, plot.end):
        x = _place(plot, tick)
        anchor = "start" if x < 12 else "end" if x > 88 else "middle"
        parts.append(
            f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{_BASE}" y2="{_BASE + 6}" class="axis"/>'
            f'<text x="{x:.2f}%" y="{_HEIGHT - 2}" text-anchor="{anchor}" class="hour">'
            f"{hours.story_hour(tick)}</text>"
        )
    return parts


def _height(plot: Plot, value: int) -> float:
    return round(_BASE - (_BASE - _TOP) * value / max(plot.most, 1), 1)


def _place(plot: Plot, hour: datetime) -> float:
    return _LEFT + (_RIGHT - _LEFT) * ((hour - plot.start) / (plot.end - plot.start))
