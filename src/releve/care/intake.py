"""The journal of what was received, enciphered: each message exactly as it came, kept for good.

A record's payload is a clear header, authenticated, then AES-256-GCM of what was received:

    header   version u8 = 1 · year u16 · month u8 · key mark 4 · nonce 12      (20 bytes)
    sealed   received, µs since 1970 UTC, u64 · sender length u16 · sender UTF-8 · message · tag 16

Integers are big-endian; year and month are those of the reception, UTC. A nonce is 8 bytes drawn
when the writer opens and a counter of 4, so that no two records under one key share one (NIST SP
800-38D, 8.2.1). The journal's checksum and chain cover these bytes: they verify as well when the
month's key is no more.
"""

from __future__ import annotations

import errno
import secrets
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag

from releve.care.errors import RecordAltered, RecordTooNew
from releve.care.keys import MonthKey, MonthKeys, month_of
from releve.journal import MAX_RECORD, Journal, JournalFull, Origin, read_journal
from releve.kernel.home import Home
from releve.kernel.units import KIB, MIB

VERSION = 1
#: The largest message that can be kept: a record less its header and the longest sender.
MAX_MESSAGE = MAX_RECORD - 2 * KIB
_MAX_SENDER = 1024
_HEADER = struct.Struct(">BHB4s")
_NONCE_BYTES = 12
_CLEAR = struct.Struct(">QH")
_COUNTERS = 1 << 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Incoming(NamedTuple):
    """A message as it arrives; ``sender`` is « APP|FACILITY » (MSH-3|MSH-4), or empty."""

    received: datetime
    sender: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it was received. ``received`` is aware, UTC, to the microsecond."""

    index: int
    received: datetime
    sender: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Gone:
    """A message whose month's key was destroyed: its place in the journal, and nothing more."""

    index: int
    month: str


def journal_folder(home: Home) -> Path:
    """Where the enciphered messages lie."""
    return home.path / "care" / "journal"


class Intake:
    """The only writer of a home's messages. Threads may :meth:`keep` together and share an fsync;
    the keys are used under the same lock as the nonces.
    """

    def __init__(self, home: Home, journal: Journal) -> None:
        self._home = home
        self._journal = journal
        self._sealer = Sealer(MonthKeys(home))

    @classmethod
    def open(cls, home: Home, *, segment_bytes: int = 64 * MIB, reserve: int = MIB) -> Intake:
        """Create or recover the journal; raises ``HomeCopied`` and what ``Journal.open`` raises."""
        home.check_not_copied()
        origin = Origin(home.id, home.epoch)
        folder = journal_folder(home)
        journal = Journal.open(folder, origin, segment_bytes=segment_bytes, reserve_bytes=reserve)
        return cls(home, journal)

    def keep(self, messages: Sequence[Incoming]) -> range:
        """Keep them all or none; returns their indices once they are on the disk.

        Raises what ``Journal.append_many`` raises: ``JournalFull`` and ``RecordTooLarge`` keep
        nothing and let it go on.
        """
        try:
            sealed = self._sealer.seal(messages)
        except OSError as error:  # a month begins on a full disk: its key has no room
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise JournalFull(folder=journal_folder(self._home), why=error.strerror) from error
        return self._journal.append_many(sealed)

    def read(self, start: int = 0) -> Iterator[Kept | Gone]:
        """Messages from ``start`` to those on the disk at the time of the call."""
        keys = MonthKeys(self._home)
        return (unseal(keys, index, payload) for index, payload in self._journal.read(start))

    def __len__(self) -> int:
        """How many are on the disk."""
        return len(self._journal)

    def close(self) -> None:
        """Put everything under a mark and release the journal."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Sealer:
    """Enciphers; callable from several threads: what they share is replaced whole, under a lock."""

    def __init__(self, keys: MonthKeys) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._prefix = b""
        self._counter = _COUNTERS

    def seal(self, messages: Sequence[Incoming]) -> list[bytes]:
        """The records of these messages, in order."""
        with self._lock:
            return [self._seal(message) for message in messages]

    def _seal(self, message: Incoming) -> bytes:
        received, sender, raw = message
        stamp = self._stamp
        if stamp is None or stamp.received is not received:
            stamp = self._stamp = self._stamped(received)
        if self._counter == _COUNTERS:
            self._prefix, self._counter = secrets.token_bytes(8), 0
        nonce = self._prefix + self._counter.to_bytes(4, "big")
        self._counter += 1
        header = stamp.header + nonce
        name = sender.encode("utf-8", "replace")[:_MAX_SENDER]
        clear = _CLEAR.pack(stamp.micros, len(name)) + name + raw
        return header + stamp.key.cipher.encrypt(nonce, clear, header)

    def _stamped(self, received: datetime) -> _Stamp:
        month = month_of(received)
        last = self._stamp
        key = last.key if last and last.key.month == month else self._keys.sealing(month)
        header = _HEADER.pack(VERSION, int(month[:4]), int(month[5:]), key.mark)
        return _Stamp(received, (received - _EPOCH) // _MICROSECOND, key, header)


class _Stamp(NamedTuple):
    """What the messages of one reception share."""

    received: datetime
    micros: int
    key: MonthKey
    #: The header but its nonce.
    header: bytes


def unseal(keys: MonthKeys, index: int, payload: bytes) -> Kept | Gone:
    """Read one record; raises ``RecordAltered`` or ``RecordTooNew``."""
    if payload[:1] > bytes([VERSION]):
        raise RecordTooNew(index=index, found=payload[0], known=VERSION)
    start = _HEADER.size + _NONCE_BYTES
    if len(payload) < start + _CLEAR.size:
        raise RecordAltered(index=index, why="il est trop court")
    header, nonce = payload[:start], payload[_HEADER.size : start]
    _, year, number, mark = _HEADER.unpack_from(payload)
    month = f"{year:04d}-{number:02d}"
    key = keys.opening(month) if 1 <= number <= 12 else None
    if key is None or key.mark != mark:
        return Gone(index, month)
    try:
        clear = key.cipher.decrypt(nonce, payload[start:], header)
    except InvalidTag:
        why = "ses octets ne sont plus ceux qui ont été écrits"
        raise RecordAltered(index=index, why=why) from None
    micros, length = _CLEAR.unpack_from(clear)
    body = _CLEAR.size + length
    sender = clear[_CLEAR.size : body].decode("utf-8", "replace")
    return Kept(index, _EPOCH + micros * _MICROSECOND, sender, clear[body:])


def read_kept(home: Home, start: int = 0) -> Iterator[Kept | Gone]:
    """Messages from ``start`` on, without lock; beside a live listener the last ones may not be
    acknowledged yet.
    """
    keys = MonthKeys(home)
    return (unseal(keys, *record) for record in read_journal(journal_folder(home), start))


def month_of_record(home: Home, index: int) -> str | None:
    """The month a record was received in, from its clear header; None when it is not there."""
    for record in read_journal(journal_folder(home), index):
        _, year, number, _ = _HEADER.unpack_from(record.payload)
        return f"{year:04d}-{number:02d}"
    return None
