"""The throw-away process: takes one open PDF on a socket, answers with its words."""

from __future__ import annotations

import json
import os
from pathlib import Path

from releve.kernel.confinement import serving
from releve.kernel.confinement.closing import Limits

#: Octets of the PDF.
MAX_FILE = 20 << 20


def serve(descriptor: int, limits: Limits) -> None:
    """Confine this process, then answer until the socket closes."""

    def answer(_request: bytes, files: list[int]) -> bytes:
        return json.dumps(_answer(files)).encode()

    serving.serve(descriptor, limits, Path(__file__).parent, answer)


def _answer(files: list[int]) -> dict[str, object]:
    import pypdfium2

    from releve.incident.binder.esms.record.pdf import read

    with os.fdopen(files[0], "rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        return {"refused": "too-large"}
    try:
        return read(data)
    except pypdfium2.PdfiumError as error:
        locked = "assword" in str(error)
        return {"refused": "locked" if locked else "not-pdf"}
    except MemoryError:
        return {"refused": "too-large"}
