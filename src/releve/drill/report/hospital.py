"""The part of the hospital's map that the night touched: drawn, and told in a table.

Three columns, services ← applications ← machines, as on the map page; state is a mark, a word and a
line, so that black and white lose nothing. Machines are measured, the rest is read from the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from releve.drill.account import Layer, Spot
from releve.drill.report import hours
from releve.drill.report.inert import inert

#: Units of the drawing; 684 for 168 mm of paper, so that 14 units are 10 points.
_WIDTH, _ROW, _BOX, _TOP = 684, 41, 36, 24
_PLACES: dict[Layer, tuple[int, int, int]] = {
    "service": (1, 216, 26),
    "application": (258, 206, 25),
    "machine": (500, 182, 22),
}
_TITLES: dict[Layer, str] = {
    "service": "Services",
    "application": "Applications",
    "machine": "Machines perdues",
}
_EDGES = {
    "lost": 'stroke-width="3.5"',
    "stopped": 'stroke-width="2" stroke-dasharray="6 3"',
    "back": 'stroke-width="1.4"',
    "working": 'stroke-width="0.8"',
}


def state(spot: Spot) -> str:
    """« × perdu », « ● revenu à 01:00:31 », « ○ encore arrêté », « en service »."""
    if spot.again is not None:
        return f"● revenu à {hours.story_hour(spot.again)}"
    if spot.back:
        return "● peut revenir"
    if spot.state == "lost":
        return "× chiffré" if spot.id == "postes" else "× perdu, pas relevé"
    return "○ encore arrêté" if spot.state == "stopped" else "en service"


def sentence(spots: tuple[Spot, ...]) -> str:
    """What was lost and what is back, in two sentences; empty without a map."""
    services = [one for one in spots if one.layer == "service"]
    stopped = [one for one in services if one.state == "stopped"]
    if not spots:
        return ""
    applications = [one for one in spots if one.layer == "application"]
    down = sum(one.count for one in applications if one.state == "stopped")
    still = [one for one in stopped if not one.back]
    beds = sum(one.beds for one in stopped)
    told = (
        f"D'après la carte, ces pertes arrêtent {down} applications sur"
        f" {sum(one.count for one in applications)} et {len(stopped)} services sur"
        f" {len(services)}, soit {beds} lits."
    )
    if still:
        lost = [f"« {one.name} »" for one in spots if _missing(one)]
        because = f" : il leur manque {', '.join(lost)}" if lost else ""
        left = sum(one.beds for one in still)
        told += (
            f" À la fin de l'exercice, {len(still)} services ({left} lits) ne peuvent pas encore"
            f" travailler normalement{because}."
        )
    elif stopped:
        told += " À la fin de l'exercice, plus rien sur la carte ne les retient."
    return inert(told)


def _missing(spot: Spot) -> bool:
    return spot.layer == "machine" and not spot.back and spot.id != "postes"


def twin(spots: tuple[Spot, ...]) -> tuple[tuple[str, str, str], ...]:
    """(layer, state, names): the drawing in a table."""
    rows: dict[tuple[str, str], list[str]] = {}
    for spot in spots:
        beds = f" ({spot.beds} lits)" if spot.beds else ""
        rows.setdefault((_TITLES[spot.layer], state(spot)), []).append(inert(spot.name, 80) + beds)
    return tuple((layer, word, ", ".join(names)) for (layer, word), names in rows.items())


def draw(spots: tuple[Spot, ...], *, style: str = "") -> str:
    """The SVG element, 684 units wide; empty without a map."""
    if not spots:
        return ""
    tall = max(sum(one.layer == layer for one in spots) for layer in _PLACES) * _ROW
    tops = {one.id: top for layer in _PLACES for one, top in _spread(spots, layer, tall)}
    known = {one.id: one for one in spots}
    links = [
        _link(one, known[needed], tops) for one in spots for needed in one.needs if needed in known
    ]
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="carte" role="img"'
            f' viewBox="0 0 {_WIDTH} {_TOP + tall}" aria-label="{escape(sentence(spots))}">',
            f"<style>{style}</style>" if style else "",
            *(f'<text x="{_PLACES[layer][0]}" y="15" class="name">{title}</text>'
              for layer, title in _TITLES.items()),
            *links,
            *(part for one in spots for part in _box(one, tops[one.id])),
            "</svg>",
        ]
    )  # fmt: skip


def _spread(spots: tuple[Spot, ...], layer: Layer, tall: int) -> Iterator[tuple[Spot, float]]:
    """Each spot of a column with the top of its box, over the height of the tallest column."""
    held = [one for one in spots if one.layer == layer]
    step = tall / max(len(held), 1)
    for rank, one in enumerate(held):
        yield one, _TOP + step * rank + (step - _BOX) / 2


def _link(one: Spot, needed: Spot, tops: dict[str, float]) -> str:
    x1 = _PLACES[one.layer][0] + _PLACES[one.layer][1]
    x2 = _PLACES[needed.layer][0]
    y1, y2 = tops[one.id] + _BOX / 2, tops[needed.id] + _BOX / 2
    middle = (x1 + x2) / 2
    kind = "held" if not needed.back and needed.state != "working" else "link"
    return (
        f'<path d="M{x1} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2} {y2:g}" class="{kind}"/>'
    )


def _box(one: Spot, top: float) -> Iterator[str]:
    x, wide, letters = _PLACES[one.layer]
    edge = _EDGES["back" if one.back else one.state]
    beds = f"{one.beds} lits · " if one.beds else ""
    yield f'<rect x="{x}" y="{top:g}" width="{wide}" height="{_BOX}" class="box" {edge}/>'
    yield f'<text x="{x + 7}" y="{top + 15:g}">{escape(_cut(one.name, letters))}</text>'
    yield f'<text x="{x + 7}" y="{top + 32:g}" class="state">{beds}{escape(state(one))}</text>'


def _cut(text: str, letters: int) -> str:
    shown = inert(text, 80)
    return shown if len(shown) <= letters else shown[: letters - 1].rstrip() + "…"
