"""One tie, or the absence of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Three states, never merged: what could not be read is not « free »."""

    TIED = "lié"
    FREE = "non lié"
    UNSEEN = "non vu"

    @property
    def mark(self) -> str:
        return {"lié": "●", "non lié": "○", "non vu": "–"}[self.value]


@dataclass(frozen=True)
class Tie:
    """``subject`` is what was looked for; ``seen`` in plain words, ``why`` and ``todo`` only when
    something is to be done.
    """

    subject: str
    state: State
    seen: str
    why: str = ""
    todo: str = ""
