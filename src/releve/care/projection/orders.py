"""Prescriptions: RDE, OMP, and ORM with RXO or RXE; ORC says how each stands (HL7 table 0119).

A row is an order number (ORC-2, else ORC-3); several prescriptions of one message under one number
are as many rows. Stopping and cancelling are honoured whether they come
before or after what they stop; nothing is computed, no dose, no next intake.
"""

from __future__ import annotations

from releve.care.projection.facts import UNSAID, Fact, Reading, Said, by_content, version
from releve.care.projection.reading import Row, Text, entity, hour

SECTION = "treatments"
#: ORC-1 that ends an order: cancelled, stopped, replaced, as asked or as done.
_ENDING = frozenset({"CA", "OC", "CR", "DC", "OD", "DR", "DE", "RP", "RU", "RQ"})
#: ORC-5 that ends an order (table 0038).
_ENDED = frozenset({"CA", "DC", "CM", "RP"})
#: ORC-1 that by itself says little: ORC-5 is shown when there is one.
_PLAIN = frozenset({"NW", "OK", "SC", "RE", "RO", "OE", "SN", "NA", ""})
_DRUG = frozenset({"RXO", "RXE"})
_DETAIL = frozenset({"RXR", "RXC", "TQ1", "NTE"})


def has_drug(said: Said) -> bool:
    """Whether an order message is about medicines."""
    return any(row.segment.name in _DRUG for row in said.rows)


def read_orders(said: Said) -> Reading:
    """One fact for each ORC."""
    facts: list[Fact] = []
    problems: list[str] = []
    for order in _orders(said.rows):
        _read(order, said, facts, problems)
    if not facts and not problems:
        problems.append("prescription sans ORC")
    return Reading(by_content(facts), problems)


def _orders(rows: list[Row]) -> list[list[Row]]:
    orders: list[list[Row]] = []
    for row in rows:
        name = row.segment.name
        if name == "ORC":
            orders.append([row])
        elif orders and (name in _DRUG or name in _DETAIL):
            orders[-1].append(row)
    return orders


def _read(order: list[Row], said: Said, facts: list[Fact], problems: list[str]) -> None:
    control = order[0].segment
    ident = entity(control, 2, said.sender) or entity(control, 3, said.sender)
    if not ident:
        problems.append("prescription sans numéro d'ordre (ORC-2, ORC-3)")
        return
    code, state = control.text(1), control.text(5)
    ended = code in _ENDING or state in _ENDED
    status = (state or code) if code in _PLAIN else code
    sent = hour(control.text(9)) or said.sent
    tie = 2 if ended else 0 if code == "NW" else 1
    content = _content(order)
    if not content and not ended and code not in ("HD", "RL", "SC"):
        problems.append("prescription sans médicament (RXE)")
    at = hour(control.text(9)) or hour(control.text(15))
    has = bool(content)
    content_rank = version(sent, min(tie, 1)) if has else UNSAID
    standing = version(sent, tie)
    facts.append(Fact(SECTION, ident, content_rank, at, content or None, standing, status, ended))


def _content(order: list[Row]) -> list[Text]:
    encoded = any(row.segment.name == "RXE" for row in order)
    texts: list[Text] = []
    for row in order:
        name = row.segment.name
        if name == "RXE":
            _encoded(row, texts)
        elif name == "RXO" and not encoded:
            _ordered(row, texts)
        elif name == "RXR":
            row.coded(texts, "voie", 1)
        elif name == "RXC":
            row.coded(texts, "constituant", 2)
            row.whole(texts, "quantité", 3)
            row.coded(texts, "unité", 4)
        elif name == "TQ1":
            _timing(row, texts)
        elif name == "NTE":
            row.whole(texts, "commentaire", 3)
    return texts if any(label == "médicament" for label, _, _ in texts) else []


def _encoded(row: Row, texts: list[Text]) -> None:
    row.coded(texts, "médicament", 2)
    row.whole(texts, "dose", 3)
    row.whole(texts, "dose maximale", 4)
    row.coded(texts, "unité", 5)
    row.coded(texts, "forme", 6)
    row.coded(texts, "consigne", 7)
    row.parts(texts, "horaire", 1)
    row.whole(texts, "débit", 23)
    row.coded(texts, "unité du débit", 24)


def _ordered(row: Row, texts: list[Text]) -> None:
    row.coded(texts, "médicament", 1)
    row.whole(texts, "dose", 2)
    row.whole(texts, "dose maximale", 3)
    row.coded(texts, "unité", 4)
    row.coded(texts, "forme", 5)
    row.coded(texts, "consigne", 6)
    row.coded(texts, "consigne", 7)


def _timing(row: Row, texts: list[Text]) -> None:
    row.parts(texts, "quantité par prise", 2)
    row.parts(texts, "horaire", 3)
    row.whole(texts, "heure", 4)
    row.whole(texts, "début", 7)
    row.whole(texts, "fin", 8)
    row.coded(texts, "priorité", 9)
    row.whole(texts, "condition", 10)
    row.whole(texts, "consigne", 11)
