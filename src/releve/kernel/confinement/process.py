"""The parent's side of the throw-away process that reads hostile files.

One process reads many files (start and imports cost 0.3 s); the one that dies or overstays is
replaced, its file is :class:`Stopped`, the next goes on. Files are opened here and handed over as
descriptors: the process sees no path, no key, no environment. Its answers are themselves to be
checked: they may be lies about the files it holds, never anything else.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from releve.kernel.confinement.closing import Limits
from releve.kernel.confinement.serving import MESSAGE

#: What a file is read from.
Source = bytes | Path

_START_SECONDS = 60.0
_CONFINEMENT = Path(__file__).parent
#: Loads one package without the doors above it: that process holds no other code of Relève.
_BOOT = """
import importlib, json, sys, types
descriptor, package, folder, confinement, limits = sys.argv[1:]
def door(name, path):
    sys.modules[name] = module = types.ModuleType(name)
    module.__path__ = [path]
door(package, folder)
above, path = package, folder
while "." in above:
    above, path = above.rpartition(".")[0], path.rpartition("/")[0]
    door(above, path)
door("releve.kernel", confinement.rpartition("/")[0])
door("releve.kernel.confinement", confinement)
from releve.kernel.confinement.closing import Limits
worker = importlib.import_module(package + ".worker")
worker.serve(int(descriptor), Limits(**json.loads(limits)))
"""


@dataclass(frozen=True)
class Stopped:
    """The process ended before it answered; ``reason`` is French."""

    reason: str


class Unreadable(Exception):
    """What was given cannot be opened as a plain file; the message is French."""


class Confined:
    """A confined process and its successors. Not thread-safe; use as a context manager.

    ``package`` is the parsers' dotted name, ``folder`` where it lies. ``most`` bounds an answer,
    in octets. ``refused`` lists the barriers that this kernel did not grant (French), known after
    the first file; ``stopped`` counts the processes that died or were killed.
    """

    def __init__(
        self, package: str, folder: Path, limits: Limits | None = None, most: int = MESSAGE
    ) -> None:
        self.refused: tuple[str, ...] = ()
        self.stopped = 0
        self._limits = limits or Limits()
        self._package = package
        self._folder = folder
        self._most = most
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._socket = None

    def ask(self, sources: list[Source], request: bytes = b"{}") -> bytes | Stopped:
        """The answer about one or two files; raises :class:`Unreadable`."""
        with opened(sources) as files:
            try:
                connection = self._connected()
                connection.settimeout(3.0 * self._limits.seconds)
                socket.send_fds(connection, [request], files)
                answer = self._received(connection)
            except TimeoutError:
                return self._stop("délai dépassé")
            except OSError:
                answer = b""
        if not answer:
            return self._stop("il s'est arrêté de lui-même")
        return answer

    def _received(self, connection: socket.socket) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = connection.recv(MESSAGE)
            parts.append(message[1:])
            size += len(message)
            if not message or size > self._most:
                return b""
            if message[:1] == b".":
                return b"".join(parts)

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._start()
        assert self._socket is not None  # noqa: S101
        return self._socket

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-B", "-c", _BOOT, str(theirs.fileno())),
                    *(self._package, str(self._folder), str(_CONFINEMENT)),
                    json.dumps(asdict(self._limits)),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        self._socket = ours
        ours.settimeout(_START_SECONDS)
        said = _object(ours.recv(MESSAGE))
        refused = said.get("refused")
        self.refused = tuple(plain(item) for item in refused) if isinstance(refused, list) else ()

    def _stop(self, why: str) -> Stopped:
        """Put an end to the process, for ``why`` or what the system says of its death."""
        self.stopped += 1
        process = self._process
        if process is not None and self._socket is not None:
            self._socket.close()
            try:
                process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                process.kill()
            ended = process.wait()
            if ended == -signal.SIGXCPU:
                why = "temps de calcul dépassé"
        self.close()
        return Stopped(why)


@contextmanager
def opened(sources: list[Source]) -> Iterator[list[int]]:
    """Descriptors of plain files, links not followed; raises :class:`Unreadable`."""
    files: list[int] = []
    try:
        for source in sources:
            files.append(_open(source))
        yield files
    finally:
        for file in files:
            os.close(file)


def _open(source: Source) -> int:
    if isinstance(source, bytes):
        file = os.memfd_create("version", os.MFD_CLOEXEC)
        view = memoryview(source)
        while view:
            view = view[os.write(file, view) :]
        os.lseek(file, 0, os.SEEK_SET)
        return file
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(source, flags)
    except OSError as error:
        raise Unreadable(f"fichier illisible : {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Unreadable("ce n'est pas un fichier ordinaire")
    return file


def _object(message: bytes) -> dict[str, object]:
    try:
        answer = json.loads(message)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def plain(text: object) -> str:
    """At most 200 printable characters of what the process said."""
    return "".join(letter for letter in str(text)[:200] if letter.isprintable())
