"""The read side of the patient feed: wards, census, files, search, and how the feed itself is.

Every answer is made in one short read transaction; it may be asked from any thread while the
projector writes. Connections are kept from one answer to the next, whichever thread asks: the web
part reads each request in a new thread.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from releve.care.freshness import read_freshness
from releve.care.identity import id_of, key_of
from releve.care.projection.errors import ViewsForeign, ViewsMissing
from releve.care.projection.schema import check
from releve.care.sheet import SECTIONS, PatientSheet, State, WardSheet
from releve.care.views_find import find
from releve.care.views_rows import Bedded, bed_order, members, micros, open_stays
from releve.care.views_shapes import (
    CensusRow,
    FeedState,
    Found,
    Quarantined,
    Source,
    Unprojected,
    WardLine,
)
from releve.care.views_sheets import homonyms, sheets
from releve.kernel.home import Home

_COUNTS = """
WITH here AS (
  SELECT s.unit AS unit, p.person AS person, s.date AS date,
    s.class IN ('E','O','R','P') AS passing,
    row_number() OVER (PARTITION BY p.person, s.class IN ('E','O','R','P')
                       ORDER BY s.date DESC, s.visit DESC) AS n
  FROM stay s JOIN patient p ON p.id = s.patient WHERE s.open = 1)
SELECT unit, count(DISTINCT person) FROM here AS one
WHERE n = 1 AND NOT (passing AND EXISTS (
  SELECT 1 FROM here AS bed WHERE bed.person = one.person AND NOT bed.passing AND bed.n = 1
  AND bed.date >= one.date))
GROUP BY unit ORDER BY unit
"""

_SET_ASIDE = "source, received, sender, control, kind, reason, patient"
_WAITING = "FROM quarantine WHERE settled IS NULL"
_AT_ONCE = 500
#: Connections kept while nobody asks.
_IDLE = 8
#: Device and inode of the base's file.
_Place = tuple[int, int]
#: The sections that the line of a patient in a census speaks of.
ON_A_LINE = ("allergies", "treatments")

__all__ = [
    "ON_A_LINE",
    "CensusRow",
    "FeedState",
    "Found",
    "Quarantined",
    "Source",
    "Unprojected",
    "Views",
    "WardLine",
    "views_path",
]


def views_path(home: Home) -> Path:
    """Where a home's views are."""
    return home.path / "care" / "views.sqlite3"


class Views:
    """The views at ``path`` (HOME/care/views.sqlite3); a hospital's own periods are read from
    ``freshness.toml`` beside it.

    Every method raises ``ViewsMissing`` when nothing was projected yet, ``ViewsForeign`` when the
    file is not what it should be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._freshness = read_freshness(self._path.with_name("freshness.toml"))
        self._lock = threading.Lock()
        self._idle: list[tuple[_Place, sqlite3.Connection]] = []

    def wards(self) -> tuple[WardLine, ...]:
        """The units that hold somebody, by code."""
        with self._reading() as base:
            as_of = _as_of(base)
            return tuple(WardLine(code, count, as_of) for code, count in base.execute(_COUNTS))

    def ward(
        self,
        code: str,
        now: datetime,
        units: Sequence[str] = (),
        sections: Sequence[str] = SECTIONS,
    ) -> WardSheet:
        """Everything known of the patients of a ward, in bed order.

        ``units``: the unit codes (PV1-3.1) of a service; ``code`` itself when not given.
        ``sections``: the only ones that the sheets will have (a census needs :data:`ON_A_LINE`).
        """
        with self._reading() as base:
            here, neighbours = _ward(base, units or (code,))
            placed = [(stay.person, stay) for stay in here]
            patients = sheets(base, placed, neighbours, self._freshness, now, sections)
            return WardSheet(code, tuple(patients), _as_of(base), _meta(base, "cursor"))

    def census(self, code: str, now: datetime, units: Sequence[str] = ()) -> tuple[CensusRow, ...]:
        """The lines of a ward's census, in bed order."""
        here = self.ward(code, now, units, ON_A_LINE).patients
        return tuple(_line(sheet) for sheet in here)

    def patient(self, key: str, now: datetime) -> PatientSheet | None:
        """A whole file, by any of the person's keys; None when nobody has it."""
        asked = id_of(key)
        with self._reading() as base:
            row = base.execute("SELECT person FROM patient WHERE id = ?", (asked,)).fetchone()
            if row is None:
                return None
            here = open_stays(base, row).get(row[0], [])
            stay = here[0] if here else None
            neighbours = _ward(base, (stay.unit,))[1] if stay else {}
            return sheets(base, [(row[0], stay)], neighbours, self._freshness, now)[0]

    def find(
        self,
        text: str,
        wards: Sequence[str] | None = None,
        limit: int = 50,
        discreet: bool = False,
    ) -> tuple[Found, ...]:
        """Persons by the beginning of a name (accents and case are nothing; first names may follow
        or precede), birth date, IPP, visit, INS or bed; those in a bed first.

        ``wards``: only those who are now in these units. ``discreet``: leave out those whose
        presence the feed says is confidential.
        """
        with self._reading() as base:
            return find(base, text, wards, limit, discreet)

    def feed(self, now: datetime) -> FeedState:
        """What was received, from whom, and who has been silent too long."""
        with self._reading() as base:
            sources = tuple(
                self._source(sender, kind, received, count, now)
                for sender, kind, received, count in base.execute(
                    "SELECT s.name, h.kind, h.received, h.count FROM heard h"
                    " JOIN sender s ON s.id = h.sender ORDER BY s.name, h.kind"
                )
            )
            unprojected = base.execute(
                "SELECT kind, version, count FROM unprojected ORDER BY kind, version"
            )
            return FeedState(
                as_of=_as_of(base),
                until=_meta(base, "cursor"),
                sources=sources,
                duplicates=_meta(base, "duplicates"),
                reused=_number(base, "SELECT count(*) FROM reused"),
                unprojected=tuple(Unprojected(*row) for row in unprojected),
                quarantined=_number(base, f"SELECT count(*) {_WAITING}"),
                gone=tuple(base.execute("SELECT month, count FROM gone ORDER BY month")),
            )

    def quarantine(self, limit: int = 200, before: int | None = None) -> tuple[Quarantined, ...]:
        """The latest messages that wait, most recent first; ``before``: older than that index."""
        with self._reading() as base:
            rows = base.execute(
                f"SELECT {_SET_ASIDE} {_WAITING} AND source < ? ORDER BY source DESC LIMIT ?",
                (2**62 if before is None else before, limit),
            ).fetchall()
        return tuple(_set_aside(*row) for row in rows)

    def waiting(self, digests: Sequence[int]) -> dict[int, Quarantined]:
        """Those of these octets (:func:`releve.care.projection.octets_digest`) that wait in
        quarantine: for each, the first time they came.
        """
        found: dict[int, Quarantined] = {}
        with self._reading() as base:
            for start in range(0, len(digests), _AT_ONCE):
                some = digests[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                for digest, *row in base.execute(
                    f"SELECT digest, {_SET_ASIDE} {_WAITING} AND digest IN ({marks})"
                    " ORDER BY source DESC",
                    some,
                ):
                    found[digest] = _set_aside(*row)
        return found

    def close(self) -> None:
        """Release the connections that nobody uses now."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, base in idle:
            base.close()

    def _source(self, sender: str, kind: str, received: int, count: int, now: datetime) -> Source:
        heard = micros(received)
        assert heard is not None  # noqa: S101 - an hour of reception is always stored
        silent = self._freshness.silent(kind, heard, now)
        return Source(sender, kind, heard, count, self._freshness.periods[kind], silent)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        place = self._place()
        still = _still(self._path)
        base = None if still else self._idle_at(place)
        base = base or _open(self._path, "immutable=1" if still else "mode=rw")
        try:
            base.execute("BEGIN")
            yield base
            base.execute("COMMIT")
        except BaseException:
            base.close()
            raise
        with self._lock:
            kept = len(self._idle) < _IDLE and not still
            if kept:
                self._idle.append((place, base))
        if not kept:
            base.close()

    def _place(self) -> _Place:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self.close()
            raise ViewsMissing(path=self._path.parent) from None
        return found.st_dev, found.st_ino

    def _idle_at(self, place: _Place) -> sqlite3.Connection | None:
        """A connection that nobody uses; those to a file that another replaced are closed."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                opened_at, base = self._idle.pop()
            if opened_at == place:
                return base
            base.close()


def _still(path: Path) -> bool:
    """True when nobody has the base open and this process may not write beside it: the memory that
    SQLite shares between its users is not there and cannot be made. The base is whole, and is read
    as a file that does not change, for one answer.
    """
    return not os.access(path, os.W_OK) and not path.with_name(f"{path.name}-shm").exists()


def _open(path: Path, how: str) -> sqlite3.Connection:
    base = sqlite3.connect(
        f"{path.as_uri()}?{how}",
        uri=True,
        isolation_level=None,
        timeout=5,
        check_same_thread=False,
    )
    try:
        base.execute("PRAGMA query_only = ON")
        base.execute("PRAGMA mmap_size = 0")
        if check(base, path) == 0:
            raise ViewsMissing(path=path.parent)
    except sqlite3.DatabaseError as error:
        base.close()
        raise ViewsForeign(path=path, why=error) from error
    except (ViewsForeign, ViewsMissing):
        base.close()
        raise
    return base


def _ward(
    base: sqlite3.Connection, units: Sequence[str]
) -> tuple[list[Bedded], dict[int, tuple[str, ...]]]:
    """Who is in these units, in bed order, and their homonyms there."""
    marks = ",".join("?" * len(units))
    rows = base.execute(
        "SELECT DISTINCT p.person FROM stay s JOIN patient p ON p.id = s.patient"  # noqa: S608
        f" WHERE s.open = 1 AND s.unit IN ({marks})",
        tuple(units),
    ).fetchall()
    stays = open_stays(base, (person for (person,) in rows)).values()
    found = (next((s for s in group if s.unit in units), None) for group in stays)
    here = sorted((stay for stay in found if stay is not None), key=bed_order)
    return here, homonyms(here, members(base, (stay.person for stay in here)))


def _line(sheet: PatientSheet) -> CensusRow:
    traits, stay = sheet.traits, sheet.stay
    allergies = sheet.section("allergies")
    named = (v.text for row in allergies.rows if not row.ended for v in row.values
             if v.name == "substance")  # fmt: skip
    return CensusRow(
        key=sheet.key,
        ipp=traits.ipp,
        name=traits.name,
        birth_name=traits.birth_name,
        first_names=traits.first_names,
        born=traits.born,
        sex=traits.sex,
        ward=stay.ward if stay else "",
        room=stay.room if stay else "",
        bed=stay.bed if stay else "",
        visit=stay.visit if stay else "",
        since=stay.since if stay else None,
        allergies=() if allergies.state is State.NONE_STATED else tuple(named),
        allergies_state=allergies.state,
        treatments_state=sheet.section("treatments").state,
        homonyms=sheet.homonyms,
        unread=sheet.unread,
    )


def _set_aside(
    source: int, received: int, sender: str, control: str, kind: str, reason: str, who: int | None
) -> Quarantined:
    hour = micros(received)
    assert hour is not None  # noqa: S101 - an hour of reception is always stored
    key = None if who is None else key_of(who)
    return Quarantined(source, hour, sender, control, kind, reason, key)


def _as_of(base: sqlite3.Connection) -> datetime | None:
    row = base.execute("SELECT value FROM meta WHERE name = 'received'").fetchone()
    return micros(row[0]) if row else None


def _meta(base: sqlite3.Connection, name: str) -> int:
    row = base.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def _number(base: sqlite3.Connection, query: str) -> int:
    return int(base.execute(query).fetchone()[0])
