"""How far the views are, for whoever wants to know when to look again: ``HOME/run/care.views``."""

from __future__ import annotations

import os
from pathlib import Path

from releve.kernel.durable import make_folder
from releve.kernel.home import Home

_SIZE = 8


def _path(home: Home) -> Path:
    return home.run / "care.views"


def tell(home: Home, cursor: int) -> None:
    """Say that the views hold the journal's first ``cursor`` records. Not durable, and need not be:
    the projector says it again when it starts.
    """
    make_folder(home.run)
    descriptor = os.open(_path(home), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, cursor.to_bytes(_SIZE, "big"), 0)
    finally:
        os.close(descriptor)


def projected(home: Home) -> int:
    """How many journal records the views hold; 0 before any projector has run here."""
    try:
        descriptor = os.open(_path(home), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        return int.from_bytes(os.pread(descriptor, _SIZE, 0), "big")
    finally:
        os.close(descriptor)
