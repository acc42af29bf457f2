"""The validators' throw-away process (:mod:`releve.kernel.confinement`), and its answers checked:
they may be lies about the files it holds, never anything else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import releve.vault.formats
from releve.kernel.confinement.closing import Limits
from releve.kernel.confinement.process import Confined, Source, Stopped, Unreadable, plain
from releve.vault.formats import KIND_NAMES, Examination, Reading, State

VALIDATORS = Path(releve.vault.formats.__file__).parent
_CHUNK = 1 << 20


class Sandbox(Confined):
    """The confined process of the validators; see :class:`Confined`."""

    def __init__(self, limits: Limits | None = None, validators: Path = VALIDATORS) -> None:
        super().__init__("releve.vault.formats", validators, limits)

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
        said = self.ask(sources)
        if isinstance(said, Stopped):
            return Stopped(f"validateur arrêté : {said.reason}")
        return _object(said) or self._lie()

    def _lie(self) -> Stopped:
        return Stopped(f"validateur arrêté : {self._stop('réponse incompréhensible').reason}")


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
        damage=plain(answer.get("damage") or ""),
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
    return Reading(answer["kind"], state, plain(answer.get("detail") or ""), count)


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
