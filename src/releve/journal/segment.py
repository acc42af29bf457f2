"""Reading one segment file, and finding those of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from releve.journal.errors import JournalDamaged, JournalTooNew
from releve.journal.layout import (
    FORMAT,
    HEADER_BYTES,
    MARK_BYTES,
    SALT_BYTES,
    SALT_PLACE,
    FromTheFuture,
    Kind,
    Mark,
    Unreadable,
    decode_body,
    decode_header,
    decode_mark,
)
from releve.kernel.units import MIB

_SUFFIX = ".journal"


def segment_path(folder: Path, first: int) -> Path:
    """``0000000000000000.journal``: the name says the index of the first record."""
    return folder / f"{first:016d}{_SUFFIX}"


def segment_firsts(folder: Path) -> list[int]:
    """First index of each segment of the folder, in order; other files are not looked at."""
    names = (entry.name for entry in os.scandir(folder))
    stems = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
    return sorted(int(stem) for stem in stems if len(stem) == 16 and stem.isdecimal())


def holds_commits(folder: Path, first: int) -> bool:
    """Whether a segment has anything after its header."""
    return segment_path(folder, first).stat().st_size > HEADER_BYTES


class Segment:
    """One segment, open for reading. Not shared between threads.

    Raises :class:`JournalDamaged` when the header is unreadable or does not match the name,
    :class:`JournalTooNew` when a newer program wrote it.
    """

    def __init__(self, folder: Path, first: int) -> None:
        self.path = segment_path(folder, first)
        try:
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise self.damaged(0, "ce segment manque") from None
        try:
            self.header = decode_header(os.pread(self._descriptor, HEADER_BYTES, 0))
            if self.header.first != first:
                raise Unreadable(f"ce segment est celui de l'enregistrement {self.header.first}")
        except FromTheFuture as future:
            os.close(self._descriptor)
            raise JournalTooNew(file=self.path, found=future.args[0], known=FORMAT) from None
        except Unreadable as why:
            os.close(self._descriptor)
            raise self.damaged(0, why) from why

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Bytes in the file now."""
        return os.fstat(self._descriptor).st_size

    def damaged(self, offset: int, why: object) -> JournalDamaged:
        """The error that names this file."""
        return JournalDamaged(file=self.path, offset=offset, why=why)

    def mark_at(self, offset: int) -> Mark:
        """Raises :class:`Unreadable`."""
        data = os.pread(self._descriptor, MARK_BYTES, offset)
        return decode_mark(data, self.header.salt, offset)

    def commit(self, mark: Mark) -> tuple[list[bytes], bytes]:
        """Payloads of a commit and the chain after them; raises :class:`Unreadable`."""
        place = mark.offset + MARK_BYTES
        if place + mark.length > self.size:
            raise Unreadable("un envoi est incomplet")
        return decode_body(mark, self._read(place, mark.length))

    def closing_mark(self) -> Mark | None:
        """The mark that ends a complete segment; None when the segment does not end on one."""
        offset = self.size - MARK_BYTES
        if offset < HEADER_BYTES:
            return None
        with suppress(Unreadable):
            mark = self.mark_at(offset)
            if mark.kind is Kind.CLOSED:
                return mark
        return None

    def later_mark(self, offset: int) -> Mark | None:
        """The first valid mark beyond ``offset``: proof that all before it had reached the disk."""
        for place in self._places_of_salt(offset + SALT_PLACE + 1):
            with suppress(Unreadable):
                return self.mark_at(place - SALT_PLACE)
        return None

    def _places_of_salt(self, start: int) -> Iterator[int]:
        salt, at = self.header.salt, start
        while window := self._read(at, MIB):
            found = window.find(salt)
            while found >= 0:
                yield at + found
                found = window.find(salt, found + 1)
            if len(window) < MIB:
                return
            at += len(window) - SALT_BYTES + 1

    def _read(self, offset: int, length: int) -> bytes:
        data = os.pread(self._descriptor, length, offset)
        while len(data) < length:
            more = os.pread(self._descriptor, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data
