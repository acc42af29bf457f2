"""From the words of a PDF to residents: a table, sheets with labels, or a list; else nothing.

Each layout gives up on what it does not recognise: a line goes to ``unread`` rather than to
somebody. In a table or a list, a line that follows a rule or a wider gap than its neighbours, or
that opens a page, may belong to the one above or to the one below: it is nobody's, and both are to
be read again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace

from releve.incident.binder.esms.layouts import labelled, read_list, read_sheets
from releve.incident.binder.esms.reading import Record
from releve.incident.binder.esms.roll import Resident, Roll, Scan, Unread
from releve.incident.binder.esms.table import read_table, titles
from releve.incident.binder.esms.words import Line

_ANNOUNCED = (
    re.compile(r"\b(?:effectif|nombre de residents|total)\D{0,12}(\d{1,3})\b"),
    re.compile(r"\b(\d{1,3}) residents\b"),
)
_RUNNING = re.compile(r"\bpage \d+|\b(?:edite|imprime|extrait) le\b")
#: How many lines of a page may be its head or its foot, and on how many pages one must come back.
_EDGE, _SEVERAL = 3, 3
#: A legend says what « 1-0-1-0 » counts.
_KEY = re.compile(r"matin.{0,12}midi.{0,12}soir")


def recognise(record: Record) -> Roll:
    """What the PDF says, in the layout that understands most of it."""
    lines = [line for page in record.pages for line in page.lines]
    running = _running(lines)
    body = [line for line in lines if (line.page, line.number) not in running]
    key = any(_KEY.search(plain(line.text)) for line in lines)
    layout, residents, unread = _best(body, key)
    if not layout:
        unread = [Unread(x.page, x.number, x.text, "présentation non comprise") for x in body]
    scans = tuple(Scan(page.number, page.image) for page in record.pages if not page.lines)
    if record.left:
        why = f"{record.left} pages au-delà de ce que Relève lit"
        unread.append(Unread(len(record.pages) + 1, 0, "", why))
    said = tuple(each for each in unread if not _says_how_many(each.text))
    aside = dict.fromkeys(x.text for x in lines if (x.page, x.number) in running)
    return Roll(
        residents=_twice(residents),
        unread=said,
        scans=scans,
        pages=len(record.pages) + record.left,
        announced=_announced(lines),
        layout=layout,
        aside=tuple(aside),
    )


def _best(body: list[Line], key: bool) -> tuple[str, list[Resident], list[Unread]]:
    """A line of titles decides for the table; else the layout that understands most."""
    residents, unread = read_table(body, key)
    if residents:
        return "tableau", residents, unread
    best: tuple[str, list[Resident], list[Unread]] = ("", [], [])
    for layout, read in (("fiches", read_sheets), ("liste", read_list)):
        residents, unread = read(body, key)
        if _worth(residents) > _worth(best[1]):
            best = (layout, residents, unread)
    return best


def _worth(residents: list[Resident]) -> int:
    return sum(1 + bool(each.born) + bool(each.treatments) for each in residents)


def _running(lines: list[Line]) -> set[tuple[int, int]]:
    """Heads and feet: what says its page or its day of printing among the first and last lines of a
    page, and the first lines that stand at one height, word for word, on every page of three or
    more. A last line that comes back may be a treatment: it is kept.
    """
    last = {line.page: line.number for line in lines}
    same: dict[tuple[str, int], set[int]] = {}
    for line in lines:
        same.setdefault((line.text, round(line.y)), set()).add(line.page)
    found = set()
    at_head = True
    for line in lines:
        everywhere = len(same[line.text, round(line.y)]) == len(last) >= _SEVERAL
        said = bool(titles(line)) or labelled(line.text)
        at_head = (line.number == 1 or at_head) and everywhere and not said
        edge = line.number <= _EDGE or line.number > last[line.page] - _EDGE
        if at_head or (edge and _RUNNING.search(plain(line.text))):
            found.add((line.page, line.number))
    return found


def plain(text: str) -> str:
    """Lower case, no accents."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in bare if not unicodedata.combining(c))


def _announced(lines: list[Line]) -> int | None:
    for line in lines:
        if (found := _says_how_many(line.text)) is not None:
            return found
    return None


def _says_how_many(text: str) -> int | None:
    said = plain(text)
    for pattern in _ANNOUNCED:
        if found := pattern.search(said):
            return int(found[1])
    return None


def _twice(residents: list[Resident]) -> tuple[Resident, ...]:
    """Those who stand twice, or share a room with a namesake, say so."""
    people = Counter((plain(each.name), each.born) for each in residents)
    names = Counter(plain(each.name) for each in residents)
    found = []
    for each in residents:
        who = plain(each.name)
        if people[who, each.born] > 1:
            each = replace(each, doubts=(*each.doubts, "deux fois dans le PDF"))
        elif names[who] > 1:
            each = replace(each, doubts=(*each.doubts, "homonyme dans la maison"))
        found.append(each)
    return tuple(found)
