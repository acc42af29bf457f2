"""Escape sequences of a text (HL7 2.5 §2.7), read in one pass from left to right.

=============================  =====================================================
``\\F\\ \\S\\ \\T\\ \\R\\ \\E\\``       the field, component, subcomponent, repetition separator,
                               the escape character
``\\P\\``                        the truncation character, where MSH-2 declares one (2.7)
``\\Xhh..\\``                    octets in the message's charset; neighbours are read together;
                               kept verbatim when the charset has no such octets
``\\.br\\ \\.ce\\ \\.sp\\ \\.spN\\``  1 (N, at most 50) line ends
``\\.skN\\``                     N spaces (at most 200)
``\\.fi\\ \\.nf\\ \\.inN\\ \\.tiN\\``  layout alone: nothing
``\\H\\ \\N\\ \\Cxxyy\\ \\Mxxyyzz\\``   kept verbatim, visible; so is ``\\Z..\\``
=============================  =====================================================

Anything else is no escape: it is kept verbatim, and reading goes on right after its first
character, so that a Windows path does not swallow what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from releve.care.hl7.charset import Charset, decode_octets
from releve.care.hl7.separators import UNUSED, Separators

_MOST_LINES = 50
_MOST_SPACES = 200
_LAYOUT = {"fi", "nf", "in", "ti"}


def _pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(
        rf"{e}(?:(?P<sign>[FSTREP])"
        rf"|\.(?P<format>[A-Za-z]{{2}})(?P<count>[+-]?[0-9]{{0,4}})"
        rf"|(?:H|N|C[0-9A-Fa-f]{{4}}|M[0-9A-Fa-f]{{4}}(?:[0-9A-Fa-f]{{2}})?|Z[^{e}]*)"
        rf"){e}"
        rf"|(?P<octets>(?:{e}X(?:[0-9A-Fa-f]{{2}})+{e})+)"
    )


def unescaper(separators: Separators, charset: Charset) -> Callable[[str], str]:
    """What turns a text as written into the text meant: linear in its length; never fails."""
    if separators.escape == UNUSED:
        return str
    signs = {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": separators.escape,
        "P": separators.truncation,
    }

    def read(found: re.Match[str]) -> str:
        kind = found.lastgroup
        if kind == "sign":
            sign = signs[found["sign"]]
            return found[0] if sign == UNUSED else sign
        if kind == "octets":
            digits = found[0].replace(separators.escape, "").replace("X", "")
            text = decode_octets(bytes.fromhex(digits), charset)
            return found[0] if text is None else text
        if found["format"] is not None:
            laid = _format(found["format"].lower(), found["count"])
            return found[0] if laid is None else laid
        return found[0]

    substitute = _pattern(separators.escape).sub
    return lambda written: substitute(read, written)


def _format(command: str, count: str) -> str | None:
    number = int(count) if count.strip("+-") else 1
    if command in ("br", "ce"):
        return "\n"
    if command == "sp":
        return "\n" * min(max(number, 1), _MOST_LINES)
    if command == "sk":
        return " " * min(max(number, 0), _MOST_SPACES)
    return "" if command in _LAYOUT else None
