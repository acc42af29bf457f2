"""Appending through the signer's socket.

A signer that is killed comes back on the same socket: the client asks again, and the ledger keeps
each (origin, number) once, so nothing is lost nor doubled.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from releve.kernel.clock import Clock, SystemClock
from releve.kernel.errors import ReleveError
from releve.ledger.errors import SignerUnreachable
from releve.ledger.evidence import Evidence, encode
from releve.ledger.place import short_path
from releve.ledger.wire import APPEND, PUBLISH, BrokenFrame, Frame, answers, frame, result

#: Questions sent before their answers are read.
_AHEAD = 256


class LedgerClient:
    """An :class:`~releve.ledger.ports.Appender` over ``HOME/run/signer.sock``. Threads take turns.

    ``patience`` is how long, in seconds, a signer may be away or silent before
    :class:`SignerUnreachable`.
    """

    def __init__(self, path: Path, *, patience: float = 20.0, clock: Clock | None = None) -> None:
        self._path = path
        self._patience = patience
        self._clock = clock or SystemClock()
        self._turn = threading.Lock()
        self._socket: socket.socket | None = None

    def append(self, evidence: Evidence) -> int:
        """See :class:`~releve.ledger.ports.Appender`."""
        return self.append_many([evidence])[0]

    def append_many(self, evidences: Sequence[Evidence]) -> list[int]:
        """See :class:`~releve.ledger.ports.Appender`."""
        questions = [frame(APPEND, encode(evidence)) for evidence in evidences]
        found: list[Frame] = []
        for at in range(0, len(questions), _AHEAD):
            found += self.ask(questions[at : at + _AHEAD])
        return [result(answer) for answer in found]

    def publish(self) -> int:
        """See :class:`~releve.ledger.ports.Appender`."""
        return result(self.ask([frame(PUBLISH)])[0])

    def ask(self, questions: Sequence[bytes]) -> list[Frame]:
        """Send frames that may be sent twice, and read as many answers."""
        with self._turn:
            give_up = self._clock.monotonic() + self._patience
            while True:
                try:
                    return self._exchange(b"".join(questions), len(questions))
                except (OSError, BrokenFrame) as error:
                    self.close()
                    if self._clock.monotonic() >= give_up:
                        raise SignerUnreachable(path=self._path, why=error) from error
                    threading.Event().wait(0.1)

    def close(self) -> None:
        """Leave; the next question connects again."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(self, data: bytes, count: int) -> list[Frame]:
        connection = self._connected()
        connection.sendall(data)
        frames, received = answers(), list[Frame]()
        while len(received) < count:
            got = connection.recv(65_536)
            if not got:
                raise ConnectionResetError("le signataire a fermé la connexion")
            received += frames.feed(got)
        if len(received) > count:
            raise BrokenFrame(why="plus de réponses que de demandes")
        return received

    def _connected(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(self._patience)
                with short_path(self._path) as short:
                    connection.connect(short)
            except BaseException:
                connection.close()
                raise
            self._socket = connection
        return self._socket


def answers_at(path: Path) -> bool:
    """Whether a signer accepts connections at ``path`` now."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, short_path(path) as short:
            probe.settimeout(2.0)
            probe.connect(short)
    except (OSError, ReleveError):
        return False
    return True
