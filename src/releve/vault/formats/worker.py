"""The throw-away process: takes open files on a socket, answers with examinations.

One request is one message ``{"before": bool, "after": bool}`` with the files' descriptors attached,
in that order; one answer is the JSON of an :class:`~releve.vault.formats.reading.Examination` (or,
when there is only ``after``, ``{"after": {...}}``). It never learns a path. It serves until its
socket closes.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from releve.kernel.confinement import serving
from releve.kernel.confinement.closing import Limits
from releve.vault.formats.reading import MAX_FILE, Reading, State


def serve(descriptor: int, limits: Limits) -> None:
    """Confine this process, then answer until the socket closes."""

    def answer(_request: bytes, files: list[int]) -> bytes:
        return json.dumps(_answer(files)).encode()

    serving.serve(descriptor, limits, Path(__file__).parent, answer)


def _answer(files: list[int]) -> dict[str, object]:
    # Imported here: numpy's threads would forbid the user namespace.
    from releve.vault.formats.examine import examine, read

    try:
        contents = [_load(file) for file in files]
        if any(content is None for content in contents):
            return _beyond()
        whole = [content for content in contents if content is not None]
        if len(whole) == 1:
            return {"after": asdict(read(whole[0]))}
        return asdict(examine(whole[0], whole[1]))
    except MemoryError:
        return _beyond()


def _beyond() -> dict[str, object]:
    reading = asdict(Reading("unknown", State.BEYOND, "fichier trop grand pour être contrôlé"))
    return {"before": reading, "after": reading, "damage": "", "truncated": False}


def _load(descriptor: int) -> bytes | None:
    """The whole file, or None when it is larger than a validator may hold."""
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(MAX_FILE + 1)
    return data if len(data) <= MAX_FILE else None
