"""Salted commitments: what stands in the log in place of a name, a person's data or a file path.

commitment = SHA-256(salt ‖ RFC 8785 of the value), with 256 random bits of salt. The salts lie
apart from the log (``HOME/ledger/salts``), one file each, so that one can be destroyed: nobody can
then link the value to its commitment, and the log still verifies.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import rfc8785

from releve.kernel.durable import create_durably, fsync, fsync_folder, make_folder
from releve.ledger.errors import SaltUnknown
from releve.ledger.evidence import Value

SALT_BYTES = 32


def commitment(salt: bytes, value: Value) -> str:
    """64 hexadecimal digits; ``salt`` holds at least 16 bytes."""
    if len(salt) < 16:
        raise ValueError("un sel compte au moins 128 bits")
    return sha256(salt + rfc8785.dumps(value)).hexdigest()


class Salts:
    """The salts of one home. Safe in several threads and processes: a file is created whole, once,
    and removed once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def commit(self, value: Value) -> str:
        """Draw a salt, keep it durably, return the commitment to put in an evidence."""
        salt = secrets.token_bytes(SALT_BYTES)
        made = commitment(salt, value)
        path = self._path(made)
        make_folder(path.parent)
        create_durably(path, salt)
        return made

    def commit_all(self, values: Mapping[str, Value]) -> dict[str, str]:
        """The ``commitments`` of an evidence: name → commitment."""
        return {name: self.commit(value) for name, value in values.items()}

    def salt(self, made: str) -> bytes:
        """The salt to hand over with the value, to whoever must check it; raises
        :class:`SaltUnknown` once destroyed.
        """
        try:
            return self._path(made).read_bytes()
        except FileNotFoundError:
            raise SaltUnknown(commitment=made) from None

    def verify(self, made: str, value: Value) -> bool:
        """Whether ``value`` is what was committed; raises :class:`SaltUnknown` once destroyed."""
        return secrets.compare_digest(commitment(self.salt(made), value), made)

    def destroy(self, made: str) -> None:
        """Erase one salt, durably; raises :class:`SaltUnknown` when it is not here.

        Its bytes are overwritten first: on a disk that rewrites in place nothing is left to find.
        """
        path = self._path(made)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise SaltUnknown(commitment=made) from None
        try:
            os.pwrite(descriptor, bytes(SALT_BYTES), 0)
            fsync(descriptor)
        finally:
            os.close(descriptor)
        path.unlink(missing_ok=True)
        fsync_folder(path.parent)

    def _path(self, made: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", made):
            raise SaltUnknown(commitment=made[:64])
        return self._folder / made[:2] / made
