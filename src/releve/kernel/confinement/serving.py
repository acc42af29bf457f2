"""The throw-away process's side: close it, then answer until its socket closes.

One request is one message with the files' descriptors attached. An answer is one message or
several: the first octet of each is ``+`` when another follows, ``.`` on the last.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from releve.kernel.confinement.closing import Limits, allow_seconds, confine

MESSAGE = 1 << 16
#: What one message carries beside its first octet: well under what the kernel queues at once.
PART = MESSAGE - 1
_MOST_FILES = 2

Answer = Callable[[bytes, list[int]], bytes]


def serve(descriptor: int, limits: Limits, code: Path, answer: Answer) -> None:
    """Confine this process, say which barriers are missing, then answer each request.

    ``answer`` receives the request's octets and the open files, which it closes.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    refused = confine(limits, code)
    connection = socket.socket(fileno=descriptor)
    connection.sendall(json.dumps({"refused": refused}).encode())
    while True:
        message, files, _, _ = socket.recv_fds(connection, MESSAGE, _MOST_FILES)
        if not message:
            return
        allow_seconds(limits.seconds)
        _send(connection, answer(message, files))


def _send(connection: socket.socket, data: bytes) -> None:
    start = 0
    while len(data) - start > PART:
        connection.sendall(b"+" + data[start : start + PART])
        start += PART
    connection.sendall(b"." + data[start:])
