"""The hosted record's PDF, read in a process without network, folders or keys; its answer checked.

What comes back is words with their places, and images of the pages that hold none: both are
hostile text, bounded here.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releve.incident.binder.esms import record
from releve.incident.binder.esms.errors import RecordUnreadable
from releve.incident.binder.esms.words import Line, Page, Word
from releve.kernel.confinement.closing import Limits
from releve.kernel.confinement.process import Confined, Stopped

#: Octets of a PDF, of an answer, and of one page's image.
MAX_FILE = 20 << 20
_ANSWER, _IMAGE = 24 << 20, 3 << 20
_PACKAGE = "releve.incident.binder.esms.record"
_FOLDER = Path(record.__file__).parent
_WHY = {
    "locked": "il est protégé par un mot de passe",
    "too-large": "il est trop grand (20 Mio au plus)",
    "not-pdf": "ce n'est pas un PDF, ou il est abîmé",
}
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Record:
    """``pages`` in order; ``left``: how many more were not read. ``refused``: the barriers that
    this kernel did not grant to the reader (French).
    """

    pages: tuple[Page, ...]
    left: int
    refused: tuple[str, ...] = ()


def read_record(data: bytes) -> Record:
    """The words of a PDF; raises :class:`RecordUnreadable`."""
    if len(data) > MAX_FILE:
        raise RecordUnreadable(why=_WHY["too-large"])
    if not data.startswith(b"%PDF"):
        raise RecordUnreadable(why=_WHY["not-pdf"])
    limits = Limits(seconds=20, memory=1 << 30)
    with Confined(_PACKAGE, _FOLDER, limits, most=_ANSWER) as process:
        answer = process.ask([data])
        refused = process.refused
    if isinstance(answer, Stopped):
        raise RecordUnreadable(why=f"sa lecture s'est arrêtée : {answer.reason}")
    said = _object(answer)
    if "refused" in said:
        raise RecordUnreadable(why=_WHY.get(str(said["refused"]), "il a été refusé"))
    return checked(said, refused)


def checked(said: dict[str, Any], refused: tuple[str, ...] = ()) -> Record:
    """The answer of the closed process, bounded; raises :class:`RecordUnreadable`."""
    pages, left = said.get("pages"), said.get("left")
    if not isinstance(pages, list) or not isinstance(left, int):
        raise RecordUnreadable(why="sa lecture a rendu une réponse incompréhensible")
    found = tuple(_page(number, page) for number, page in enumerate(pages, 1))
    return Record(found, max(0, left), refused)


def _object(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except ValueError:
        said = None
    return said if isinstance(said, dict) else {}


def _page(number: int, page: object) -> Page:
    lines = page.get("lines") if isinstance(page, dict) else None
    image = page.get("image") if isinstance(page, dict) else ""
    found = [_line(number, place, line) for place, line in enumerate(lines or (), 1)]
    return Page(number, tuple(line for line in found if line.words), _image(image))


def _line(page: int, number: int, line: object) -> Line:
    y, said, ruled = line if isinstance(line, list) and len(line) == 3 else (0.0, (), False)
    words = []
    for word in said if isinstance(said, list) else ():
        if isinstance(word, list) and len(word) == 3 and isinstance(word[2], str):
            left, right = word[0], word[1]
            if isinstance(left, int | float) and isinstance(right, int | float):
                words.append(Word(float(left), float(right), word[2][:200]))
    height = float(y) if isinstance(y, int | float) else 0.0
    return Line(page, number, height, tuple(words), ruled is True)


def _image(text: object) -> bytes:
    try:
        data = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if data.startswith(_PNG) and len(data) <= _IMAGE else b""
