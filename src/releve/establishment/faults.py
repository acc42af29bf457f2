"""What is wrong in a folder, where, and what to do: gathered while the good part is read on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

#: Faults that leave the graph whole: a plan can still be made on the night.
_BESIDE_GRAPH = frozenset({"dmia", "rota", "person", "contact", "units", "beds"})
_BESIDE_FILES = frozenset({"people.csv", "oncall.ics"})
#: Faults after which nothing of the file was read.
_WHOLE_FILE = frozenset({"file", "empty", "encoding", "binary", "toml", "header"})
_SHOWN = 80


@dataclass(frozen=True, order=True)
class Fault:
    """One fault. ``line`` counts from 1; 0 = the whole file. ``kind`` is a stable English word."""

    file: str
    line: int
    kind: str
    what: str
    remedy: str

    @property
    def place(self) -> str:
        """``machines.csv:12``, or the file's name alone."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def breaks_graph(self) -> bool:
        """Whether a blast radius or a plan made in spite of it could be wrong."""
        return self.kind not in _BESIDE_GRAPH and self.file not in _BESIDE_FILES


@dataclass(frozen=True, order=True)
class Note:
    """Something worth saying that is not a fault."""

    file: str
    line: int
    what: str


@dataclass
class Findings:
    """Faults and notes of one reading."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    #: (kind of thing, id) of all that is declared, faulty rows included: a reference to a faulty
    #: row is not a second fault.
    declared: set[tuple[str, str]] = field(default_factory=set)

    def fault(self, file: str, line: int, kind: str, what: str, remedy: str) -> None:
        self.faults.append(Fault(file, line, kind, _escaped(what), _escaped(remedy)))

    @property
    def unread(self) -> frozenset[str]:
        """Files of which nothing was read: what they would have declared is not missed."""
        return frozenset(fault.file for fault in self.faults if fault.kind in _WHOLE_FILE)

    def note(self, file: str, line: int, what: str) -> None:
        self.notes.append(Note(file, line, _escaped(what)))


def shown(text: str) -> str:
    """A name as it may be printed: control and direction characters escaped, at most 80 long."""
    clean = _escaped(text[:_SHOWN])
    return clean if len(text) <= _SHOWN else clean + "…"


def _escaped(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def listed(words: Sequence[str], most: int = 6) -> str:
    """« A, B et C »; beyond ``most``, « A, B et 12 autres »."""
    if len(words) > most:
        return f"{', '.join(words[: most - 1])} et {len(words) - most + 1} autres"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} et {words[-1]}"
