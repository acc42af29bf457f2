"""Files given in the browser and not yet confirmed: kept in the home, as read, for a day.

``HOME/establishment/imports/pending/<token>/`` holds ``about.json`` and ``tables.json`` (what the
confined process answered: the file itself, which may hold secrets, is not kept), or the documents
of procedures as they are.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from releve.establishment.imports.book import Book, parse_book
from releve.establishment.imports.errors import PendingGone
from releve.establishment.imports.keeping import FOLDER
from releve.establishment.imports.mapping import Mapping, parse_mapping, write_mapping
from releve.establishment.imports.prepare import TABS
from releve.establishment.imports.reading import Reader
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import fsync_folder, make_folder, write_durably
from releve.kernel.hold import held
from releve.kernel.home import Home

KEPT = timedelta(days=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_ABOUT, _TABLES, _MAP, _DONE = "about.json", "tables.json", "map.toml", "done.json"


@dataclass(frozen=True)
class Waiting:
    """One file that waits for its confirmation."""

    token: str
    folder: Path
    kind: str
    name: str
    sha256: str
    when: datetime
    entity: dict[str, str]
    remove: bool = False

    def book(self) -> Book:
        """What it says."""
        return parse_book((self.folder / _TABLES).read_bytes())

    def chosen(self) -> Mapping:
        """The choices made so far."""
        try:
            return parse_mapping((self.folder / _MAP).read_bytes(), _MAP)
        except FileNotFoundError:
            return Mapping()

    def done(self) -> dict[str, object] | None:
        """The report, once confirmed."""
        try:
            found = json.loads((self.folder / _DONE).read_bytes())
        except FileNotFoundError:
            return None
        return found if isinstance(found, dict) else None


def deposit(
    home: Home, kind: str, name: str, data: bytes, now: datetime, entity: dict[str, str]
) -> str:
    """Read a file and let it wait; its token. Raises ``FileUnreadable``: nothing waits then."""
    with Reader() as reader:
        tables = reader.tables(data, name, TABS.get(kind, ()))
    return _wait(home, kind, name, sha256(data).hexdigest(), now, entity, {_TABLES: tables})


def _wait(
    home: Home,
    kind: str,
    name: str,
    sha: str,
    now: datetime,
    entity: dict[str, str],
    files: dict[str, bytes],
) -> str:
    token = secrets.token_urlsafe(16)
    folder = _folder(home) / token
    make_folder(folder)
    for each, data in files.items():
        write_durably(folder / each, data)
    about = {"kind": kind, "name": name[:200], "sha256": sha, "when": iso(now), "entity": entity}
    write_durably(folder / _ABOUT, json.dumps(about, ensure_ascii=False).encode())
    return token


def waiting(home: Home, token: str) -> Waiting:
    """What waits under a token; raises :class:`PendingGone`."""
    folder = _folder(home) / token
    try:
        if not _TOKEN.fullmatch(token):
            raise PendingGone()
        about = json.loads((folder / _ABOUT).read_bytes())
        return Waiting(
            token,
            folder,
            about["kind"],
            about["name"],
            about["sha256"],
            from_iso(about["when"]),
            dict(about["entity"]),
            about.get("remove") is True,
        )
    except (OSError, ValueError, KeyError) as error:
        raise PendingGone() from error


def choose(
    one: Waiting, chosen: Mapping, *, remove: bool, entity: dict[str, str] | None = None
) -> None:
    """Keep the choices made on the page."""
    write_durably(one.folder / _MAP, write_mapping(chosen))
    about = {
        "kind": one.kind,
        "name": one.name,
        "sha256": one.sha256,
        "when": iso(one.when),
        "entity": one.entity if entity is None else entity,
        "remove": remove,
    }
    write_durably(one.folder / _ABOUT, json.dumps(about, ensure_ascii=False).encode())


def finish(one: Waiting, report: dict[str, object]) -> None:
    """Confirmed: the report stays for the day, the file's content goes now."""
    write_durably(one.folder / _DONE, json.dumps(report, ensure_ascii=False).encode())
    for name in (_TABLES, _MAP):
        (one.folder / name).unlink(missing_ok=True)
    fsync_folder(one.folder)


def abandon(one: Waiting) -> None:
    """Nothing of it stays."""
    shutil.rmtree(one.folder, ignore_errors=True)


def purge(home: Home, now: datetime) -> int:
    """Remove what has waited for more than a day; how many. None while retention is frozen."""
    if held(home) is not None:
        return 0
    count = 0
    for folder in _each(home):
        try:
            when = waiting(home, folder.name).when
        except PendingGone:
            when = datetime.fromtimestamp(folder.stat().st_mtime, now.tzinfo)
        if now - when > KEPT:
            shutil.rmtree(folder, ignore_errors=True)
            count += 1
    return count


def _each(home: Home) -> Iterator[Path]:
    root = home.path / FOLDER / "pending"
    return iter([path for path in root.iterdir() if path.is_dir()] if root.is_dir() else [])


def _folder(home: Home) -> Path:
    return home.folder(f"{FOLDER}/pending")
