"""The ledger for whoever appends or reads: through the signer when it runs, else in this process
under the same lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from releve.journal import read_journal
from releve.kernel.home import Home, HomeBusy, sole_writer
from releve.ledger import Appender, Checkpoint, Evidence, LedgerClient, Signer, read_checkpoint
from releve.ledger.client import answers_at
from releve.ledger.evidence import from_json
from releve.ledger.place import Place
from releve.ledger.tiles import TileReader

#: How long another writer may hold the lock without answering on the socket.
_WAIT_SECONDS = 20.0


@contextmanager
def open_ledger(home: Home) -> Iterator[Appender]:
    """What appends to ``home``'s ledger; in this process it is published when the block ends.

    Raises ``HomeBusy`` when another process holds the lock and does not answer on the socket.
    """
    with ExitStack() as stack:
        yield _opened(home, stack)


def read_entries(home: Home, start: int = 0) -> Iterator[tuple[int, Evidence]]:
    """(index, evidence) from ``start`` on, read from the journal without any lock."""
    for record in read_journal(Place(home).journal, start):
        yield record.index, from_json(record.payload)


def read_published(home: Home, *, at_least: int = 0) -> tuple[Checkpoint, TileReader]:
    """The log as anyone may read it; asks the signer to publish when fewer than ``at_least``
    entries, or none, are under the checkpoint.
    """
    place = Place(home)
    if not place.checkpoint.exists() or _head(place).size < at_least:
        with open_ledger(home) as ledger:
            ledger.publish()
    return _head(place), TileReader(place.log)


def _head(place: Place) -> Checkpoint:
    return read_checkpoint(place.checkpoint.read_bytes(), place.public_key())


def _opened(home: Home, stack: ExitStack) -> Appender:
    place = Place(home)
    give_up = time.monotonic() + _WAIT_SECONDS
    while True:
        if answers_at(place.socket):
            return stack.enter_context(LedgerClient(place.socket))
        try:
            stack.enter_context(sole_writer(home, "signer"))
        except HomeBusy:
            if time.monotonic() >= give_up:
                raise
            time.sleep(0.05)
        else:
            return stack.enter_context(Signer(home))
