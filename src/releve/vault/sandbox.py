"""The parent's side of the throw-away process that reads hostile files.

One process reads many files (start and imports cost 0.3 s); the one that dies or overstays is
replaced, its file is :class:`Stopped`, the next goes on. Files are opened here and handed over as
descriptors: the process sees no path, no key, no environment. Its answers are themselves checked:
they may be lies about the files it holds, never anything else.
"""

from __future__ import annotations

import hashlib
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
from typing import Any

import releve.vault.formats
from releve.vault.formats import KIND_NAMES, Examination, Reading, State
from releve.vault.formats.confine import Limits

#: What a version of a file is read from.
Source = bytes | Path

VALIDATORS = Path(releve.vault.formats.__file__).parent
_MESSAGE = 1 << 16
_CHUNK = 1 << 20
_START_SECONDS = 60.0
#: Loads the validators without the doors above them: that process holds no other code of Relève.
_BOOT = """
import json, sys, types
descriptor, validators, limits = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
vault = validators.rpartition("/")[0]
for name, folder in (("releve", vault.rpartition("/")[0]), ("releve.vault", vault)):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
sys.modules["releve.vault.formats"] = formats = types.ModuleType("releve.vault.formats")
formats.__path__ = [validators]
from releve.vault.formats import confine, worker
worker.serve(descriptor, confine.Limits(**limits))
"""


@dataclass(frozen=True)
class Stopped:
    """The validator ended before it answered; ``reason`` is French."""

    reason: str


class Unreadable(Exception):
    """A version cannot be opened as a plain file; the message is French."""


class Sandbox:
    """A confined process and its successors. Not thread-safe; use as a context manager.

    ``refused`` lists the barriers that this kernel did not grant (French), known after the first
    file; ``stopped`` counts the processes that died or were killed.
    """

    def __init__(self, limits: Limits | None = None, validators: Path = VALIDATORS) -> None:
        self.refused: tuple[str, ...] = ()
        self.stopped = 0
        self._limits = limits or Limits()
        self._validators = validators
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def __enter__(self) -> Sandbox:
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

    def examine(self, before: Source, after: Source) -> Examination | Stopped:
        """Read and compare two versions; raises :class:`Unreadable`."""
        answer = self._ask([before, after])
        if isinstance(answer, Stopped):
            return answer
        return _examination(answer) or self._lie()

    def read(self, source: Source) -> Reading | Stopped:
        """Read one version; raises :class:`Unreadable`."""
        answer = self._ask([source])
        if isinstance(answer, Stopped):
            return answer
        return _reading(answer.get("after")) or self._lie()

    def _ask(self, sources: list[Source]) -> dict[str, Any] | Stopped:
        with _opened(sources) as files:
            try:
                connection = self._connected()
                connection.settimeout(3.0 * self._limits.seconds)
                socket.send_fds(connection, [b"{}"], files)
                message = connection.recv(_MESSAGE)
            except TimeoutError:
                return self._stop("délai dépassé")
            except OSError:
                message = b""
        if not message:
            return self._stop("il s'est arrêté de lui-même")
        return _object(message) or self._lie()

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
                    *(str(self._validators), json.dumps(asdict(self._limits))),
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
        said = _object(ours.recv(_MESSAGE)) or {}
        refused = said.get("refused")
        self.refused = tuple(_plain(item) for item in refused) if isinstance(refused, list) else ()

    def _stop(self, why: str) -> Stopped:
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
        return Stopped(f"validateur arrêté : {why}")

    def _lie(self) -> Stopped:
        return self._stop("réponse incompréhensible")


def opens(source: Source) -> bool:
    """True when a version can be read at all."""
    try:
        return next(_pieces(source), b"") is not None
    except OSError:
        return False


def octets_of(source: Source | None) -> int:
    """Octets; -1 when there is nothing there or it cannot be asked."""
    if source is None:
        return -1
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.lstat().st_size
    except OSError:
        return -1


def same_octets(before: Source, after: Source) -> bool:
    """True when both versions are equal; raises ``OSError`` when one cannot be read."""
    if octets_of(before) != octets_of(after):
        return False
    return all(one == other for one, other in zip(_pieces(before), _pieces(after), strict=False))


def digest_of(source: Source | None) -> str:
    """SHA-256 of the content; unreadable contents are equal to nothing."""
    sha = hashlib.sha256()
    try:
        for piece in _pieces(source or b""):
            sha.update(piece)
    except OSError:
        return f"illisible {id(source)}"
    return sha.hexdigest()


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), _CHUNK):
            yield source[start : start + _CHUNK]
        return
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


@contextmanager
def _opened(sources: list[Source]) -> Iterator[list[int]]:
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


def _object(message: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(message)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _examination(answer: dict[str, Any]) -> Examination | None:
    before, after = _reading(answer.get("before")), _reading(answer.get("after"))
    if before is None or after is None:
        return None
    return Examination(
        before,
        after,
        damage=_plain(answer.get("damage") or ""),
        truncated=answer.get("truncated") is True,
        contained=answer.get("contained") is True,
    )


def _reading(answer: object) -> Reading | None:
    if not isinstance(answer, dict) or answer.get("kind") not in KIND_NAMES:
        return None
    try:
        state = State(str(answer.get("state")))
    except ValueError:
        return None
    faults = answer.get("faults")
    count = faults if isinstance(faults, int) else 0
    return Reading(answer["kind"], state, _plain(answer.get("detail") or ""), count)


def _plain(text: object) -> str:
    """At most 200 printable characters of what the process said."""
    return "".join(letter for letter in str(text)[:200] if letter.isprintable())


__all__ = [
    "Limits",
    "Sandbox",
    "Source",
    "Stopped",
    "Unreadable",
    "digest_of",
    "octets_of",
    "opens",
    "same_octets",
]
