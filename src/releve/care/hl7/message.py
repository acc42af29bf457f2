"""One HL7 v2 message: its octets in, any of its texts out, the same octets back."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from releve.care.hl7.charset import declared_charset, decode
from releve.care.hl7.columns import Columns, Step, Texts, Wanted, field_step, read_all, segment_step
from releve.care.hl7.dialect import NULL, Dialect, dialect
from releve.care.hl7.errors import NotHl7
from releve.care.hl7.lines import cut, with_returns
from releve.care.hl7.moment import parse_hl7_time
from releve.care.hl7.separators import Separators, read_separators
from releve.care.hl7.tree import Segment, join_fields, split_fields, text_of

#: The longest message read, and the most lines in it.
MOST_OCTETS: Final = 16 * 1024 * 1024
MOST_SEGMENTS: Final = 100_000

#: Of MSH-18, what is looked at: its longest name in table 0211 has 20 characters.
_LONGEST_CHARSET = 64
_BOM = b"\xef\xbb\xbf"
_LATER_HEADER = re.compile(rb"(?<=[\r\n])MSH(?=[^0-9A-Za-z\s])|(?<!\A)MSH\|\^~\\&")
_RESEND = "Le message est gardé tel quel ; demandez à l'émetteur de le renvoyer en HL7 v2."


class Message:
    """A message read by :func:`parse`. Nothing below its segments is cut before it is asked for.

    Not safe for several threads at once: lines are cut in place on first reading.
    """

    __slots__ = ("_dialect", "_index", "_lead", "_rows", "_text", "_written", "raw")

    def __init__(self, raw: bytes, lead: bytes, written: str, dialect: Dialect) -> None:
        #: The octets given to :func:`parse`.
        self.raw = raw
        self._lead = lead
        self._written = written
        self._dialect = dialect
        #: With carriage returns between segments, whatever the sender ends them with.
        self._text = with_returns(written, dialect.separators.field)
        self._index: dict[str, list[str]] | None = None
        self._rows: dict[str, list[str]] = {}

    @property
    def separators(self) -> Separators:
        """As MSH-1 and MSH-2 declare them."""
        return self._dialect.separators

    @property
    def charset(self) -> str:
        """The Python codec this message is read with: see :mod:`releve.care.hl7.charset`."""
        return self._dialect.charset.codec

    @property
    def charset_known(self) -> bool:
        """False when MSH-18 did not settle the charset: the octets did."""
        return self._dialect.charset.known

    @property
    def type(self) -> str:
        """MSH-9.1, « ADT »."""
        return self.text("MSH", 9)

    @property
    def trigger(self) -> str:
        """MSH-9.2, « A01 »."""
        return self.text("MSH", 9, 2)

    @property
    def structure(self) -> str:
        """MSH-9.3, « ADT_A01 »."""
        return self.text("MSH", 9, 3)

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.text("MSH", 10)

    @property
    def sender(self) -> str:
        """« application|facility »: MSH-3 and MSH-4, by name, or by OID where there is no name."""
        names = (self.text("MSH", n) or self.text("MSH", n, 2) for n in (3, 4))
        return "|".join(names)

    @property
    def processing(self) -> str:
        """MSH-11.1: P production, T training, D debugging."""
        return self.text("MSH", 11)

    @property
    def version(self) -> str:
        """MSH-12.1, « 2.5 »."""
        return self.text("MSH", 12)

    @property
    def sent(self) -> datetime | None:
        """MSH-7, aware, UTC; None when absent or not a time."""
        return parse_hl7_time(self.text("MSH", 7))

    def text(
        self,
        segment: str,
        field: int,
        component: int = 1,
        subcomponent: int = 1,
        repetition: int = 1,
        occurrence: int = 1,
    ) -> str:
        """One text, escapes read; empty when it was not sent, or is null.

        Numbers start at 1. 0 as component, subcomponent or repetition asks for the whole of that
        level with its separators: right for the types that have none (ST, TX, FT, NM), where a
        sender may have left a bare « & » or « ^ ». ``occurrence``: of the segment in the message.
        """
        lines = (self._index or self._indexed()).get(segment)
        if lines is None or not 0 < occurrence <= len(lines):
            return ""
        row = self._row(lines[occurrence - 1])
        return text_of(row, self._dialect, field, component, subcomponent, repetition)

    def read(self, wanted: Wanted) -> dict[str, list[Texts]]:
        """Everything wanted, in one pass: for each name a tuple per segment, or per repetition."""
        matches, finishing = wanted.plan(self._dialect)
        wanted_of = matches.get
        found: dict[str, list[Texts]] = {name: [] for name in wanted}
        text, escape, mend = self._text, self._dialect.separators.escape, self._dialect.mend
        # MSH-2 declares the escape character; after it, it escapes.
        if text.find(escape, 9) >= 0 or NULL in text:
            for line in text.split("\r"):
                for name, match, whole in wanted_of(line[:4], ()):
                    texts = match(line).groups()  # type: ignore[union-attr]
                    if not whole and (escape in line or NULL in line):
                        texts = mend(texts)
                    found[name].append(texts)
        else:
            for line in text.split("\r"):
                for name, match, _ in wanted_of(line[:4], ()):
                    found[name].append(match(line).groups())  # type: ignore[union-attr]
        for name, finish in finishing:
            found[name] = finish(found[name])
        return found

    def table(self, name: str, columns: Columns) -> list[Texts]:
        """Several texts of each segment of a name."""
        return self._matched(name, segment_step(columns, name, self._dialect))

    def repeats(self, name: str, field: int, columns: Columns) -> list[Texts]:
        """A tuple per repetition of a field of the first segment of a name; [] if not sent."""
        return self._matched(name, field_step(columns, name, field, self._dialect))

    def _matched(self, name: str, step: Step) -> list[Texts]:
        lines = (self._index or self._indexed()).get(name)
        return read_all(step, lines, self._dialect) if lines else []

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        lines = (self._index or self._indexed()).get(name)
        return Segment(self._row(lines[0]), self._dialect) if lines else None

    def segments(self, name: str | None = None) -> tuple[Segment, ...]:
        """Every segment, or those of one name, in the order of the message."""
        if name is None:
            lines = [line for line in self._text.split("\r") if line]
        else:
            lines = (self._index or self._indexed()).get(name, [])
        return tuple([Segment(self._row(line), self._dialect) for line in lines])

    def encode(self) -> bytes:
        """The message rebuilt from its smallest parts: octet for octet what was given."""
        parts = []
        lines, ends = cut(self._written, self._dialect.separators.field)
        for line, end in zip(lines, ends, strict=True):
            parts.append(join_fields(self._row(line), self._dialect))
            parts.append(end)
        return self._lead + "".join(parts).encode(self._dialect.charset.codec)

    def _row(self, line: str) -> list[str]:
        row = self._rows.get(line)
        if row is None:
            row = self._rows[line] = split_fields(line, self._dialect.separators.field)
        return row

    def _indexed(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        field = self._dialect.separators.field
        for line in self._text.split("\r"):
            if not line:
                continue
            end = line.find(field)
            name = line[:end] if end >= 0 else line
            if name in index:
                index[name].append(line)
            else:
                index[name] = [line]
        self._index = index
        return index

    def __repr__(self) -> str:
        return f"<Message {self.type}^{self.trigger}, {len(self.raw)} octets>"


def parse(raw: bytes) -> Message:
    """Read one message: ``MSH…``, segments ended by CR, LF or CRLF, perhaps after a UTF-8 BOM.

    Takes the octets between the MLLP frame's, not the frame. Raises :class:`NotHl7` when there is
    no usable MSH, when a second MSH follows (two patients must never be read as one: see
    ``split_messages``), above :data:`MOST_OCTETS` or :data:`MOST_SEGMENTS`. Everything else is
    read, however odd. Time and memory are linear in the length.
    """
    lead = _BOM if raw.startswith(_BOM) else b""
    body = raw[len(lead) :] if lead else raw
    header = _header(body, len(lead))
    if body.find(b"MSH", 3) > 0 and (second := _LATER_HEADER.search(body)):
        what = "un second en-tête MSH suit dans le même message"
        fix = "Séparez les messages : un seul par cadre MLLP ; un fichier se lit avec care replay."
        raise NotHl7(what=what, octet=len(lead) + second.start(), fix=fix)
    if len(body) > MOST_SEGMENTS and _lines(body) > MOST_SEGMENTS:
        what = f"plus de {MOST_SEGMENTS} lignes, la limite"
        raise NotHl7(what=what, octet=0, fix=_RESEND)
    greeting = _greeting(header, _msh_18(body), len(lead))
    text, charset = decode(body, greeting.charset)
    known = charset is greeting.charset
    return Message(raw, lead, text, greeting if known else dialect(greeting.separators, charset))


@lru_cache(maxsize=1024)
def _greeting(header: bytes, msh_18: bytes, octet: int) -> Dialect:
    """What an MSH declares, believed until the octets are seen; ``octet``: where it starts."""
    separators = read_separators(header, octet)
    return dialect(separators, declared_charset(msh_18, separators.repetition))


def _msh_18(body: bytes) -> bytes:
    end = body.find(b"\r")
    line_feed = body.find(b"\n", 0, end) if end > 0 else body.find(b"\n")
    if line_feed > 0:
        end = line_feed
    fields = (body[:end] if end > 0 else body).split(body[3:4], 18)
    return fields[17][:_LONGEST_CHARSET] if len(fields) > 17 else b""


def _lines(body: bytes) -> int:
    return body.count(b"\r") + body.count(b"\n") - body.count(b"\r\n")


def _header(body: bytes, octet: int) -> bytes:
    """From « MSH » to the separator that closes MSH-2."""
    if len(body) > MOST_OCTETS:
        what = f"{len(body)} octets, la limite est de {MOST_OCTETS}"
        raise NotHl7(what=what, octet=MOST_OCTETS, fix=_RESEND)
    if not body.startswith(b"MSH"):
        raise NotHl7(what=_instead(body), octet=octet, fix=_RESEND)
    mark = body[3:4]
    end = body.find(mark, 4, 16) if mark else -1
    if end < 0:
        what = "l'en-tête MSH s'arrête avant MSH-3"
        raise NotHl7(what=what, octet=octet + 3, fix=_RESEND)
    return body[: end + 1]


def _instead(body: bytes) -> str:
    if not body:
        return "il est vide"
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"M\0S\0H\0" in body[:8]:
        return "il est en UTF-16, qu'HL7 v2 ne transporte pas"
    if body[:1] == b"\x0b":
        return "le cadre MLLP n'a pas été ôté"
    if body[:5] == b"<?xml" or body[:1] in b"<{":
        return "il est en XML ou en JSON"
    return "il ne commence pas par « MSH »"
