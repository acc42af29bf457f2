"""Words of a PDF with their places, as pdfium sees them; an image of the pages that hold no text.

Lengths are points, from the top left of the page. Nothing is interpreted: a word is a run of
characters without a space, a line the words of one height.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as raw

MAX_PAGES = 200
MAX_WORDS = 60_000
#: Pages without text that are given as images, and how wide.
MAX_IMAGES = 12
_WIDE = 1000
_LONGEST = 200
#: Below this many words a page is looked at as an image.
_FEW = 3
#: A drawn line is at least that long and at most that thick, in points; how many are looked at.
_RULE, _THIN, _MOST_RULES = 60.0, 3.0, 20_000


@dataclass
class _Word:
    """A run of characters; ``y`` is the middle of its first character."""

    text: str
    left: float
    right: float
    y: float
    tall: float


def read(data: bytes) -> dict[str, Any]:
    """``{"pages": [{"lines": [[y, [[left, right, text]…], ruled]…], "image": base64}…],
    "left": n}``; ``ruled``: a line is drawn above; ``left`` counts the pages beyond the limits.
    Raises ``pypdfium2.PdfiumError``.
    """
    document = pypdfium2.PdfDocument(data)
    try:
        pages, images, words = [], 0, 0
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            found = _words(page, MAX_WORDS - words)
            words += len(found)
            image = ""
            if len(found) < _FEW and images < MAX_IMAGES:
                image, images = _image(page), images + 1
            pages.append({"lines": _lines(found, _rules(page)), "image": image})
            page.close()
        return {"pages": pages, "left": max(0, len(document) - MAX_PAGES)}
    finally:
        document.close()


def _words(page: pypdfium2.PdfPage, most: int) -> list[_Word]:
    text = page.get_textpage()
    height = page.get_height()
    found: list[_Word] = []
    open_word: _Word | None = None
    for index in range(text.count_chars()):
        if len(found) >= most:
            break
        character = chr(raw.FPDFText_GetUnicode(text, index) or 32)
        if character.isspace() or not character.isprintable():
            open_word = None
            continue
        left, bottom, right, top = text.get_charbox(index, loose=True)
        y, tall = height - (bottom + top) / 2, max(top - bottom, 1.0)
        follows = (
            open_word is not None
            and abs(y - open_word.y) < tall / 2
            and -tall < left - open_word.right < tall / 4
            and len(open_word.text) < _LONGEST
        )
        if follows and open_word is not None:
            open_word.text += character
            open_word.right = max(open_word.right, right)
        else:
            open_word = _Word(character, left, right, y, tall)
            found.append(open_word)
    text.close()
    return found


def _lines(words: list[_Word], rules: list[float]) -> list[list[Any]]:
    """[y, words of that height left to right, whether a rule parts it from the line above]."""
    lines: list[list[_Word]] = []
    for word in sorted(words, key=lambda each: (each.y, each.left)):
        if lines and abs(word.y - lines[-1][0].y) < min(word.tall, lines[-1][0].tall) / 2:
            lines[-1].append(word)
        else:
            lines.append([word])
    found: list[list[Any]] = []
    above = 0.0
    for line in lines:
        y = line[0].y
        ruled = any(above < rule < y for rule in rules)
        found.append([round(y, 1), _ordered(line), ruled])
        above = y
    return found


def _rules(page: pypdfium2.PdfPage) -> list[float]:
    """Heights of the horizontal lines, and of the edges of boxes, that are drawn on the page."""
    height, found = page.get_height(), []
    for number, item in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=4)):
        if number >= _MOST_RULES:
            break
        left, bottom, right, top = item.get_bounds()
        if right - left >= _RULE:
            found += [height - top] if top - bottom < _THIN else [height - top, height - bottom]
    return found


def _ordered(line: list[_Word]) -> list[list[float | str]]:
    words = sorted(line, key=lambda word: word.left)
    return [[round(word.left, 1), round(word.right, 1), word.text] for word in words]


def _image(page: pypdfium2.PdfPage) -> str:
    """A grey PNG of the page, base64."""
    scale = _WIDE / max(page.get_width(), 1.0)
    tall = page.get_height() * scale
    if tall > 4 * _WIDE:
        return ""
    bitmap = page.render(scale=scale, grayscale=True)
    rows = bytes(bitmap.buffer)
    stride, wide, high = bitmap.stride, bitmap.width, bitmap.height
    lines = b"".join(b"\0" + rows[y * stride : y * stride + wide] for y in range(high))
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    made = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return base64.b64encode(made).decode()
