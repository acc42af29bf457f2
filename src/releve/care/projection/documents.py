"""Documents: MDM (HL7 2.5 §9), and what laboratories attach to a result.

A row is a document number (TXA-12). A replacement (T09, T10) ends its parent (TXA-13); a
cancellation (T11) ends the document. The octets of an attached file are not copied into the views:
its kind is shown and the message keeps it.
"""

from __future__ import annotations

from releve.care.projection.facts import UNSAID, Fact, Reading, Said, version
from releve.care.projection.reading import Row, Text, entity, hour

SECTION = "documents"
_REPLACES = frozenset({"T09", "T10"})
_CANCELS = "T11"


def read_documents(said: Said) -> Reading:
    """One fact for the document, one more for the document that it replaces."""
    header = next((row for row in said.rows if row.segment.name == "TXA"), None)
    if header is None:
        return Reading([], ["document sans en-tête (TXA)"])
    segment = header.segment
    ident = entity(segment, 12, said.sender)
    if not ident:
        return Reading([], ["document sans numéro (TXA-12)"])
    cancelled = said.trigger == _CANCELS
    sent = said.sent
    at = hour(segment.text(4)) or hour(segment.text(6))
    content = _content(header, said.rows)
    # A notice (T01, T03…) never takes away the text that a T02 brought.
    with_text = any(label in ("texte", "pièce jointe") for label, _, _ in content)
    content_rank = version(sent, 0, 1 if with_text else 0)
    status = _CANCELS if cancelled else segment.text(17)
    standing = version(sent, 1, 1) if cancelled else version(sent)
    facts = [Fact(SECTION, ident, content_rank, at, content, standing, status, cancelled)]
    parent = entity(segment, 13, said.sender)
    if said.trigger in _REPLACES and parent and parent != ident:
        ended = version(sent, 1, 1)
        facts.append(Fact(SECTION, parent, UNSAID, None, None, ended, "T10", True))
    return Reading(facts, [])


def attached(row: Row) -> list[Text]:
    """An OBX that holds or points to a file: its name and kind, not its octets."""
    content: list[Text] = []
    row.coded(content, "titre", 3)
    for component in (2, 3):
        row.component(content, "pièce jointe", 5, component)
    return content


def _content(header: Row, rows: list[Row]) -> list[Text]:
    content: list[Text] = []
    header.coded(content, "type", 2)
    header.component(content, "auteur", 9, 2)
    header.component(content, "auteur", 9, 3)
    header.whole(content, "titre", 16)
    for row in rows:
        if row.segment.name != "OBX":
            continue
        if row.segment.text(2) in ("ED", "RP"):
            content.extend(attached(row))
        else:
            row.whole(content, "texte", 5)
    return content
