"""Results: ORU^R01 (HL7 2.5 §7). A row is an observation of an order: OBX-3, OBX-4 under OBR-3,
and its place among those of that name where the message repeats it.

OBX-11 is honoured in whatever order messages come: a provisional value never replaces a final,
corrected or deleted one; among those the latest (OBR-22, else MSH-7) stands. An attached document
(ED, RP) goes with the documents.

Results are most of what a hospital sends and little of it is ever looked at: the views keep their
segments as written, and read them when a file is opened (:func:`observations`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from releve.care.hl7 import Columns, Message, parse
from releve.care.projection.documents import SECTION as DOCUMENTS
from releve.care.projection.documents import attached
from releve.care.projection.excerpt import excerpt, is_usual, settled
from releve.care.projection.facts import Fact, Reading, Said, by_place, version
from releve.care.projection.reading import Row, Text, hour

SECTION = "results"
#: HL7 table 0085: deleted, or posted on the wrong patient.
_WITHDRAWN = frozenset({"D", "W"})
_SETTLED = {"F": 1, "U": 1, "X": 1, "C": 2, "W": 3, "D": 3}
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
_PARTED = frozenset({"SN", "CQ", "CP", "MO", "NR", "DR", "TQ", "XCN", "XPN", "XAD", "XTN", "CX"})
_FILES = frozenset({"ED", "RP"})
_PLAIN = frozenset({"NM", "ST", "TX", "FT", "DT", "TM", "TS", "DTM", "SI", "IS", ""})
#: What is read of a report; the segments of these names are kept.
_NAMES = frozenset({b"OBR", b"OBX", b"NTE", b"SPM"})
_OUT_OF_PLACE = (b"\rOBX|", b"\rNTE", b"\rSPM")
#: Orders with a number, each followed by coded observations, then anything else: nothing to say.
_NOTHING_AMISS = re.compile(
    rb"(?:\rOBR\|[^|\r]*+\|(?:[0-9A-Za-z]|[^|\r]*+\|[0-9A-Za-z])[^\r]*+"
    rb"(?:\rOBX\|[^|\r]*+\|(?:NM|ST|TX|FT|DT|TM|TS|DTM|SI|IS|)\|[0-9A-Za-z][^\r]*+)++)++"
    rb"(?:\r(?!OB[RX]|NTE|SPM)[^\r]*+)*+"
)
_OBR = Columns(2, (2, 2), (2, 3), 3, (3, 2), (3, 3), (4, 1, 0), (4, 2, 0), (4, 9, 0), 7, 22)
_OBX = Columns(
    1, 2, (3, 1, 0), (3, 2, 0), (3, 3), (3, 9, 0), 4, (5, 0), (6, 1, 0), (6, 2, 0), (6, 9, 0),
    (7, 0), (8, 0), 11, 14,
)  # fmt: skip


class _Group:
    """An OBR: its order number, panel and hours."""

    def __init__(self, texts: Sequence[str], number: int, said: Said) -> None:
        placer, placer_by, placer_oid, filler, filler_by, filler_oid = texts[:6]
        code, wording, original, taken, issued = texts[6:]
        self.at = hour(taken)
        self.sent = hour(issued) or said.sent
        if filler:
            self.order = f"{filler}^{filler_by or filler_oid or said.sender}"
        elif placer:
            self.order = f"{placer}^{placer_by or placer_oid or said.sender}"
        else:
            self.order = f"{code or wording}@{taken}" if self.at else ""
        place = "OBR-4" if number == 1 else f"OBR({number})-4"
        self.panel = _coded("bilan", code, wording, original, place)


def read_results(said: Said) -> Reading:
    """The documents attached, what is amiss, and the observations to be read later."""
    kept = _plain(said.message)
    if kept:
        return Reading([], [], kept)
    facts, problems = _read_all(said)
    documents = [fact for fact in facts if fact.section == DOCUMENTS]
    if len(documents) < len(facts):
        kept = excerpt(said.message, _NAMES)
    if not facts and not problems:
        problems.append("résultat sans observation (OBX)")
    return Reading(documents, problems, kept)


def observations(kept: bytes, received: int) -> list[Fact]:
    """One fact for each OBX, with its NTE, of a message kept so and received then (µs)."""
    message = parse(kept)
    sent = hour(message.text("MSH", 7)) or received // 1000
    facts, _ = _read_all(Said(message, message.trigger, sent, message.sender))
    return [fact for fact in facts if fact.section == SECTION]


def _plain(message: Message) -> bytes:
    """The excerpt of a report of which nothing is to be said; empty when it must be read first."""
    raw = message.raw
    start = raw.find(b"\rOBR|")
    if start < 0 or not is_usual(message):
        return b""
    if any(raw.find(name, 0, start) >= 0 for name in _OUT_OF_PLACE):
        return b""
    if _NOTHING_AMISS.fullmatch(raw, start) is None:
        return b""
    return settled(message, raw[: raw.find(b"\r")] + raw[start:])


def _read_all(said: Said) -> tuple[list[Fact], list[str]]:
    """One fact for each OBX, with the NTE that follow it; what could not be read."""
    facts: list[Fact] = []
    problems: list[str] = []
    orders, observed = said.message.table("OBR", _OBR), said.message.table("OBX", _OBX)
    rows = said.rows if _needs_rows(said.message, observed) else None
    group: _Group | None = None
    counts = {"OBR": 0, "OBX": 0}
    skipped = False
    for place, name in enumerate(_names(said, rows)):
        if name in counts:
            counts[name] += 1
        if name == "OBR":
            group, skipped = _Group(orders[counts[name] - 1], counts[name], said), False
        elif name == "SPM":
            skipped = True  # what follows describes the specimen
        elif name == "OBX" and group is not None and not skipped:
            row = rows[place] if rows is not None else None
            number = counts[name]
            fact = _read(observed[number - 1], number, row, group, problems)
            if fact is not None:
                facts.append(fact)
        elif name == "NTE" and facts and not skipped and rows is not None:
            content = facts[-1].content
            if content is not None:
                rows[place].whole(content, "commentaire", 3)
    return by_place(facts), problems


def _needs_rows(message: Message, observations: Sequence[tuple[str, ...]]) -> bool:
    """Whether some text is repeated, in parts, commented, or cut by unusual line ends."""
    raw = message.raw
    if b"\n" in raw or b"\rNTE" in raw or message.separators.repetition != "~":
        return True
    if raw.find(b"~", raw.find(b"\rOBR")) >= 0:
        return True
    return any(texts[1] not in _PLAIN for texts in observations)


def _names(said: Said, rows: list[Row] | None) -> list[str]:
    if rows is not None:
        return [row.segment.name for row in rows]
    mark = said.message.separators.field.encode()
    return [line.partition(mark)[0].decode("latin-1") for line in said.message.raw.split(b"\r")]


def _read(
    texts: Sequence[str], number: int, row: Row | None, group: _Group, problems: list[str]
) -> Fact | None:
    set_id, kind, code, wording, system, original, sub_id = texts[:7]
    value, unit_code, unit, unit_original, reference, flag, status, taken = texts[7:]
    if not (code or wording):
        line = set_id if set_id.isascii() and set_id.isdigit() else "?"
        problems.append(f"observation sans code ni nom (OBX-3, ligne {line[:6]})")
        return None
    if not group.order:
        problems.append("résultat sans numéro de demande ni heure de prélèvement (OBR-2, 3, 7)")
        return None
    tie = _SETTLED.get(status, 0)
    rank = version(group.sent, tie, 1 if tie else 0)
    ended = status in _WITHDRAWN
    at = hour(taken) or group.at
    ident = f"{group.order}|{code or wording}^{system}|{sub_id}"
    if kind in _FILES and row is not None:
        return Fact(DOCUMENTS, ident, rank, at, attached(row), rank, status, ended)
    content = [*group.panel]
    place = "OBX" if number == 1 else f"OBX({number})"
    content += _coded("examen", code, wording, original, f"{place}-3")
    if row is not None:
        _rest(row, kind, content)
    else:
        if value:
            content.append(("valeur", value, f"{place}-5"))
        content += _coded("unité", unit_code, unit, unit_original, f"{place}-6")
        if reference:
            content.append(("valeurs de référence", reference, f"{place}-7"))
        if flag:
            content.append(("indicateur", flag, f"{place}-8"))
    return Fact(SECTION, ident, rank, at, content, rank, status, ended)


def _coded(label: str, code: str, wording: str, original: str, place: str) -> list[Text]:
    """As ``Row.coded``: the wording, else the code, else the original text."""
    if wording:
        return [(label, wording, f"{place}.2")]
    if code:
        return [(label, code, f"{place}.1")]
    return [(label, original, f"{place}.9")] if original else []


def _rest(row: Row, kind: str, content: list[Text]) -> None:
    if kind in _CODED:
        row.coded(content, "valeur", 5)
    elif kind in _PARTED:
        row.parts(content, "valeur", 5)
    else:
        row.whole(content, "valeur", 5)
    row.coded(content, "unité", 6)
    row.whole(content, "valeurs de référence", 7)
    row.whole(content, "indicateur", 8)
