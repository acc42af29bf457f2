"""Views made again from the journal, beside the living ones, then put in their place or compared.

The new views are copied over the old ones by SQLite itself, in one transaction: pages that are open
meanwhile see all of the old or all of the new, and go on with the connection they have.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from releve.care.durable_line import DurableCount
from releve.care.errors import RecordAltered
from releve.care.intake import Gone, Intake, Kept
from releve.care.projecting import ALTERED, Feeder
from releve.care.projection import (
    Projector,
    Taken,
    ViewsForeign,
    ViewsMissing,
    difference,
    install,
)
from releve.care.views import views_path
from releve.journal import JournalBusy
from releve.kernel.durable import fsync_folder, make_folder
from releve.kernel.home import Home

_ASK_SECONDS, _LINE_SECONDS = 0.3, 5.0
_COMPANIONS = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Rebuilt:
    """From how many records; per month without a key, how many say nothing any more; how many
    do not decipher although their key is there.
    """

    records: int
    gone: dict[str, int] = field(default_factory=dict)
    altered: int = 0


def durable_count(home: Home) -> int:
    """How many messages are surely on the disk: the listener says it, or else the journal is opened
    and recovered here. Raises what ``Journal.open`` raises.
    """
    with closing(DurableCount(home)) as line:
        count = line.wait(-1, _ASK_SECONDS)
        if count is not None:
            return count
        try:
            with Intake.open(home) as intake:
                return len(intake)
        except JournalBusy:
            count = line.wait(-1, _LINE_SECONDS)  # a listener is starting
            if count is None:
                raise
            return count


def rebuild(home: Home, count: int) -> Rebuilt:
    """Make the views again from the first ``count`` records; the caller is the only projector.

    Raises ``JournalDamaged``; then the old views are untouched.
    """
    with _aside(home, "rebuilt") as path:
        done = _project(home, path, count)
        _put_in_place(path, views_path(home))
    return done


def compare(home: Home) -> tuple[Rebuilt, str | None]:
    """Make the views again aside, up to where the living ones are, which go on being written.

    Returns the first table that differs; None when both are the same, byte for byte. Raises
    ``ViewsMissing`` when there are none, ``ViewsForeign``.
    """
    with _aside(home, "checked") as path, _aside(home, "copy") as copy:
        _copy(views_path(home), copy)
        with closing(Projector(copy)) as projector:
            count = projector.cursor
        done = _project(home, path, count)
        return done, difference(path, copy)


class Tally:
    """Counts what a feeding did."""

    def __init__(self) -> None:
        self.projected = self.duplicates = self.unprojected = 0
        self.quarantined: list[tuple[int, str]] = []
        self.gone: dict[str, int] = {}
        self.rewritten = 0

    def altered(self, error: RecordAltered) -> None:
        """One more."""
        self.rewritten += 1

    def taken(self, records: Sequence[Kept | Gone], taken: Taken) -> None:
        """Add a batch's outcome."""
        self.projected += taken.projected
        self.duplicates += taken.duplicates
        self.unprojected += taken.unprojected
        self.quarantined += taken.quarantined
        for record in records:
            if isinstance(record, Gone) and record.month != ALTERED:
                self.gone[record.month] = self.gone.get(record.month, 0) + 1


def feed(home: Home, path: Path, count: int) -> Tally:
    """Bring the views of ``path`` up to ``count``; the caller is their only projector."""
    tally = Tally()
    with (
        closing(Projector(path)) as projector,
        closing(Feeder(home, projector, tally)) as feeder,
    ):
        feeder.feed(count)
    return tally


def _project(home: Home, path: Path, count: int) -> Rebuilt:
    tally = feed(home, path, count)
    return Rebuilt(count, dict(sorted(tally.gone.items())), tally.rewritten)


@contextmanager
def _aside(home: Home, name: str) -> Iterator[Path]:
    """A database that is gone at the end, whatever happens; one left by a crash is removed."""
    path = home.path / "care" / f"views.{name}.sqlite3"
    make_folder(path.parent)
    _remove(path)
    try:
        yield path
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    for companion in _COMPANIONS:
        path.with_name(path.name + companion).unlink(missing_ok=True)


def _put_in_place(made: Path, living: Path) -> None:
    try:
        install(made, living)
    except ViewsForeign as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):  # busy: it is ours, and read
            raise
        # What was there is not our database any more: the new one takes its name.
        _remove(living)
        os.replace(made, living)
        fsync_folder(living.parent)


def _copy(source: Path, target: Path) -> None:
    """Raises ``ViewsMissing`` or ``ViewsForeign``."""
    if not source.exists():
        raise ViewsMissing(path=source.parent)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=20)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.DatabaseError as error:
        raise ViewsForeign(path=source, why=error) from error
