"""What one transaction will write, gathered message by message."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from releve.care.projection.facts import UNSAID, Fact
from releve.care.projection.people import People
from releve.care.projection.places import Movement, place

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NEWER = "(excluded.cversion, excluded.csource) > (cversion, csource)"
_STANDS = "(excluded.sversion, excluded.ssource) > (sversion, ssource)"
_LATEST = ",".join(
    f" {name} = iif({_NEWER}, excluded.{name}, {name})"
    for name in ("sender", "visit", "at", "content", "cversion", "csource")
)
_STANDING = ",".join(
    f" {name} = iif({_STANDS}, excluded.{name}, {name})"
    for name in ("status", "ended", "sversion", "ssource")
)
_FACT = (
    "INSERT INTO fact VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - our own column names
    " ON CONFLICT (patient, section, ident) DO UPDATE SET"
    f" received = max(received, excluded.received),{_LATEST},{_STANDING}"
)
_MOVEMENT = (
    "INSERT INTO movement VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (visit, ident, slot) DO UPDATE SET patient = excluded.patient,"
    " version = excluded.version, sent = excluded.sent, source = excluded.source,"
    " action = excluded.action, event = excluded.event, date = excluded.date,"
    " class = excluded.class, unit = excluded.unit, room = excluded.room, bed = excluded.bed"
    " WHERE (excluded.version, excluded.sent, excluded.source) > (version, sent, source)"
)
_SLOTS = (
    "SELECT visit, ident, slot, patient, version, sent, source, action, event, date, class,"
    " unit, room, bed FROM movement WHERE visit"
)
_STAY = (
    "INSERT INTO stay VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (visit) DO UPDATE"
    " SET number = excluded.number, patient = excluded.patient, open = excluded.open,"
    " class = excluded.class, unit = excluded.unit, room = excluded.room,"
    " bed = excluded.bed, since = excluded.since, date = excluded.date,"
    " source = excluded.source, name = excluded.name"
)
#: Numbers are reused by some senders: what speaks of another patient, or is of another kind, is not
#: the same message said again.
_SETTLE = (
    "UPDATE quarantine SET settled = ?1 WHERE settled IS NULL AND control = ?3 AND sender = ?2"
    " AND source < ?1 AND kind IN ('', ?4) AND (patient IS NULL OR patient = ?5)"
)


def _owner(base: sqlite3.Connection, visit: str) -> int | None:
    """Whom an A44 gave this stay to."""
    row = base.execute("SELECT patient FROM moved WHERE visit = ?", (visit,)).fetchone()
    return None if row is None else int(row[0])


@dataclass
class Batch:
    """Rows to write; :meth:`write` empties it."""

    facts: list[tuple[object, ...]] = field(default_factory=list)
    bundles: list[tuple[object, ...]] = field(default_factory=list)
    movements: list[tuple[object, ...]] = field(default_factory=list)
    moved: list[tuple[object, ...]] = field(default_factory=list)
    #: Stays to place again, and their number as shown.
    visits: dict[str, str] = field(default_factory=dict)
    visit_terms: set[tuple[str, str, int]] = field(default_factory=set)
    heard: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    seen: list[tuple[str, int]] = field(default_factory=list)
    reused: list[tuple[object, ...]] = field(default_factory=list)
    unprojected: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    quarantine: list[tuple[object, ...]] = field(default_factory=list)
    #: Readable messages under a sender and MSH-10 that wait: index, sender, MSH-10, kind, patient.
    settled: list[tuple[object, ...]] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)

    def add_facts(
        self, facts: Iterable[Fact], patient: int, sender: int, visit: str, at: tuple[int, int]
    ) -> None:
        """Facts of one message received ``at`` (µs, index)."""
        received, source = at
        for fact in facts:
            content = None if fact.content is None else _encode(fact.content)
            self.facts.append(
                (
                    patient, fact.section, fact.ident, sender, visit, received,
                    fact.cversion, source if fact.cversion != UNSAID else -1, fact.at, content,
                    fact.sversion, source if fact.sversion != UNSAID else -1,
                    fact.status, int(fact.ended),
                )
            )  # fmt: skip

    def hear(self, sender: int, kind: str, received: int, source: int) -> None:
        """A message of that kind came."""
        known = self.heard.get((sender, kind))
        if known is None:
            self.heard[sender, kind] = [received, source, 1]
        else:
            known[0], known[1] = max(known[0], received), source
            known[2] += 1

    def write(self, base: sqlite3.Connection, people: People) -> None:
        """Everything, in the current transaction."""
        renamed = people.flush()
        self._write_tallies(base)
        if self.facts:
            base.executemany(_FACT, self.facts)
        if self.bundles:
            base.executemany("INSERT INTO bundle VALUES (?,?,?,?,?,?)", self.bundles)
        if self.movements:
            base.executemany(_MOVEMENT, self.movements)
        if self.moved:
            base.executemany(
                "INSERT INTO moved VALUES (?,?,?,?,?) ON CONFLICT (visit) DO UPDATE SET"
                " patient = excluded.patient, gone = excluded.gone, sent = excluded.sent,"
                " source = excluded.source"
                " WHERE (excluded.sent, excluded.source) > (sent, source)",
                self.moved,
            )
        base.executemany("INSERT OR IGNORE INTO term VALUES (?,?,?)", sorted(self.visit_terms))
        self._place(base, people)
        for person in sorted(renamed):
            base.execute(
                "UPDATE stay SET name = ? WHERE patient = ?", (people.name_of(person), person)
            )

    def _place(self, base: sqlite3.Connection, people: People) -> None:
        """Where each stay that something was said of is now."""
        visits = sorted(self.visits)
        any_moved = base.execute("SELECT 1 FROM moved LIMIT 1").fetchone() is not None
        rows: list[tuple[object, ...]] = []
        for start in range(0, len(visits), 500):
            some = visits[start : start + 500]
            slots: dict[str, list[Movement]] = {visit: [] for visit in some}
            marks = ",".join("?" * len(some))
            for visit, *slot in base.execute(f"{_SLOTS} IN ({marks})", some):
                slots[visit].append(Movement(*slot))
            for visit, movements in slots.items():
                here = place(movements)
                if here is None:
                    base.execute("DELETE FROM stay WHERE visit = ?", (visit,))
                    continue
                owner = _owner(base, visit) if any_moved else None
                patient = here.patient if owner is None else owner
                name = people.name_of(patient)
                rows.append(
                    (
                        visit, self.visits[visit], patient, int(here.open), here.kind, here.unit,
                        here.room, here.bed, here.since, here.date, here.source, name,
                    )
                )  # fmt: skip
        base.executemany(_STAY, rows)

    def _write_tallies(self, base: sqlite3.Connection) -> None:
        base.executemany("INSERT INTO seen VALUES (?,?)", sorted(self.seen))
        base.executemany("INSERT INTO reused VALUES (?,?,?)", self.reused)
        base.executemany("INSERT INTO quarantine VALUES (?,?,?,?,?,?,?,?,NULL)", self.quarantine)
        base.executemany(_SETTLE, self.settled)
        base.executemany(
            "INSERT INTO heard VALUES (?,?,?,?,?) ON CONFLICT (sender, kind) DO UPDATE SET"
            " received = max(received, excluded.received), source = excluded.source,"
            " count = count + excluded.count",
            [(*key, *value) for key, value in self.heard.items()],
        )
        base.executemany(
            "INSERT INTO unprojected VALUES (?,?,?,?) ON CONFLICT (kind, version) DO UPDATE SET"
            " count = count + excluded.count, source = excluded.source",
            [(*key, *value) for key, value in self.unprojected.items()],
        )
        base.executemany(
            "INSERT INTO gone VALUES (?,?) ON CONFLICT (month) DO UPDATE SET"
            " count = count + excluded.count",
            list(self.gone.items()),
        )
