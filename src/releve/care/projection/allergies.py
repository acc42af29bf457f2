"""Allergies: AL1, and IAM with its action (HL7 2.5 §3.4.6-7).

A row is a substance as one sender names it: code, system, wording and original text. « Other » is
one code for many substances, and a code of one sender is nothing to another: an allergy shown twice
is safer than one lost.

A list sent again without one of its lines takes nothing back: only IAM-6 = D, or a later « none »,
or the null ``""`` does. « None » is said by AL1-3 or IAM-3 alone: a code or wording of
``none_stated.toml``. ``""`` deletes what was there and states nothing; a message without AL1 says
nothing at all.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from releve.care.identity import fold
from releve.care.projection.facts import Fact, Reading, Said, by_content, version
from releve.care.projection.reading import Row, Text, hour, rows

SECTION = "allergies"
#: What begins the number of a row that says there is none: one for each sender.
NONE = "~none"
#: The same, when what is said is only that nothing stands any more (``""``).
DELETED = f"{NONE}.deleted"
_SOME = "~some"


def read_allergies(said: Said) -> Reading:
    """One fact for each AL1 or IAM."""
    facts: list[Fact] = []
    problems: list[str] = []
    for row in (*rows(said.message, "AL1"), *rows(said.message, "IAM")):
        fact = _read(row, said)
        if fact is None:
            problems.append(f"allergie sans nom ni code ({row.segment.name}-3)")
        else:
            facts.append(fact)
    return Reading(by_content(facts), problems)


def _read(row: Row, said: Said) -> Fact | None:
    segment = row.segment
    act = segment.text(6) if segment.name == "IAM" else ""
    content: list[Text] = []
    row.coded(content, "substance", 3)
    code, wording, original = (segment.text(3, component) for component in (1, 2, 9))
    deleted = segment.field(3).null
    none = deleted or _none_stated(code, wording)
    if not content and not none:
        return None
    if wording and fold(original) not in ("", fold(wording)):
        row.component(content, "substance", 3, 9)
    row.coded(content, "type", 2)
    row.coded(content, "gravité", 4)
    row.whole(content, "réaction", 5)
    row.whole(content, "date", 11 if segment.name == "IAM" else 6)
    system = segment.text(3, 3) if code else ""
    named = f"{_SOME}|{said.sender}|{code}^{system}^{_words(wording, original)}"
    ident = f"{DELETED if deleted else NONE}|{said.sender}" if none else named
    at = hour(segment.text(13 if segment.name == "IAM" else 6))
    rank = version(said.sent, 1 if act == "D" else 0)
    return Fact(SECTION, ident, rank, at, content, rank, act, act == "D")


def _words(*texts: str) -> str:
    """Each once, folded; as it is when it is made of signs alone."""
    return " ".join(dict.fromkeys(fold(text) or text for text in texts if text))


def only_codes(ident: str, other: str) -> bool:
    """Whether ``ident`` is a code without wording, and ``other`` the same, of the same sender, in
    words: what a deletion that repeats the code alone speaks of.
    """
    code, _, words = ident.rpartition("^")
    if words or code.endswith("|^") or not ident.startswith(_SOME):
        return False
    return ident != other and other.rpartition("^")[0] == code


@cache
def _statements() -> tuple[frozenset[str], frozenset[str]]:
    text = resources.files("releve.care.projection").joinpath("none_stated.toml")
    table = tomllib.loads(text.read_text("utf-8"))["allergies"]
    return frozenset(table["codes"]), frozenset(fold(words) for words in table["wordings"])


def _none_stated(code: str, wording: str) -> bool:
    codes, wordings = _statements()
    return code in codes or fold(wording or code) in wordings
