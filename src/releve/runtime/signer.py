"""The signer's process: ``python -m releve.runtime.signer --home DIR``. No listening port: appends
come by a Unix socket, bound here or handed down with ``--fd``; clients ask again while it is away.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from releve.kernel.home import Home, HomeBusy, sole_writer
from releve.ledger.place import Place
from releve.ledger.server import listen
from releve.ledger.server import run as answer
from releve.ledger.signer import Signer
from releve.runtime.part import Part, run

#: How long a verb that appends by itself may hold the lock before this process gives up.
_WAIT_SECONDS = 15.0


def serve(part: Part) -> None:
    """Serve until told to stop."""
    place = Place(part.home)
    with _alone(part.home), Signer(part.home) as signer:
        listening = socket.socket(fileno=part.fd) if part.fd else listen(place.socket)
        answer(signer, listening, lambda: part.ready(signer=f"unix:{place.socket}"))


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """The signer's lock, waited for: a verb started without a service holds it for a moment."""
    give_up = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            lock = sole_writer(home, "signer")
            lock.__enter__()
            break
        except HomeBusy:
            if time.monotonic() >= give_up:
                raise
            time.sleep(0.1)
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


if __name__ == "__main__":
    run("signer", serve)
