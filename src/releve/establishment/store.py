"""The establishment that a home keeps: the folder's very bytes, one generation per load.

``HOME/establishment/<generation>/`` holds the files and ``manifest.json`` (SHA-256 of each);
``HOME/establishment/current`` names the generation that counts and is replaced last, durably: a
load that is killed at any moment leaves the one before.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from releve.establishment.errors import (
    FinessOfTest,
    FolderNotNew,
    NothingStored,
    Overtaken,
    StoreDamaged,
)
from releve.establishment.faults import shown
from releve.establishment.folder import BLANK, gather, read_bytes, read_stored, sound
from releve.establishment.model import Establishment
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import create_durably, fsync_folder, make_folder, write_durably
from releve.kernel.home import FinessRefused, Home, sole_writer
from releve.kernel.ids import is_test_finess
from releve.kernel.world import World

_FOLDER, _POINTER, _MANIFEST = "establishment", "current", "manifest.json"


@dataclass(frozen=True)
class Generation:
    """One load: its number from 1, when, and the SHA-256 of each file by name.

    ``fresh`` is False when the same bytes were already the current ones: nothing was written.
    ``by``: who changed it on a page; empty when a folder was loaded, or a page does not say.
    """

    number: int
    loaded: datetime
    files: Mapping[str, str]
    fresh: bool = True
    by: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the names and digests, in order: the same bytes give the same."""
        lines = (f"{name} {digest}\n" for name, digest in sorted(self.files.items()))
        return sha256("".join(lines).encode()).hexdigest()


def load(home: Home, path: Path, now: datetime) -> tuple[Generation, Establishment]:
    """Check a folder and keep it: all or nothing.

    Raises ``FolderUnreadable``, ``FolderFaulty``, ``FinessRefused``, ``HomeBusy``.
    """
    files, establishment = read_for(home.world, path)
    with sole_writer(home, _FOLDER):
        return _keep(home, files, now), establishment


def amend(
    home: Home,
    changes: Mapping[str, bytes],
    now: datetime,
    *,
    seen: int | None,
    tolerated: Collection[str] = (),
    by: str = "",
) -> tuple[Generation, Establishment]:
    """Keep the current files with ``changes`` in their place: a new generation, all or nothing.

    ``seen`` is the generation that the changes were made from (None: there was none; the files
    that are not given are then the empty ones of :data:`BLANK`). ``tolerated``: kinds of faults
    (:class:`~releve.establishment.faults.Fault`) that do not refuse the whole. ``by``: whose change
    it is, as the pages name a person.

    Raises :class:`Overtaken`, ``FolderFaulty``, ``FinessRefused``, ``HomeBusy``.
    """
    with sole_writer(home, _FOLDER):
        before = current(home)
        if (before.number if before else None) != seen:
            raise Overtaken()
        files = {**(_files(home, before) if before else BLANK), **changes}
        reading = read_bytes(files)
        told = tuple(fault for fault in reading.faults if fault.kind not in tolerated)
        establishment = sound(Path(_FOLDER), replace(reading, faults=told))
        _check_numbers(home.world, establishment)
        return _keep(home, files, now, by), establishment


def read_for(world: World, path: Path) -> tuple[Mapping[str, bytes], Establishment]:
    """What a home of ``world`` may keep: the folder's bytes and what they say.

    Raises ``FolderUnreadable``, ``FolderFaulty``, ``FinessRefused``.
    """
    files = gather(path)
    establishment = sound(path, read_bytes(files))
    _check_numbers(world, establishment)
    return files, establishment


def _check_numbers(world: World, establishment: Establishment) -> None:
    numbers = [entity.finess for entity in establishment.legal_entities]
    for number in (*numbers, *(site.finess for site in establishment.sites)):
        test = is_test_finess(number)
        if test and world is World.REAL:
            raise FinessOfTest(number=number)
        if not test and world is World.DRILL:
            raise FinessRefused(number=number, world=world.value)


def _keep(home: Home, files: Mapping[str, bytes], now: datetime, by: str = "") -> Generation:
    digests = {name: sha256(data).hexdigest() for name, data in files.items()}
    before = _readable(home)
    if before is not None and before.files == digests and _intact(home, before):
        return replace(before, fresh=False)
    manifests = home.folder(_FOLDER).glob(f"*/{_MANIFEST}")
    numbers = [int(each.parent.name) for each in manifests if each.parent.name.isdigit()]
    generation = Generation(max(numbers, default=0) + 1, now, digests, by=by)
    folder = home.folder(_FOLDER) / str(generation.number)
    if folder.exists():  # a load that was killed before it counted
        shutil.rmtree(folder)
    make_folder(folder)
    for name, data in files.items():
        create_durably(folder / name, data)
    written = {"number": generation.number, "loaded": iso(now), "files": digests, "by": by}
    text = json.dumps(written, ensure_ascii=False, indent=1, sort_keys=True)
    create_durably(folder / _MANIFEST, text.encode())
    write_durably(folder.parent / _POINTER, f"{generation.number}\n".encode())
    return generation


def _readable(home: Home) -> Generation | None:
    """The current generation, None when there is none or it is damaged: a load mends it."""
    try:
        return current(home)
    except StoreDamaged:
        return None


def current(home: Home) -> Generation | None:
    """The generation that counts, None when nothing was ever loaded; raises
    :class:`StoreDamaged`.
    """
    folder = home.path / _FOLDER
    try:
        number = int((folder / _POINTER).read_text("ascii"))
        written = json.loads((folder / str(number) / _MANIFEST).read_text("utf-8"))
        return _said(number, written)
    except FileNotFoundError as error:
        if not (folder / _POINTER).exists():
            return None
        raise StoreDamaged(what=f"il manque {Path(error.filename).name}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(what="son manifeste ne se lit pas") from error


def generations(home: Home) -> tuple[tuple[int, datetime], ...]:
    """(number, when it was loaded) of every generation that is there, as :func:`history`."""
    return tuple((each.number, each.loaded) for each in history(home))


def history(home: Home) -> tuple[Generation, ...]:
    """Every generation that is there, in order; one whose manifest does not read is left out."""
    found = []
    for path in (home.path / _FOLDER).glob(f"*/{_MANIFEST}"):
        try:
            written = json.loads(path.read_text("utf-8"))
            found.append(_said(int(path.parent.name), written))
        except (ValueError, KeyError, TypeError, OSError):
            continue
    return tuple(sorted(found, key=lambda each: each.number))


def _said(number: int, written: Mapping[str, Any]) -> Generation:
    """What a manifest says; those from before authors were kept have none."""
    by = str(written.get("by", ""))
    loaded, files = from_iso(written["loaded"]), dict(written["files"])
    return Generation(number, loaded, files, fresh=False, by=by)


def bytes_of(home: Home, generation: Generation, name: str) -> bytes | None:
    """One file of a generation; None when it is not there, or is not what was kept."""
    try:
        return _files(home, replace(generation, files={name: generation.files[name]}))[name]
    except (KeyError, StoreDamaged):
        return None


def stored(home: Home) -> Establishment | None:
    """The establishment that counts, None when nothing was ever loaded; raises
    :class:`StoreDamaged`.
    """
    generation = current(home)
    return None if generation is None else read_stored(_files(home, generation))


def stored_files(home: Home) -> dict[str, bytes]:
    """The files that count, name → bytes; raises :class:`NothingStored`, :class:`StoreDamaged`."""
    generation = current(home)
    if generation is None:
        raise NothingStored()
    return _files(home, generation)


def save(home: Home, path: Path) -> tuple[str, ...]:
    """Write the kept files into a new or empty folder, byte for byte; their names.

    Raises :class:`FolderNotNew`, :class:`NothingStored`, :class:`StoreDamaged`.
    """
    files = stored_files(home)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FolderNotNew(path=shown(str(path)))
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        create_durably(path / name, data, mode=0o644)
    fsync_folder(path.absolute().parent)
    return tuple(files)


def _files(home: Home, generation: Generation) -> dict[str, bytes]:
    folder = home.path / _FOLDER / str(generation.number)
    found = {}
    for name, digest in generation.files.items():
        try:
            data = (folder / Path(name).name).read_bytes()
        except OSError as error:
            raise StoreDamaged(what=f"{shown(name)} ne se lit pas") from error
        if sha256(data).hexdigest() != digest:
            raise StoreDamaged(what=f"{shown(name)} n'a plus la même empreinte")
        found[name] = data
    return found


def _intact(home: Home, generation: Generation) -> bool:
    try:
        return bool(_files(home, generation))
    except StoreDamaged:
        return False
