"""What care asks of the world, and how its processes and pages tell each other what moved.

Three processes touch the feed of a home, and each may start, die and come back alone:

* the *listener* (``runtime/listener.py``) alone writes the journal ``HOME/care/journal``; after
  each fsync it says how many records are on the disk over ``HOME/run/care.sock``
  (:mod:`releve.care.durable_line`): 8 bytes, big-endian, the latest count only;
* the *projector* (``runtime/projector.py``) alone writes ``HOME/care/views.sqlite3``; it reads the
  journal up to that count and never beyond, because a record that is written but not yet fsynced
  may vanish in a power cut, and the views would then know more than the journal;
* *pages* read the views. After each transaction the projector writes its cursor (how many journal
  records the views hold) into the eight bytes of ``HOME/run/care.views``; a page that pushes
  live lines looks at :func:`releve.care.progress.projected` every 50 to 100 ms (one ``pread``, no
  lock, no database) and queries the views again when the number has grown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Fact:
    """Something for the ledger, known once by (``origin``, ``number``), number ≥ 1."""

    kind: str
    what: str
    when: datetime
    system: str
    value: int | str
    unit: str | None
    origin: str
    number: int
    sha256: str | None = None
    detail: Mapping[str, int | str | bool | None] = field(default_factory=dict)


class Facts(Protocol):
    """Where care's facts go: durable on return, told again is told once. One thread at a time.

    Raises ``ReleveError`` or ``OSError`` when the ledger cannot be reached; the caller says the
    same facts again later.
    """

    def record(self, facts: Sequence[Fact]) -> None:
        """Append them."""
        ...
