"""Degraded-mode procedures that the hospital already has: kept byte for byte, found by their words.

``HOME/establishment/procedures/<sha256>`` holds a document's very octets, ``<sha256>.json`` what is
known of it (written last: a document without it is not listed). Its text was read in the confined
process; a document is never run nor shown inside a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from releve.establishment.errors import EstablishmentError
from releve.establishment.words import cleaned, key
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import create_durably, make_folder, write_durably
from releve.kernel.home import Home

FOLDER = "establishment/procedures"
_NAME = re.compile(r"[0-9a-f]{64}")
_AROUND = 70


class UnknownProcedure(EstablishmentError):
    """Cette procédure n'est pas gardée ici."""

    next_step = "Cherchez-la dans la liste des procédures."


@dataclass(frozen=True)
class Procedure:
    """One document. ``sha256`` names it; ``service`` is a code or empty; ``day`` ISO or empty (the
    document's own date); ``pages`` 0 = not known. ``partial``: French, why the text is not whole.
    """

    sha256: str
    name: str
    title: str
    service: str
    day: str
    pages: int
    kind: str
    size: int
    kept: datetime
    partial: str = ""


@dataclass(frozen=True)
class Hit:
    """A procedure found, with the words around the first one sought."""

    procedure: Procedure
    around: str


def listed(home: Home) -> tuple[Procedure, ...]:
    """Every procedure kept, by title."""
    found = [read for path in _abouts(home) if (read := _read(path))]
    return tuple(sorted((each for each, _ in found), key=lambda p: (key(p.title), p.sha256)))


def find(home: Home, words: str) -> tuple[Hit, ...]:
    """Those that hold every word, in title or text, without case nor accents; titles first."""
    wanted = key(words).split()
    if not wanted:
        return ()
    hits: list[tuple[bool, Hit]] = []
    for path in _abouts(home):
        read = _read(path)
        if read is None:
            continue
        procedure, text = read
        head = f" {key(f'{procedure.title} {procedure.name}')}"
        body = f"{head} {key(text)}"
        if all(f" {word}" in body for word in wanted):
            titled = all(f" {word}" in head for word in wanted)
            hits.append((not titled, Hit(procedure, _around(text, wanted[0]))))
    hits.sort(key=lambda hit: (hit[0], key(hit[1].procedure.title)))
    return tuple(hit for _, hit in hits)


def _around(text: str, word: str) -> str:
    for line in text.splitlines():
        if f" {word}" in f" {key(line)}":
            return line.strip()[: 2 * _AROUND]
    return ""


def one(home: Home, sha: str) -> Procedure:
    """What is known of one; raises :class:`UnknownProcedure`."""
    read = _read(_path(home, sha).with_suffix(".json")) if _NAME.fullmatch(sha) else None
    if read is None:
        raise UnknownProcedure()
    return read[0]


def octets(home: Home, sha: str) -> bytes:
    """Its very octets, checked; raises :class:`UnknownProcedure`."""
    one(home, sha)
    try:
        data = _path(home, sha).read_bytes()
    except OSError as error:
        raise UnknownProcedure() from error
    if sha256(data).hexdigest() != sha:
        raise UnknownProcedure()
    return data


def keep(home: Home, procedure: Procedure, data: bytes, text: str) -> bool:
    """Keep a document; False when it was already, whatever its name then."""
    path = _path(home, procedure.sha256)
    if path.with_suffix(".json").exists():
        return False
    make_folder(path.parent)
    create_durably(path, data)
    about = {**asdict(procedure), "kept": iso(procedure.kept), "text": text}
    write_durably(path.with_suffix(".json"), json.dumps(about, ensure_ascii=False).encode())
    return True


def is_kept(home: Home, sha: str) -> bool:
    """Whether this very document is kept."""
    return _path(home, sha).with_suffix(".json").exists()


def title_of(name: str, written: str, text: str) -> str:
    """A document's title: its own when it says one, else its file's name made readable."""
    own = cleaned(written)
    if len(own) > 5 and not re.search(
        r"(?i)^(microsoft|document|sans titre|untitled|\S+\.\w{3,4}$)", own
    ):
        return own[:160]
    first = next((line.strip() for line in text.splitlines() if len(line.strip()) > 8), "")
    stem = cleaned(re.sub(r"[_]+", " ", PurePath(name).stem))
    stem = re.sub(r"(?i)\s+v(?:ersion)?\s?\d[\d.]*$", "", stem)
    return (stem or first or name)[:160]


def _abouts(home: Home) -> Iterable[Path]:
    return sorted((home.path / FOLDER).glob("*.json"))


def _path(home: Home, sha: str) -> Path:
    return home.path / FOLDER / sha


def _read(path: Path) -> tuple[Procedure, str] | None:
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
        text = str(said.pop("text", ""))
        return Procedure(**{**said, "kept": from_iso(said["kept"])}), text
    except (OSError, ValueError, KeyError, TypeError):
        return None
