"""The bytes of a segment. Pure: nothing here reads or writes a file.

A segment is a header, then commits. A commit is a :class:`Mark` followed by the records written
with it, one fsync for all. A mark carries its own offset and the segment's random ``salt``: once it
is on the disk, everything before it had been fsynced, and it can be found again beyond damage
without mistaking a payload for it (who sends payloads does not know the salt).

    header  magic 8 · format u32 · crc32c u32, the same in every format to come, then
            epoch u64 · first index u64 · chain 32 · salt 16 · home id 1+64 · crc32c u32 of all
    mark    kind u32 · salt 16 · offset u64 · first index u64 · count u32 · body length u64
            · chain 32 · crc32c u32
    record  length u32 · crc32c u32 (of length, payload and chain) · payload · chain 32

Integers are big-endian. ``chain`` of a record is SHA-256(chain before ‖ payload), zeros before the
first record of a journal; header and mark repeat the chain as it stands before them.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from google_crc32c import extend, value

from releve.kernel.units import MIB

FORMAT = 1
MAX_RECORD = 16 * MIB
CHAIN_START = bytes(32)
SALT_BYTES = 16

_MAGIC = b"RLVJRNAL"
_PREAMBLE = struct.Struct(">8sI")
_HEADER = struct.Struct(">QQ32s16sB64s")
_MARK = struct.Struct(">I16sQQIQ32s")
_RECORD = struct.Struct(">II")
_LENGTH = struct.Struct(">I")
_CRC = struct.Struct(">I")

HEADER_BYTES = _PREAMBLE.size + _CRC.size + _HEADER.size + _CRC.size
MARK_BYTES = _MARK.size + _CRC.size
#: Where the salt stands in a mark: what a search for the next mark looks for.
SALT_PLACE = 4


class Unreadable(ValueError):
    """Bytes that do not follow this layout; the text says why, in French."""


class FromTheFuture(Exception):
    """A header of a newer format; ``args[0]`` is its number."""


class Kind(IntEnum):
    """What a mark announces."""

    COMMIT = 0xFFFFFFFF
    #: The segment is complete and the next one exists on the disk.
    CLOSED = 0xFFFFFFFE


@dataclass(frozen=True)
class Header:
    """First bytes of a segment; ``chain`` is the head of the chain when the segment was started."""

    home_id: str
    epoch: int
    first: int
    chain: bytes
    salt: bytes

    def encode(self) -> bytes:
        name = self.home_id.encode()
        if not 0 < len(name) <= 64:
            raise ValueError(f"home id of {len(name)} bytes, 1 to 64 expected")
        data = _summed(_PREAMBLE.pack(_MAGIC, FORMAT))
        fields = (self.epoch, self.first, self.chain, self.salt, len(name), name)
        return _summed(data + _HEADER.pack(*fields))


@dataclass(frozen=True)
class Mark:
    """Leads a commit of ``count`` records (indices ``first``…) whose body has ``length`` bytes."""

    kind: Kind
    salt: bytes
    offset: int
    first: int
    count: int
    length: int
    chain: bytes

    @property
    def end(self) -> int:
        """Offset of what follows this commit in its segment."""
        return self.offset + MARK_BYTES + self.length

    def encode(self) -> bytes:
        fields = (self.salt, self.offset, self.first, self.count, self.length, self.chain)
        return _summed(_MARK.pack(self.kind, *fields))


def decode_header(data: bytes) -> Header:
    """Raises :class:`Unreadable`, or :class:`FromTheFuture` for a newer format."""
    if len(data) < HEADER_BYTES:
        raise Unreadable("l'en-tête est incomplet")
    magic, number = _PREAMBLE.unpack_from(data)
    if magic != _MAGIC:
        raise Unreadable("ce fichier n'est pas un segment de journal")
    if _sum_is_wrong(data, _PREAMBLE.size):
        raise Unreadable("la somme de contrôle de l'en-tête est fausse")
    if number > FORMAT:
        raise FromTheFuture(number)
    if _sum_is_wrong(data, HEADER_BYTES - _CRC.size):
        raise Unreadable("la somme de contrôle de l'en-tête est fausse")
    start = _PREAMBLE.size + _CRC.size
    epoch, first, chain, salt, size, name = _HEADER.unpack_from(data, start)
    return Header(name[:size].decode("utf-8", "replace"), epoch, first, chain, salt)


def decode_mark(data: bytes, salt: bytes, offset: int) -> Mark:
    """The mark at ``offset`` of the segment of ``salt``; raises :class:`Unreadable`."""
    if len(data) < MARK_BYTES:
        raise Unreadable("une marque est incomplète")
    if _sum_is_wrong(data, _MARK.size):
        raise Unreadable("la somme de contrôle d'une marque est fausse")
    kind, found, place, first, count, length, chain = _MARK.unpack_from(data)
    if found != salt or place != offset or kind not in (Kind.COMMIT, Kind.CLOSED):
        raise Unreadable("une marque vient d'un autre endroit")
    return Mark(Kind(kind), found, place, first, count, length, chain)


def encode_body(chain: bytes, payloads: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The records of one commit, and the head of the chain after them."""
    parts: list[bytes] = []
    for payload in payloads:
        chain = hashlib.sha256(chain + payload).digest()
        parts += (_RECORD.pack(len(payload), _crc(payload, chain)), payload, chain)
    return b"".join(parts), chain


def decode_body(mark: Mark, body: bytes) -> tuple[list[bytes], bytes]:
    """The payloads of one commit, and the head of the chain; raises :class:`Unreadable`."""
    if len(body) != mark.length:
        raise Unreadable("un envoi est incomplet")
    payloads: list[bytes] = []
    chain, place = mark.chain, 0
    for _ in range(mark.count):
        if place + _RECORD.size > len(body):
            raise Unreadable("un enregistrement est incomplet")
        size, crc = _RECORD.unpack_from(body, place)
        end = place + _RECORD.size + size
        payload, after = body[place + _RECORD.size : end], body[end : end + 32]
        if size > MAX_RECORD or len(after) != 32 or _crc(payload, after) != crc:
            raise Unreadable("la somme de contrôle d'un enregistrement est fausse")
        chain = hashlib.sha256(chain + payload).digest()
        if chain != after:
            raise Unreadable("la chaîne d'empreintes est rompue")
        payloads.append(payload)
        place = end + 32
    if place != len(body):
        raise Unreadable("des octets en trop suivent un enregistrement")
    return payloads, chain


def _summed(data: bytes) -> bytes:
    return data + _CRC.pack(value(data))


def _sum_is_wrong(data: bytes, size: int) -> bool:
    """Whether the checksum that follows ``size`` bytes is not theirs."""
    return bool(value(data[:size]) != _CRC.unpack_from(data, size)[0])


def _crc(payload: bytes, chain: bytes) -> int:
    return int(extend(extend(value(_LENGTH.pack(len(payload))), payload), chain))
