"""Where kits lie: one folder per ward, one flat folder to copy from.

``HOME/care/kits/<ward>/<generation>.html(.sig)`` and ``shelf.json`` (what is there, which is
current, what was last refused); ``HOME/care/kits/published/<ward>.html(.sig)`` is what workstations
and keys copy. A crash before ``shelf.json`` is written leaves the old kit current; one just after
leaves the old copy in ``published`` until the ward's next kit.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from releve.care.kit.errors import ShelfUnreadable
from releve.care.kit.signature import KitKey, signature_of
from releve.care.kit.windows import folder_name
from releve.kernel.clock import from_iso, iso
from releve.kernel.durable import fsync_folder, make_folder, write_durably
from releve.kernel.home import Home

#: Ages up to which kits are kept, and how far apart: H-0, H-1, H-6 and H-24 are always there.
_KEPT = (
    (timedelta(minutes=70), timedelta(minutes=10)),
    (timedelta(hours=7), timedelta(hours=1)),
    (timedelta(hours=30), timedelta(hours=6)),
)


@dataclass(frozen=True)
class Held:
    """A generation on the shelf. ``as_of``: last message received; ``until``: journal records it
    was made from; ``sha256`` of its file.
    """

    generation: int
    window: int
    built: datetime
    as_of: datetime | None
    until: int
    patients: int
    sha256: str


@dataclass(frozen=True)
class Refusals:
    """``streak`` refusals in a row for the same kind of cause, since ``since``. ``kind`` joins
    « frozen », « fall », « vanished », « silence » by « + »; empty on an older shelf.
    """

    why: str
    since: datetime
    last: datetime
    streak: int
    kind: str = ""


@dataclass(frozen=True)
class Shelf:
    """A ward's kits, oldest first; ``next`` is the next generation's number, ``refusals`` counts
    all those of this ward, ever.
    """

    ward: str
    next: int = 1
    kits: tuple[Held, ...] = ()
    refused: Refusals | None = None
    refusals: int = field(default=0)

    @property
    def current(self) -> Held | None:
        """The kit that workstations copy, None when none was ever published."""
        return self.kits[-1] if self.kits else None


def kits_folder(home: Home) -> Path:
    """``HOME/care/kits``."""
    return home.path / "care" / "kits"


def kit_path(home: Home, ward: str, generation: int) -> Path:
    """A generation's file."""
    return kits_folder(home) / folder_name(ward) / f"{generation:06d}.html"


def published_path(home: Home, ward: str) -> Path:
    """The copy of the current kit, under a name that does not change."""
    return kits_folder(home) / "published" / f"{folder_name(ward)}.html"


def wards_with_kits(home: Home) -> tuple[str, ...]:
    """The wards that have a shelf, in order of code; without those of :func:`nameless`."""
    return tuple(sorted(code for _, code in _shelved(home) if code is not None))


def nameless(home: Home) -> tuple[str, ...]:
    """The folders called by a digest whose shelf no longer says which ward it is."""
    return tuple(sorted(folder for folder, code in _shelved(home) if code is None))


def read_shelf(home: Home, ward: str) -> Shelf:
    """What is on a ward's shelf, an empty one when nothing is. Raises ``ShelfUnreadable``,
    also when the shelf is another ward's.
    """
    path = _path(home, ward)
    if not path.exists():
        return Shelf(ward)
    shelf = _read(path)
    if shelf.ward != ward:
        raise ShelfUnreadable(path=path, why="il est celui d'un autre service")
    return shelf


def put(home: Home, shelf: Shelf, held: Held, page: bytes, key: KitKey) -> Shelf:
    """Write a kit and its signature, the shelf, then the copy; drop what ages out. Durable."""
    path = kit_path(home, shelf.ward, held.generation)
    signature = key.sign(hashlib.sha256(page).digest())
    copy = published_path(home, shelf.ward)
    for folder in (path.parent, copy.parent):
        make_folder(folder)
    _write_signed(path, page, signature)
    kept = kept_at((*shelf.kits, held), held.built)
    write_shelf(home, replace(shelf, next=held.generation + 1, kits=kept, refused=None))
    _write_signed(copy, page, signature)
    dropped = {kit.generation for kit in shelf.kits} - {kit.generation for kit in kept}
    for generation in dropped:
        old = kit_path(home, shelf.ward, generation)
        old.unlink(missing_ok=True)
        signature_of(old).unlink(missing_ok=True)
    if dropped:
        fsync_folder(path.parent)
    return read_shelf(home, shelf.ward)


def keep_current(home: Home, ward: str) -> int:
    """Remove every generation but the current one, and what a crash left beside; how many files.
    Durable. Raises ``ShelfUnreadable``.
    """
    with alone(home):
        shelf = read_shelf(home, ward)
        write_shelf(home, replace(shelf, kits=shelf.kits[-1:]))
        kept = {"shelf.json"}
        if shelf.current is not None:
            page = kit_path(home, ward, shelf.current.generation)
            kept |= {page.name, signature_of(page).name}
        folder = kits_folder(home) / folder_name(ward)
        return _unlink([path for path in folder.iterdir() if path.name not in kept])


def clear(home: Home, folder: str) -> int:
    """Remove a whole shelf, by its folder's name, and its published copy; how many files. Its next
    generation starts where the last one ended when the shelf still says it.
    """
    with alone(home):
        shelf = kits_folder(home) / folder
        try:
            known = _read(shelf / "shelf.json")
        except ShelfUnreadable:
            (shelf / "shelf.json").unlink()
        else:
            write_shelf(home, replace(known, kits=(), refused=None))
        copy = kits_folder(home) / "published" / f"{folder}.html"
        gone = [path for path in shelf.iterdir() if path.name != "shelf.json"]
        gone += [path for path in (copy, signature_of(copy)) if path.exists()]
        return _unlink(gone)


def _unlink(paths: Sequence[Path]) -> int:
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths}:
        fsync_folder(folder)
    return len(paths)


def kept_at(kits: tuple[Held, ...], now: datetime) -> tuple[Held, ...]:
    """The newest, and the first of each slot of ten minutes, an hour, six hours; older ones go."""
    kept, seen = [], set()
    for kit in kits[:-1]:
        age = now - kit.built
        apart = next((apart for most, apart in _KEPT if age <= most), None)
        if apart is None:
            continue
        slot = (apart, int(kit.built.timestamp() // apart.total_seconds()))
        if slot not in seen:
            seen.add(slot)
            kept.append(kit)
    return (*kept, *kits[-1:])


def write_shelf(home: Home, shelf: Shelf) -> None:
    """Durable on return."""
    path = _path(home, shelf.ward)
    make_folder(path.parent)
    text = json.dumps(asdict(shelf), default=_plain, ensure_ascii=True, indent=1)
    write_durably(path, text.encode("ascii"), mode=0o644)


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """One publisher at a time; the second waits for the first."""
    home.check_not_copied()
    make_folder(home.run)
    descriptor = os.open(home.run / "kits.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _shelved(home: Home) -> Iterator[tuple[str, str | None]]:
    """Each shelf's folder and its ward: the folder's own name, or what the shelf of a digest says;
    None when it no longer says it.
    """
    for path in kits_folder(home).glob("*/shelf.json"):
        folder = path.parent.name
        if folder_name(folder) == folder:
            yield folder, folder
            continue
        try:
            yield folder, _read(path).ward
        except ShelfUnreadable:
            yield folder, None


def _write_signed(path: Path, page: bytes, signature: bytes) -> None:
    write_durably(path, page, mode=0o644)
    write_durably(signature_of(path), signature, mode=0o644)


def _path(home: Home, ward: str) -> Path:
    return kits_folder(home) / folder_name(ward) / "shelf.json"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(type(value).__name__)


def _read(path: Path) -> Shelf:
    try:
        fields = json.loads(path.read_text("ascii"))
        return Shelf(
            str(fields["ward"]),
            int(fields["next"]),
            tuple(_held(each) for each in fields["kits"]),
            _refused(fields["refused"]),
            int(fields["refusals"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ShelfUnreadable(path=path, why=error) from error


def _held(fields: dict[str, Any]) -> Held:
    as_of = fields["as_of"]
    moments = {
        "built": from_iso(fields["built"]),
        "as_of": None if as_of is None else from_iso(as_of),
    }
    return Held(**{**fields, **moments})


def _refused(fields: dict[str, Any] | None) -> Refusals | None:
    if fields is None:
        return None
    moments = {"since": from_iso(fields["since"]), "last": from_iso(fields["last"])}
    return Refusals(**{**fields, **moments})
