"""Results: ORU^R01 (HL7 2.5 §7). A row is an observation of an order: OBX-3, OBX-4 under OBR-3.

OBX-11 is honoured in whatever order messages come: a provisional value never replaces a final,
corrected or deleted one; among those the latest (OBR-22, else MSH-7) stands. An attached document
(ED, RP) goes with the documents.
"""

from __future__ import annotations

from collections.abc import Sequence

from releve.care.hl7 import Columns, Message
from releve.care.projection.documents import attached
from releve.care.projection.facts import Fact, Reading, Said, version
from releve.care.projection.reading import Row, Text, hour

SECTION = "results"
#: HL7 table 0085: deleted, or posted on the wrong patient.
_WITHDRAWN = frozenset({"D", "W"})
_SETTLED = {"F": 1, "U": 1, "X": 1, "C": 2, "W": 3, "D": 3}
_CODED = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
_PARTED = frozenset({"SN", "CQ", "CP", "MO", "NR", "DR", "TQ", "XCN", "XPN", "XAD", "XTN", "CX"})
_FILES = frozenset({"ED", "RP"})
_PLAIN = frozenset({"NM", "ST", "TX", "FT", "DT", "TM", "TS", "DTM", "SI", "IS", ""})
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
    """One fact for each OBX, with the NTE that follow it."""
    facts: list[Fact] = []
    problems: list[str] = []
    orders, observations = said.message.table("OBR", _OBR), said.message.table("OBX", _OBX)
    rows = said.rows if _needs_rows(said.message, observations) else None
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
            fact = _read(observations[number - 1], number, row, group, problems)
            if fact is not None:
                facts.append(fact)
        elif name == "NTE" and facts and not skipped and rows is not None:
            content = facts[-1].content
            if content is not None:
                rows[place].whole(content, "commentaire", 3)
    if not facts and not problems:
        problems.append("résultat sans observation (OBX)")
    return Reading(facts, problems)


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
    return [line[:3].decode("latin-1") for line in said.message.raw.split(b"\r")]


def _read(
    texts: Sequence[str], number: int, row: Row | None, group: _Group, problems: list[str]
) -> Fact | None:
    set_id, kind, code, wording, system, original, sub_id = texts[:7]
    value, unit_code, unit, unit_original, reference, flag, status, taken = texts[7:]
    if not (code or wording):
        problems.append(f"observation sans code ni nom (OBX-3, ligne {set_id or '?'})")
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
        return Fact("documents", ident, rank, at, attached(row), rank, status, ended)
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
