"""The time line drawn once, as SVG: one lane per kind of happening, and the table that says the
same.

Horizontal places are percentages and sizes are in pixels, so that one drawing fits a telephone and
a sheet of paper with letters of the same size. Shapes differ by lane: colour only repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from releve.drill.measures import Happening
from releve.drill.report import hours

_LANES = (
    ("attack", "Attaque"),
    ("alarm", "Alarme"),
    ("act", "Actes"),
    ("ok", "Tenu"),
    ("failure", "Échec"),
    ("info", "Déroulement"),
)
#: Drawn around 0,0; at most 14 px wide.
_SHAPES = {
    "attack": '<path d="M-5-5 5 5M5-5-5 5" class="stroke"/>',
    "alarm": '<path d="M0-8 8 6-8 6Z" class="fill"/>',
    "act": '<path d="M-5-5H5V5H-5Z" class="fill"/>',
    "ok": '<circle r="6" class="fill"/>',
    "failure": '<circle r="5" class="stroke hollow"/>',
    "info": '<path d="M0-6V6" class="stroke"/>',
}
_LANE_HEIGHT = 38
_LEFT, _RIGHT = 3.0, 97.0
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_MOST_INTERVALS = 3


@dataclass(frozen=True)
class Lane:
    """The happenings of one kind, by story hour; never empty."""

    kind: str
    name: str
    stories: tuple[datetime, ...]

    @property
    def first(self) -> str:
        return hours.story_hour(self.stories[0])

    @property
    def last(self) -> str:
        return hours.story_hour(self.stories[-1])

    @property
    def span(self) -> str:
        """``01:00:22``, or ``01:00:05 → 01:00:25``."""
        return self.first if self.first == self.last else f"{self.first} → {self.last}"


def lanes(happenings: tuple[Happening, ...]) -> tuple[Lane, ...]:
    """The lanes that hold something, in reading order."""
    found = []
    for kind, name in _LANES:
        stories = sorted(h.story for h in happenings if h.kind == kind)
        if stories:
            found.append(Lane(kind, name, tuple(stories)))
    return tuple(found)


def summary(drawn: tuple[Lane, ...]) -> str:
    """The drawing in one sentence, for those who do not see it."""
    if not drawn:
        return "Aucun événement n'a été noté."
    parts = (f"{lane.name.lower()} : {len(lane.stories)}, {lane.span}" for lane in drawn)
    return "Frise des heures. " + " ; ".join(parts) + "."


def draw(drawn: tuple[Lane, ...], *, width: str = "100%", style: str = "") -> str:
    """The SVG; ``style`` is CSS put inside it, for readers that have no style sheet of their
    own.
    """
    if not drawn:
        return ""
    start = min(lane.stories[0] for lane in drawn)
    end = max(max(lane.stories[-1] for lane in drawn), start + timedelta(seconds=1))
    height = _LANE_HEIGHT * len(drawn) + 34
    label = escape(summary(drawn))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="frise" width="{width}"'
        f' height="{height}" role="img" aria-label="{label}">',
        f"<style>{style}</style>" if style else "",
        *_guides(drawn, start, end, height),
        *(part for row, lane in enumerate(drawn) for part in _lane(lane, row, start, end)),
        *_axis(start, end, height),
        "</svg>",
    ]
    return "".join(parts)


def _lane(lane: Lane, row: int, start: datetime, end: datetime) -> list[str]:
    top = row * _LANE_HEIGHT
    line = top + 28
    parts = [
        f'<text x="0" y="{top + 16}" class="name">{escape(lane.name)} · {len(lane.stories)}</text>',
        f'<text x="100%" y="{top + 16}" text-anchor="end" class="hour">{lane.span}</text>',
        f'<line x1="0" x2="100%" y1="{line}" y2="{line}" class="rail"/>',
    ]
    for story in lane.stories:
        parts.append(
            f'<svg x="{_place(story, start, end)}" y="{line}" width="1" height="1"'
            f' overflow="visible" class="{lane.kind}">{_SHAPES[lane.kind]}</svg>'
        )
    return parts


def _guides(drawn: tuple[Lane, ...], start: datetime, end: datetime, height: int) -> list[str]:
    """Dashed lines down from the first attack and the first alarm: the eye measures between
    them.
    """
    return [
        f'<line x1="{x}" x2="{x}" y1="{row * _LANE_HEIGHT + 28}" y2="{height - 26}" class="guide"/>'
        for row, lane in enumerate(drawn)
        if lane.kind in ("attack", "alarm")
        for x in (_place(lane.stories[0], start, end),)
    ]


def _axis(start: datetime, end: datetime, height: int) -> list[str]:
    base = height - 26
    parts = [f'<line x1="0" x2="100%" y1="{base}" y2="{base}" class="axis"/>']
    for tick in ticks(start, end):
        x = _place(tick, start, end)
        parts.append(f'<line x1="{x}" x2="{x}" y1="{base}" y2="{base + 6}" class="axis"/>')
        share = float(x.rstrip("%"))
        anchor, at = ("start", "0") if share < 12 else ("middle", x)
        if share > 88:
            anchor, at = "end", "100%"
        parts.append(
            f'<text x="{at}" y="{height - 4}" text-anchor="{anchor}" class="hour">'
            f"{hours.story_hour(tick)}</text>"
        )
    return parts


def ticks(start: datetime, end: datetime) -> list[datetime]:
    """Round hours within the drawing, the rarest step that leaves at most three intervals."""
    span = (end - start).total_seconds()
    step = next((s for s in _STEPS if span / s <= _MOST_INTERVALS), _STEPS[-1])
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = -(-(start - midnight).total_seconds() // step) * step
    ticks = [midnight + timedelta(seconds=first)]
    while ticks[-1] + timedelta(seconds=step) <= end and len(ticks) <= _MOST_INTERVALS:
        ticks.append(ticks[-1] + timedelta(seconds=step))
    return [tick for tick in ticks if tick <= end]


def _place(story: datetime, start: datetime, end: datetime) -> str:
    share = (story - start) / (end - start)
    return f"{_LEFT + share * (_RIGHT - _LEFT):.2f}%"
