"""HL7 v2 as it arrives: read without loss, written back octet for octet.

``parse(raw)`` reads one message and refuses nothing but what has no usable MSH (``NotHl7``).
``message.text("PID", 5, 1)`` reads one text; ``message.read(Wanted({"OBX": Columns(3, 5)}))`` many,
fast; ``message.segments("OBX")``, ``segment.field(5)``, ``field.repetitions`` … walk the tree.
``message.encode()`` rebuilds the octets from the parts. ``split_messages(data)`` cuts files and
batches, and keeps every octet.

Z segments, odd lines, empty fields and line ends are kept. ``""`` (erase) is told apart from
nothing sent: ``field.null``. Texts are read in the charset of MSH-18, or in the one the octets
show: ``message.charset_known`` says which.

Limits: 16 MiB and 100,000 segments a message; no UTF-16; no ISO 2022 escapes (``\\C``, ``\\M``),
left visible; structures are not validated, and nothing is edited. Standard library only.
"""

from releve.care.hl7.batch import Piece, split_messages
from releve.care.hl7.columns import Columns, Texts, Wanted
from releve.care.hl7.errors import NotHl7
from releve.care.hl7.message import MOST_OCTETS, MOST_SEGMENTS, Message, parse
from releve.care.hl7.moment import parse_hl7_time
from releve.care.hl7.separators import Separators
from releve.care.hl7.tree import Component, Field, Part, Repetition, Segment

__all__ = [
    "MOST_OCTETS",
    "MOST_SEGMENTS",
    "Columns",
    "Component",
    "Field",
    "Message",
    "NotHl7",
    "Part",
    "Piece",
    "Repetition",
    "Segment",
    "Separators",
    "Texts",
    "Wanted",
    "parse",
    "parse_hl7_time",
    "split_messages",
]
