"""The flows drawn once: sources at left, parts in the middle; the table says the same in words."""

from __future__ import annotations

from html import escape

from releve.dossier.material import Flow

_WIDTH, _LINE, _TOP = 640, 58, 16
#: Characters that an arrow carries.
_LABEL = 35
_STYLE = (
    'text{font-family:"DejaVu Sans","Bitstream Vera Sans";font-size:14px;fill:#000}'
    ".small{font-size:11.5px;fill:#333}rect{fill:#fff;stroke:#000}"
    ".in{stroke-width:2}line{stroke:#000;stroke-width:1.5}"
)


def draw(flows: tuple[Flow, ...]) -> str:
    """An SVG of one line per flow: who, by what, to whom."""
    height = _TOP * 2 + _LINE * len(flows)
    drawn = [_line(flow, _TOP + _LINE * at) for at, flow in enumerate(flows)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}"><style>{_STYLE}</style>{"".join(drawn)}</svg>'
    )


def words(flows: tuple[Flow, ...]) -> str:
    """The drawing for who does not see it."""
    return " ".join(f"{flow.source} vers {flow.target} : {flow.protocol}." for flow in flows)


def _line(flow: Flow, y: int) -> str:
    return (
        f'<rect x="1" y="{y}" width="212" height="44"/>{_two(flow.source, 8, y, 26)}'
        f'<line x1="213" y1="{y + 22}" x2="448" y2="{y + 22}"/>'
        f'<path d="M448 {y + 17} l10 5 l-10 5 z"/>'
        f'<text x="222" y="{y + 16}" class="small">{escape(_short(flow.protocol))}</text>'
        f'<text x="222" y="{y + 37}" class="small">{escape(_short(flow.where))}</text>'
        f'<rect x="459" y="{y}" width="180" height="44" class="in"/>{_two(flow.target, 467, y, 21)}'
    )


def _short(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def _two(text: str, x: int, y: int, most: int) -> str:
    """A label on one line or two."""
    if len(text) <= most:
        return f'<text x="{x}" y="{y + 27}">{escape(text)}</text>'
    cut = text.rfind(" ", 0, most)
    cut = most if cut < 1 else cut
    rest = text[cut:].strip()
    rest = rest if len(rest) <= most else rest[: most - 1] + "…"
    first = f'<text x="{x}" y="{y + 18}">{escape(text[:cut])}</text>'
    return f'{first}<text x="{x}" y="{y + 36}">{escape(rest)}</text>'
