"""What a purge works on in a home: keys of months, views and kits, the ledger's salts, files."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from releve.care import facts as care_facts
from releve.care.keys import MonthKeys, month_of
from releve.care.kit import frozen
from releve.care.kit.remaking import older_than, remake
from releve.care.needed import oldest_needed
from releve.care.projection import ViewsMissing
from releve.care.views import Views, views_path
from releve.establishment import Establishment, stored
from releve.establishment.store import current, generations
from releve.journal import read_journal
from releve.kernel.clock import Clock
from releve.kernel.durable import fsync, fsync_folder
from releve.kernel.errors import ReleveError
from releve.kernel.hold import held
from releve.kernel.home import Home
from releve.kernel.units import moment
from releve.ledger import Evidence, Place, Salts, from_json
from releve.ledger.erasure import destroy_salts, orphans
from releve.retention.expiry import Entry, month_end, spared_generations
from releve.retention.ports import Hold
from releve.retention.purging import World
from releve.retention.reading import read_rules
from releve.retention.stores import Destruction
from releve.runtime.care_facts import CareFacts
from releve.runtime.care_verbs import rebuild

_GENERATIONS = "establishment"


class HomeCopies:
    """:class:`~releve.retention.ports.Copies` of one home: the register of its papers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def recall(self, why: str, before: datetime | None = None, what: str | None = None) -> int:
        """Needs the records (``use_records``)."""
        from releve.incident.app import copies

        return copies.recall(why, before, what, now=self._clock.now())


class LegalHold:
    """:class:`~releve.retention.ports.Hold`: somebody froze what is kept (``kernel.hold``)."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def held(self) -> str | None:
        """Since when, and why."""
        found = held(self._home)
        return None if found is None else f"gelée depuis le {moment(found.since)} : {found.why}"


class HomeHold:
    """:class:`~releve.retention.ports.Hold`: an open crisis, kits kept as they were, and whatever
    else asks to keep everything.
    """

    def __init__(self, home: Home, others: Sequence[Hold] = ()) -> None:
        self._home, self._others = home, others

    def held(self) -> str | None:
        """Needs the records (``use_records``)."""
        from releve.incident.app.desk import current as current_crisis

        if current_crisis() is not None:
            return "une crise est ouverte, rien ne se détruit avant qu'elle soit levée"
        if frozen(self._home) is not None:
            return "les kits sont figés, ils ne pourraient pas être refaits"
        return next((why for each in self._others if (why := each.held())), None)


class HomeFeed:
    """:class:`~releve.retention.ports.Feed` of one home."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock

    def months(self) -> Sequence[str]:
        """The running month is left out: messages still arrive under its key."""
        running = month_of(self._clock.now())
        return [month for month in MonthKeys(self._home).months() if month < running]

    def oldest_needed(self) -> str | None:
        return oldest_needed(self._home)

    def destroy(self, month: str, now: datetime) -> bool:
        """The destruction is told by the date of its note: asked again, it is the same fact."""
        keys = MonthKeys(self._home)
        gone = keys.destroy(month, now)
        CareFacts(self._home).record([care_facts.forgotten(month, keys.destroyed_at(month) or now)])
        return gone

    def rebuild(self) -> int:
        return sum(rebuild(self._home).gone.values())

    def remake_kits(self, now: datetime) -> int:
        views = Views(views_path(self._home))
        with suppress(ViewsMissing):
            done = remake(self._home, views, now, _establishment(self._home))
            return done.removed
        return 0

    def kits_before(self, moment: datetime) -> bool:
        return bool(older_than(self._home, moment))


class HomeProof:
    """:class:`~releve.retention.ports.Proof` of one home: every log it ever had."""

    def __init__(self, home: Home) -> None:
        self._place = Place(home)

    def destroy_salts(self, months: Sequence[str], hold: Hold) -> int:
        """Those of care's facts (who opened whose file) told in these months, or in earlier ones of
        which no key is left. What else the ledger commits to (paths, lines of a crisis) has its
        own term. Under a hold: those of ``months`` alone.
        """
        newest, kept = max(months), frozenset(MonthKeys(self._place.home).months())
        salts, known = Salts(self._place.salts), set[str]()

        def of_patients(evidence: Evidence) -> bool:
            month = month_of(evidence.when)
            if not evidence.what.startswith("care.") or month > newest or month in kept:
                return False
            return month in months or hold.held() is None

        count = destroy_salts(salts, self._entries(known), of_patients)
        known |= self._waiting()
        for made in orphans(self._place.salts, known, month_end(newest)):
            if hold.held() is not None:
                break
            salts.destroy(made)
            count += 1
        return count

    def _entries(self, known: set[str]) -> Iterator[Evidence]:
        closed = sorted((self._place.folder / "closed").glob("*/journal"))
        for journal in (*closed, self._place.journal):
            for record in read_journal(journal):
                evidence = from_json(record.payload)
                known.update(evidence.commitments.values())
                yield evidence

    def _waiting(self) -> set[str]:
        """What facts not appended yet commit to."""
        from releve.ledger.app.models import Outbox

        rows = Outbox.objects.filter(appended=None).values_list("payload", flat=True)
        return {made for row in rows for made in from_json(row).commitments.values()}


class HomeFiles:
    """:class:`~releve.retention.ports.Files` of one home. Links are removed, never followed."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def entries(self) -> Sequence[Entry]:
        """Each first level of a store that age ends, by its last change; generations of the
        establishment by when another took their place.
        """
        found = list[Entry]()
        for store in read_rules(self._home).stores:
            if store.destruction is not Destruction.AGE:
                continue
            if store.id == _GENERATIONS:
                found += self._generations()
                continue
            for pattern in store.paths:
                found += self._under(store.id, pattern.rstrip("*"))
        return found

    def _under(self, store: str, folder: str) -> Iterator[Entry]:
        with (
            suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self._home.path / folder) as entries,
        ):
            for entry in entries:
                when = datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, UTC)
                yield Entry(store, f"{folder}/{entry.name}", when)

    def _generations(self) -> Iterator[Entry]:
        from releve.incident.app.desk import current as current_crisis

        crisis, now_current = current_crisis(), current(self._home)
        loaded = generations(self._home)
        spared = spared_generations(
            loaded,
            now_current.number if now_current else None,
            crisis.opened_at if crisis else None,
        )
        for (number, _), (_, replaced) in pairwise(loaded):
            if number not in spared:
                yield Entry(_GENERATIONS, f"{_GENERATIONS}/{number}", replaced)

    def remove(self, path: str) -> bool:
        target = self._inside(path)
        if target is None or not os.path.lexists(target):
            return False
        if stat.S_ISDIR(target.lstat().st_mode):
            shutil.rmtree(target)
        else:
            target.unlink()
        fsync_folder(target.parent)
        return True

    def _inside(self, path: str) -> Path | None:
        """Of a store that age ends, and in this home: a plan is rows, rows may be altered."""
        store = read_rules(self._home).of_path(path)
        if store is None or store.destruction is not Destruction.AGE or ".." in Path(path).parts:
            return None
        return self._home.path / path

    def empty(self) -> int:
        """Logs are cut where they stand: their writers append. The words of jobs' past errors are
        logs too.
        """
        count = _forget_errors()
        for store in read_rules(self._home).stores:
            if store.destruction is not Destruction.EMPTIED:
                continue
            for pattern in store.paths:
                folder = self._home.path / pattern.rstrip("*")
                for path in [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]:
                    with path.open("r+b") as file:
                        count += bool(file.seek(0, os.SEEK_END))
                        file.truncate(0)
                        fsync(file.fileno())
                    if store.id != "logs":
                        path.unlink()
        return count


def _forget_errors() -> int:
    from django.db import OperationalError, connection

    from releve.jobs.app.store import forget_errors

    count = forget_errors()
    if count and connection.vendor == "sqlite" and not connection.in_atomic_block:
        with suppress(OperationalError), connection.cursor() as cursor:  # a reader holds it
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def hold_of(home: Home) -> Hold:
    """Everything that forbids to destroy in this home."""
    return HomeHold(home, [LegalHold(home)])


def world_of(home: Home, clock: Clock) -> World:
    """The real things of ``home``; the records must be usable (``use_records``)."""
    return World(
        HomeFeed(home, clock), HomeProof(home), HomeFiles(home), HomeCopies(clock), hold_of(home)
    )


def _establishment(home: Home) -> Establishment | None:
    try:
        return stored(home)
    except ReleveError:  # names of wards are then their codes
        return None
