"""A key per month of reception, kept apart from the journal: ``HOME/secrets/care/months/2026-11``.

Erasing what was received in a month is destroying its key (threats 18): the journal, its chain and
every copy of it stay whole and say nothing any more. A key is on the disk, file and folder fsynced,
before the first record is enciphered under it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from releve.care.errors import BadMonth, MonthKeyDamaged
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import create_durably, fsync, fsync_folder, make_folder, write_durably
from releve.kernel.home import Home

KEY_BYTES = 32
MARK_BYTES = 4
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_DESTROYED = ".destroyed"


@dataclass(frozen=True, slots=True)
class MonthKey:
    """``mark`` tells this key from a later one of the same month; it says nothing of its bytes."""

    month: str
    mark: bytes
    cipher: AESGCM


def month_of(moment: datetime) -> str:
    """``2026-11``: the UTC month of a reception."""
    return f"{moment.astimezone(UTC):%Y-%m}"


def check_month(text: str) -> str:
    """Raises :class:`~releve.care.errors.BadMonth`."""
    if not _MONTH.fullmatch(text):
        raise BadMonth(text=text)
    return text


class MonthKeys:
    """The keys of one home. Not thread-safe; keys once read are remembered by this object only."""

    def __init__(self, home: Home) -> None:
        self._folder = home.secrets("care") / "months"
        self._read: dict[str, MonthKey | None] = {}

    def sealing(self, month: str) -> MonthKey:
        """The key to encipher under, drawn when there is none; durable on return."""
        path = self._folder / month
        make_folder(self._folder)
        if not create_durably(path, secrets.token_bytes(KEY_BYTES)):
            # Made by a life that may have been cut before it was surely on the disk.
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fsync(descriptor)
            finally:
                os.close(descriptor)
            fsync_folder(self._folder)
        self._read.pop(month, None)
        found = self.opening(month)
        if found is None:
            raise MonthKeyDamaged(month=month, file=path, why="elle vient d'être ôtée")
        return found

    def opening(self, month: str) -> MonthKey | None:
        """The key to read with; None when it is not there any more."""
        if month not in self._read:
            self._read[month] = self._load(month)
        return self._read[month]

    def months(self) -> tuple[str, ...]:
        """Months whose key is there, in order."""
        return tuple(name for name in self._names() if _MONTH.fullmatch(name))

    def destroyed(self) -> tuple[str, ...]:
        """Months whose key was destroyed by :meth:`destroy`, in order."""
        stems = (name.removesuffix(_DESTROYED) for name in self._names() if _DESTROYED in name)
        return tuple(stem for stem in stems if _MONTH.fullmatch(stem))

    def destroyed_at(self, month: str) -> datetime | None:
        """When the last key of a month was destroyed; None when none was, or the note of it does
        not say.
        """
        try:
            note = (self._folder / f"{check_month(month)}{_DESTROYED}").read_text("ascii")
            return from_iso(note.strip())
        except (FileNotFoundError, ValueError):
            return None

    def destroy(self, month: str, now: datetime) -> bool:
        """Overwrite, remove, and leave a note of it; False when there was no key.

        Overwriting is what a file system that writes in place honours; one that keeps old blocks
        (snapshots, flash) may keep the old bytes: docs say so.
        """
        path = self._folder / check_month(month)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        write_durably(path.with_name(path.name + _DESTROYED), iso(now).encode() + b"\n")
        try:
            os.pwrite(descriptor, secrets.token_bytes(KEY_BYTES), 0)
            fsync(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()
        fsync_folder(self._folder)
        self._read[month] = None
        return True

    def _load(self, month: str) -> MonthKey | None:
        path = self._folder / month
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MonthKeyDamaged(month=month, file=path, why=error) from error
        if len(key) != KEY_BYTES:
            why = f"elle fait {len(key)} octets au lieu de {KEY_BYTES}"
            raise MonthKeyDamaged(month=month, file=path, why=why)
        return MonthKey(month, hashlib.sha256(b"releve month key" + key).digest()[:4], AESGCM(key))

    def _names(self) -> list[str]:
        return sorted(os.listdir(self._folder)) if self._folder.is_dir() else []
