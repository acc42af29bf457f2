"""Where the ledger lies in a home, and how its key and its closed predecessors are kept there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from releve.kernel.durable import create_durably, fsync_folder, make_folder
from releve.kernel.home import Home
from releve.ledger.errors import SignerKeyMissing
from releve.ledger.note import SigningKey, VerifyKey

#: sun_path holds 108 bytes with its final zero (unix(7)).
_MAX_SOCKET_PATH = 107


@dataclass(frozen=True)
class Place:
    """The folders of one home's ledger. ``log`` is what anyone may read, tiles and checkpoint."""

    home: Home

    @property
    def folder(self) -> Path:
        return self.home.path / "ledger"

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def checkpoint(self) -> Path:
        return self.log / "checkpoint"

    @property
    def vkey(self) -> Path:
        """The public key, beside the tiles."""
        return self.log / "vkey"

    @property
    def salts(self) -> Path:
        return self.folder / "salts"

    @property
    def key(self) -> Path:
        """The private key: the signer alone reads it."""
        return self.home.secrets("signer") / "key"

    @property
    def socket(self) -> Path:
        return self.home.run / "signer.sock"

    @property
    def origin(self) -> str:
        """The log's name: one per home and epoch, so that a take-over never forks a log."""
        return f"releve/{self.home.id}/{self.home.epoch}"

    def closed(self, epoch: int) -> Path:
        """The log of an earlier epoch, kept whole."""
        return self.folder / "closed" / str(epoch)

    def public_key(self) -> VerifyKey:
        """The vkey of the present log; raises ``OSError`` before the signer's first start."""
        return VerifyKey.from_text(self.vkey.read_text("utf-8"))

    def set_aside(self, epoch: int) -> None:
        """Move the log of an earlier epoch, with its key, under ``closed``; may be taken up again
        after a power cut.
        """
        closed = self.closed(epoch)
        make_folder(closed)
        for path in (self.key, self.log, self.journal):
            if path.exists():
                os.rename(path, closed / path.name)
                fsync_folder(path.parent)
        fsync_folder(closed)

    def signing_key(self, *, born: bool) -> SigningKey:
        """The key of this epoch, drawn when the log is not ``born`` yet. Its file is 0600.

        Raises :class:`SignerKeyMissing` when entries exist that it should have signed.
        """
        try:
            found = SigningKey.from_text(self.key.read_text("ascii"))
        except FileNotFoundError:
            if born:
                raise SignerKeyMissing(path=self.key) from None
        else:
            if born or found.public.name == self.origin or self.checkpoint.exists():
                return found
            self.key.unlink()  # drawn for an earlier epoch, it never signed anything
        make_folder(self.key.parent)
        create_durably(self.key, SigningKey.generate(self.origin).to_text().encode())
        return SigningKey.from_text(self.key.read_text("ascii"))


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name of at most 107 bytes for a socket, whatever the depth of its folder."""
    if len(os.fsencode(path)) <= _MAX_SOCKET_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
