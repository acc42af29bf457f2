"""The project's threat model, read where it is written: what a dossier may say is protected, and
not. French stands beside each English line under the digest of that very line: when the model
changes, the line is printed as it stands there, in English, until somebody translates it again.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from releve.dossier.errors import ThreatModelMissing

_HERE = Path(__file__).parent
_FILE = "threat-model.md"
NOT_PROMISED, PATIENTS, POSITIONS = (
    "What is not promised",
    "Patients' data, threat by threat",
    "Positions",
)


@dataclass(frozen=True)
class Line:
    """A sentence of the model; ``translated`` is False when it stands in English."""

    words: str
    translated: bool


@dataclass(frozen=True)
class Threat:
    """A row: its name, what holds, what does not; ``event``: access, change or loss (CNIL)."""

    name: str
    holds: str
    lacks: str
    event: str
    translated: bool


def not_promised() -> tuple[Line, ...]:
    """Each item of « What is not promised », in order."""
    known = _lines()
    lines = (_plain(item) for item in _items(_section(NOT_PROMISED)))
    return tuple(Line(known.get(digest(line), line), digest(line) in known) for line in lines)


def threats() -> tuple[Threat, ...]:
    """Each row of « Patients' data, threat by threat », in order."""
    known, found = _threats(), []
    for cells in _rows(_section(PATIENTS)):
        twin = known.get(digest(" | ".join(cells)))
        if twin is None:
            found.append(Threat(cells[0], cells[1], cells[2], "", translated=False))
        else:
            found.append(twin)
    return tuple(found)


def positions() -> tuple[tuple[str, ...], ...]:
    """Rows of both tables of « Positions » as written, in English: position, read, destroy, forge,
    stop, what survives (and, in the first table, hours lost).
    """
    return tuple(_rows(_section(POSITIONS)))


def digest(text: str) -> str:
    """What names a line of the model: 12 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _text() -> str:
    for path in (_HERE / _FILE, *(up / "docs" / _FILE for up in _HERE.parents[:4])):
        if path.is_file():
            return path.read_text("utf-8")
    raise ThreatModelMissing()


def _section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", _text(), re.M | re.S)
    if found is None:
        raise ThreatModelMissing()
    return found[1]


def _items(text: str) -> Iterator[str]:
    for item in re.findall(r"^- (.*(?:\n  .*)*)", text, re.M):
        yield " ".join(item.split())


def _rows(text: str) -> Iterator[tuple[str, ...]]:
    for row in re.findall(r"^\| (\*\*.*) \|$", text, re.M):
        yield tuple(_plain(cell) for cell in row.split(" | "))


def _plain(text: str) -> str:
    return re.sub(r"[*`]", "", text).strip()


@cache
def _lines() -> dict[str, str]:
    return {each["of"]: each["fr"] for each in _french()["line"]}


@cache
def _threats() -> dict[str, Threat]:
    return {
        each["of"]: Threat(each["name"], each["holds"], each["lacks"], each["event"], True)
        for each in _french()["threat"]
    }


@cache
def _french() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads((_HERE / "threats.toml").read_text("utf-8"))
