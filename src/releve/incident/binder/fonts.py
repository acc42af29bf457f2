"""The faces that paper is set in: which characters they can draw, how wide words are.

DejaVu Sans when the machine has it, else the sans that ReportLab carries. A character that the face
cannot draw would be an empty box on paper: it is written out instead (``\\u4e2d``). A word wider
than its place is given points where it may break; one that fits never breaks.
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
_BREAK = "\u200b"
_MM = 72 / 25.4


def folders() -> list[Path]:
    """Where Typst looks for faces."""
    carried = find_spec("reportlab")
    found = [_DEJAVU]
    if carried is not None and carried.origin is not None:
        found.append(Path(carried.origin).parent / "fonts")
    return [folder for folder in found if folder.is_dir()]


@cache
def _face() -> tuple[frozenset[int], dict[int, float], float]:
    """The bold face, the widest of the two: its characters and their widths in thousandths."""
    from reportlab.pdfbase.ttfonts import TTFontFile

    places = [
        folder / name for folder in folders() for name in ("DejaVuSans-Bold.ttf", "VeraBd.ttf")
    ]
    path = next(place for place in places if place.is_file())
    face = TTFontFile(str(path))
    drawn = frozenset(face.charToGlyph)
    return drawn, dict(face.charWidths), float(face.defaultWidth)


def drawable(text: str) -> str:
    """``text`` as paper can show it: what the face lacks, controls and direction marks are written
    out.
    """
    known = _face()[0]
    return "".join(c if _shows(c, known) else f"\\u{ord(c):04x}" for c in text)


def _shows(character: str, known: frozenset[int]) -> bool:
    if character in "\n\u200b":
        return True
    return ord(character) in known and unicodedata.category(character) not in (
        "Cc",
        "Cf",
        "Co",
        "Cs",
    )


@lru_cache(maxsize=65536)
def width_mm(text: str, points: float) -> float:
    """How wide ``text`` is on one line, in bold, in millimetres."""
    _, widths, default = _face()
    return sum(widths.get(ord(c), default) for c in text) * points / 1000 / _MM


def fitted(text: str, mm: float, points: float, most: int = 600) -> str:
    """``text`` for a column ``mm`` wide: undrawable characters written out, its first ``most``
    characters, and points where its too wide words may break.
    """
    shown = drawable(text.strip())
    if len(shown) > most:
        shown = shown[: most - 1].rstrip() + "…"
    return "\n".join(
        " ".join(_broken(word, mm, points) for word in line.split(" "))
        for line in shown.split("\n")
    )


def cut(words: str, most: int) -> str:
    """The beginning of a text, « … » after it when something is left out."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def one_line(text: str, mm: float, points: float) -> str:
    """As much of ``text`` as one line holds, « … » after what is cut."""
    shown = drawable(" ".join(text.split(" ")))
    if width_mm(shown, points) <= mm:
        return shown
    low, high = 0, len(shown)
    while low < high:
        half = (low + high + 1) // 2
        if width_mm(shown[:half].rstrip() + "…", points) <= mm:
            low = half
        else:
            high = half - 1
    return shown[:low].rstrip() + "…" if low else ""


def _broken(word: str, mm: float, points: float) -> str:
    if len(word) < 4 or width_mm(word, points) <= mm:
        return word
    pieces, start = [], 0
    for end in range(1, len(word) + 1):
        if width_mm(word[start:end], points) > mm and end - 1 > start:
            pieces.append(word[start : end - 1])
            start = end - 1
    return _BREAK.join([*pieces, word[start:]])


def lines(text: str, mm: float, points: float) -> int:
    """How many lines a text takes, counted as words are laid: never fewer than drawn."""
    count, used, space = 1, 0.0, width_mm(" ", points)
    for word in text.replace("\u200b", " ").split():
        wide = width_mm(word, points)
        if used and used + space + wide > mm:
            count, used = count + 1, wide
        else:
            used += (space if used else 0) + wide
    return count
