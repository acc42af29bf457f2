"""Delimited text of any encoding and separator."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter

from releve.establishment.imports.sheets.table import Refused, Table, dense

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_NAMES = {
    "cp1252": "Windows-1252",
    "mac_roman": "Mac (Roman)",
    "cp850": "DOS (850)",
    "latin-1": "Latin-1",
}
#: What French names and labels are made of, beyond ASCII.
_FRENCH = frozenset("éèêëàâäçùûüîïôöœæÉÈÊËÀÂÄÇÙÛÜÎÏÔÖŒÆ°«»’–…€\u00a0")
_HEAD = 4096
#: What an octet nul becomes: a control character that no name may hold, so that it is seen.
_LOST = "\x1a"
_SEPARATORS = ";\t,|"
_SAMPLE = 60
#: A field longer than this comes from a quote that was never closed.
_LONG_FIELD = 20_000


def decode(data: bytes) -> tuple[str, str]:
    """(text, the encoding's name as people say it); raises :class:`Refused`."""
    for mark, codec, name in _BOMS:
        if data.startswith(mark):
            return data.decode(codec, "replace"), name
    even, odd = data[:400:2].count(b"\0"), data[1:400:2].count(b"\0")
    if max(even, odd) > len(data[:400]) // 5 and min(even, odd) == 0:
        return data.decode("utf-16-le" if odd else "utf-16-be", "replace"), "UTF-16"
    if _is_binary(data[:_HEAD]):
        raise Refused("ce n'est ni un classeur connu, ni du texte")
    data = data.replace(b"\0", _LOST.encode())
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        best = max(_NAMES, key=lambda codec: _likely(data, codec))
        return data.decode(best, "replace"), _NAMES[best]


def _is_binary(head: bytes) -> bool:
    """A stray octet nul in a text is not enough: one in a hundred is."""
    return head.count(b"\0") * 100 > len(head)


def _likely(data: bytes, codec: str) -> int:
    """How French the letters beyond ASCII look in a codec; what it cannot read weighs against."""
    beyond = bytes(octet for octet in data[: 1 << 20] if octet > 127)
    score = 0
    for letter, count in Counter(beyond.decode(codec, "replace")).items():
        if letter in _FRENCH:
            score += 2 * count if letter.islower() else count
        else:
            score -= 3 * count
    return score


def read_delimited(data: bytes) -> Table:
    """One table; the separator is the one that cuts the lines most evenly."""
    text, encoding = decode(data)
    text = text.replace("\0", _LOST).rstrip(_LOST + "\r\n")  # the end of a DOS file is one too
    notes = [f"encodage {encoding}"] if encoding != "UTF-8" else []
    head, _, rest = text.partition("\n")
    separator = ""
    skipped = 0
    if head.strip().lower().startswith("sep=") and len(head.strip()) == 5:
        separator, text, skipped = head.strip()[4], rest, 1
    separator = separator or _separator(text)
    rows, loose = _rows(text, separator)
    if loose:
        notes.append("guillemets dépareillés : lus comme du texte")
    table = dense("", (1 + skipped, 1), rows, hidden=False)
    table.notes = [*notes, *table.notes]
    return table


def _rows(text: str, separator: str) -> tuple[list[list[str]], bool]:
    csv.field_size_limit(_LONG_FIELD)
    try:
        return _placed(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), False
    except csv.Error:
        csv.field_size_limit(1 << 30)
        plain = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline="\n")
        reader = csv.reader(plain, delimiter=separator, quoting=csv.QUOTE_NONE)
        return _placed(reader), True


def _placed(reader: csv.reader) -> list[list[str]]:  # type: ignore[valid-type]
    """Rows at the number of the line where each begins."""
    rows: list[list[str]] = []
    last = 0
    for row in reader:  # type: ignore[attr-defined]
        while len(rows) < last:
            rows.append([])
        rows.append(row)
        last = reader.line_num  # type: ignore[attr-defined]
    return rows


def _separator(text: str) -> str:
    """The separator whose lines have most often the same number of fields, several of them."""
    sample = [line for line in text[: 1 << 18].splitlines() if line.strip()][:_SAMPLE]
    best, most = ";", 0.0
    for separator in _SEPARATORS:
        try:
            counts = [len(row) for row in csv.reader(sample, delimiter=separator)]
        except csv.Error:
            counts = [line.count(separator) + 1 for line in sample]
        several = Counter(count for count in counts if count > 1)
        if not several:
            continue
        width, often = max(several.items(), key=lambda each: (each[1] * (each[0] - 1), each[0]))
        score = often * (width - 1) * (often / len(counts))
        if score > most:
            best, most = separator, score
    return best
