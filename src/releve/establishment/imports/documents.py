"""Procedures given as files, a folder or a zip → kept byte for byte, with what their words say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePath

from releve.establishment import procedures
from releve.establishment.faults import shown
from releve.establishment.imports.errors import FileUnreadable
from releve.establishment.imports.lines import Findings, State, Told
from releve.establishment.imports.reading import MAX_FILE, Reader, Text
from releve.establishment.imports.services import Services
from releve.establishment.model import Establishment
from releve.establishment.words import cleaned
from releve.kernel.home import Home
from releve.kernel.ids import Finess

_KINDS = (".docx", ".doc", ".odt", ".pdf", ".rtf", ".txt", ".md")
_SCRAPS = ("thumbs.db", ".ds_store", "desktop.ini")
_MOST = 2_000
_ALONE = "Si c'est une procédure, donnez le document seul, en Word ou en PDF."
_SAVE_AGAIN = {"pdf": "Imprimez-le dans un nouveau PDF, puis redonnez celui-ci."}


@dataclass(frozen=True)
class Document:
    """A document read and not yet kept."""

    procedure: procedures.Procedure
    data: bytes
    text: str


@dataclass(frozen=True)
class Gathered:
    """What was given: documents in order, and what is said of each file."""

    documents: tuple[Document, ...]
    told: tuple[Told, ...]
    sha256: str


def from_path(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, octets) of a file, or of every plain file under a folder; links are not followed.

    Raises ``OSError``.
    """
    if not path.is_dir():
        yield path.name, _octets(path)
        return
    count = 0
    for folder, folders, names in os.walk(path, followlinks=False):
        folders.sort()
        for name in sorted(names):
            place = Path(folder, name)
            if place.is_symlink() or not place.is_file():
                continue
            count += 1
            if count > _MOST:
                return
            yield str(place.relative_to(path)), _octets(place)


def _octets(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_FILE + 1)


def gather(
    home: Home,
    given: Iterable[tuple[str, bytes]],
    establishment: Establishment | None,
    now: datetime,
) -> Gathered:
    """Read each document in the confined process; keeps nothing."""
    services = Services(establishment, Finess(""))
    findings = Findings()
    found: dict[str, Document] = {}
    whole = sha256()
    with Reader() as reader:
        for name, data in _opened(reader, given, findings):
            whole.update(sha256(data).digest())
            _one(home, reader, services, name, data, now, found, findings)
    return Gathered(tuple(found.values()), tuple(findings.told), whole.hexdigest())


def _opened(
    reader: Reader, given: Iterable[tuple[str, bytes]], findings: Findings
) -> Iterator[tuple[str, bytes]]:
    """The files, those of a zip one by one."""
    for name, data in given:
        if _is_scrap(name):
            findings.leave_out(0, name, "fichier du système, pas un document")
        elif not name.lower().endswith(".zip"):
            yield name, data
        else:
            yield from _members(reader, name, data, findings)


def _members(
    reader: Reader, name: str, data: bytes, findings: Findings
) -> Iterator[tuple[str, bytes]]:
    try:
        members = reader.members(data, name)
    except FileUnreadable as error:
        findings.doubt(0, name, str(error), error.remedy)
        return
    if len(members) > _MOST:
        what = f"{len(members)} fichiers : les {_MOST} premiers sont lus"
        findings.doubt(0, name, what, "Donnez le reste dans un autre dossier compressé.")
    for place, member, wrong in members[:_MOST]:
        if _is_scrap(member):
            findings.leave_out(0, member, "fichier du système, pas un document")
            continue
        if wrong:
            findings.doubt(0, member, f"{wrong} : pas ouvert, pas gardé", _ALONE)
            continue
        try:
            yield member, reader.member(data, member, place)
        except FileUnreadable as error:
            findings.doubt(0, member, str(error), error.remedy)


def _is_scrap(name: str) -> bool:
    base = PurePath(name).name.lower()
    return base in _SCRAPS or base.startswith(("._", "~$", "."))


def _one(
    home: Home,
    reader: Reader,
    services: Services,
    name: str,
    data: bytes,
    now: datetime,
    found: dict[str, Document],
    findings: Findings,
) -> None:
    sha = sha256(data).hexdigest()
    if not name.lower().endswith(_KINDS) and not data.startswith(b"%PDF-"):
        findings.doubt(0, name, "ni Word, ni PDF, ni OpenDocument : pas gardé", _ALONE)
        return
    if sha in found or procedures.is_kept(home, sha):
        findings.told.append(Told(State.SAME, 0, shown(name), "déjà gardée, à l'octet près"))
        return
    try:
        words = reader.document(data, name)
    except FileUnreadable as error:
        remedy = "Redonnez une copie saine, sans mot de passe."
        findings.doubt(0, name, f"{error} Pas gardée.", remedy)
        return
    if _is_live(name, words, findings):
        return
    title = procedures.title_of(name, words.title, words.text)
    service = services.find_within(name) or services.find_within(title)
    procedure = procedures.Procedure(
        sha, cleaned(name), title, service, words.day, words.pages, words.kind, len(data), now,
        words.partial,
    )  # fmt: skip
    found[sha] = Document(procedure, data, words.text)
    about = ", ".join(
        filter(None, (
            services.name(service) if service else "service non deviné",
            f"datée du {words.day}" if words.day else "sans date",
            f"{words.pages} page(s)" if words.pages else "",
            words.partial,
        ))
    )  # fmt: skip
    findings.told.append(Told(State.NEW, 0, shown(title), about))


def _is_live(name: str, words: Text, findings: Findings) -> bool:
    """Whether a document acts when it is opened, or is not what its name says: told, not kept."""
    if words.live:
        what = f"ce document porte {words.live}, qui agit à l'ouverture : pas gardé"
        remedy = _SAVE_AGAIN.get(words.kind, "Enregistrez-le en PDF, puis redonnez ce PDF.")
    elif words.kind == "txt" and not name.lower().endswith((".txt", ".md")):
        what = "ce n'est que du texte sous le nom d'un autre genre : pas gardé"
        remedy = "Ouvrez-le, enregistrez-le en Word ou en PDF, redonnez-le."
    else:
        return False
    findings.doubt(0, name, what, remedy)
    return True


def keep(home: Home, gathered: Gathered) -> int:
    """Keep what was read; how many were new. Each document is whole or not there."""
    return sum(
        procedures.keep(home, each.procedure, each.data, each.text) for each in gathered.documents
    )
