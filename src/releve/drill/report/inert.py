"""Text that came from a machine, a file name or a feed, made safe to show anywhere.

What could act on a reader's screen or reorder what is read (controls, escape sequences,
bidirectional overrides, zero-width and lone surrogate code points) is written out as ``⟨U+202E⟩``:
nothing is hidden, nothing acts. HTML and Typst escaping come on top, in the writers.
"""

from __future__ import annotations

import re
import unicodedata

#: Longer than any honest line of a report; a hostile one must not fill it.
LONGEST = 600
#: Cc controls, Cf formats (bidi, zero-width, tags), Cs surrogates, Co private, Cn unassigned,
#: Zl/Zp line and paragraph separators.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Formats that French and English text really carry: the soft hyphen draws nothing and moves
#: nothing.
_HARMLESS = frozenset({"\u00ad"})
_BEFORE = re.compile(r" (?=[:;!?»])")
_AFTER = re.compile(r"« ")


def inert(text: str, longest: int = LONGEST) -> str:
    """``text`` on one line, every acting code point written out, cut at ``longest`` characters."""
    kept = text[:longest]
    shown = "".join(_shown(character) for character in kept)
    if len(text) > longest:
        shown += f"… ({len(text) - longest} caractères de plus)"
    return shown


def unbreaking(text: str) -> str:
    """Keep a French sign with its word: no line starts with « : » or ends with an opening
    guillemet.
    """
    return _AFTER.sub("«\u00a0", _BEFORE.sub("\u00a0", text))


def _shown(character: str) -> str:
    if character in "\n\t":
        return " "
    if character in _HARMLESS or unicodedata.category(character) not in _ACTING:
        return character
    return f"⟨U+{ord(character):04X}⟩"
