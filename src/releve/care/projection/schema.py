"""The tables of ``views.sqlite3``. All of it is made from the journal, in its order, and from
nothing else: no clock, no chance; ids are taken from what messages say.

Hours are integers: ``received`` in microseconds, ``sent`` and other hours of messages in
milliseconds, since 1970 UTC. ``source`` is a message's index in the journal. Clinical texts are
JSON lists ``[label, text, field]``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from releve.care.projection.errors import ViewsForeign

#: Written in ``PRAGMA user_version``; other numbers are refused and rebuilt.
FORMAT = 5

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sender (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- What was last heard of each kind from each sender.
CREATE TABLE heard (
  sender INTEGER, kind TEXT, received INTEGER, source INTEGER, count INTEGER,
  PRIMARY KEY (sender, kind)) WITHOUT ROWID;
-- One row per message with an effect: « sender|MSH-10 » and a hash of the octets. Senders count
-- their messages: neighbours are written together, hashes would be all over the file.
CREATE TABLE seen (control TEXT, digest INTEGER, PRIMARY KEY (control, digest)) WITHOUT ROWID;
-- Messages that came under an MSH-10 already used by other octets.
CREATE TABLE reused (source INTEGER PRIMARY KEY, sender TEXT, control TEXT);
CREATE TABLE unprojected (
  kind TEXT, version TEXT, count INTEGER, source INTEGER,
  PRIMARY KEY (kind, version)) WITHOUT ROWID;
-- settled: the message that said it again, readably; NULL while it waits.
CREATE TABLE quarantine (
  source INTEGER PRIMARY KEY, received INTEGER, sender TEXT, control TEXT, kind TEXT, reason TEXT,
  patient INTEGER, digest INTEGER, settled INTEGER);
CREATE INDEX quarantine_patient ON quarantine (patient) WHERE patient IS NOT NULL;
CREATE INDEX quarantine_digest ON quarantine (digest);
CREATE INDEX quarantine_waiting ON quarantine (control) WHERE settled IS NULL;
CREATE TABLE gone (month TEXT PRIMARY KEY, count INTEGER) WITHOUT ROWID;
-- One row per patient number; person = the number its links show it under.
CREATE TABLE patient (
  id INTEGER PRIMARY KEY, authority TEXT, ipp TEXT, person INTEGER, traits TEXT, source INTEGER,
  versions TEXT, presence TEXT, discreet INTEGER);
CREATE INDEX patient_person ON patient (person);
CREATE TABLE link (
  low INTEGER, high INTEGER, gone INTEGER, kept INTEGER, sent INTEGER, source INTEGER,
  live INTEGER, PRIMARY KEY (low, high)) WITHOUT ROWID;
CREATE INDEX link_high ON link (high);
-- What a patient is found by: n folded « NAME FIRST NAMES », d birth date, i IPP, v visit, s INS.
CREATE TABLE term (
  kind TEXT, text TEXT, patient INTEGER, PRIMARY KEY (kind, text, patient)) WITHOUT ROWID;
-- What ZBE said: slot 0 the INSERT of a movement, slot 1 its latest UPDATE or CANCEL.
CREATE TABLE movement (
  visit TEXT, ident TEXT, slot INTEGER, patient INTEGER, version INTEGER, sent INTEGER,
  source INTEGER, action TEXT, event TEXT, date INTEGER, class TEXT,
  unit TEXT, room TEXT, bed TEXT,
  PRIMARY KEY (visit, ident, slot)) WITHOUT ROWID;
-- Stays whose file was moved from one patient to another (A44).
CREATE TABLE moved (
  visit TEXT PRIMARY KEY, patient INTEGER, gone INTEGER, sent INTEGER, source INTEGER)
  WITHOUT ROWID;
CREATE INDEX moved_patient ON moved (patient);
-- Where each stay is, from its movements; name: folded, of its patient.
CREATE TABLE stay (
  visit TEXT PRIMARY KEY, number TEXT, patient INTEGER, open INTEGER, class TEXT,
  unit TEXT, room TEXT, bed TEXT, since INTEGER, date INTEGER, source INTEGER, name TEXT)
  WITHOUT ROWID;
CREATE INDEX stay_patient ON stay (patient);
CREATE INDEX stay_unit ON stay (unit) WHERE open = 1;
CREATE INDEX stay_name ON stay (name) WHERE open = 1;
CREATE INDEX stay_bed ON stay (bed) WHERE open = 1;
-- Allergies, treatments, results, documents: what they say (c…) and how they stand (s…), each the
-- latest of what was received, whatever the order.
CREATE TABLE fact (
  patient INTEGER, section TEXT, ident TEXT, sender INTEGER, visit TEXT, received INTEGER,
  cversion INTEGER, csource INTEGER, at INTEGER, content TEXT,
  sversion INTEGER, ssource INTEGER, status TEXT, ended INTEGER,
  PRIMARY KEY (patient, section, ident)) WITHOUT ROWID;
-- Results, as each message wrote them (an excerpt): read, and the latest version of each chosen,
-- when a file is opened.
CREATE TABLE bundle (
  source INTEGER PRIMARY KEY, patient INTEGER, sender INTEGER, visit TEXT, received INTEGER,
  content BLOB);
CREATE INDEX bundle_patient ON bundle (patient);
"""

_NAMES = tuple(
    line.split()[2] for line in TABLES.splitlines() if line.startswith("CREATE TABLE")
)  # in the order above

#: What SQLite says of a file that no waiting will mend; ERROR: « unsupported file format ».
_NOT_OURS = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB})


def connect(path: Path) -> sqlite3.Connection:
    """A writer's connection: WAL, FULL, freed pages wiped. Makes the tables in a new file.

    Raises ``ViewsForeign`` for a file of another make or format, or malformed; what may pass (a
    lock, a full disk, a disk that does not answer) is raised as SQLite says it.
    """
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=20)
    try:
        if _opened(base, path) == 0:
            script = f"BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {FORMAT}; COMMIT"
            base.executescript(script)
    except BaseException:
        base.close()
        raise
    return base


def _opened(base: sqlite3.Connection, path: Path) -> int:
    """Set up a writer's connection; the format found, 0 in an empty base."""
    try:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = FULL")
        base.execute("PRAGMA secure_delete = ON")
        base.execute("PRAGMA mmap_size = 0")
        base.execute("PRAGMA cache_size = -65536")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        base.execute("PRAGMA temp_store = MEMORY")
        return check(base, path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _NOT_OURS:
            raise ViewsForeign(path=path, why=error) from error
        raise


def check(base: sqlite3.Connection, path: Path) -> int:
    """The format found, 0 in an empty base; raises ``ViewsForeign``."""
    found: int = base.execute("PRAGMA user_version").fetchone()[0]
    empty = base.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if found != FORMAT and not (found == 0 and empty):
        raise ViewsForeign(path=path, why=f"format {found}, il fallait {FORMAT}")
    return found


def dump(path: Path) -> Iterator[bytes]:
    """Every row of every table, in an order that only its contents decide, one per item.

    Two bases made from the same records, in whatever batches, give the same bytes.
    """
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for name in _NAMES:
            columns = base.execute(f"PRAGMA table_info({name})").fetchall()
            order = ", ".join(str(number + 1) for number in range(len(columns)))
            for row in base.execute(f"SELECT * FROM {name} ORDER BY {order}"):  # noqa: S608
                yield f"{name}\t{row!r}\n".encode("utf-8", "surrogatepass")
    finally:
        base.close()


def difference(one: Path, other: Path) -> str | None:
    """The first row that two bases do not share; None when they are the same, byte for byte."""
    left, right = dump(one), dump(other)
    while True:
        a, b = next(left, None), next(right, None)
        if a != b:
            row = a if b is None or (a is not None and a < b) else b
            return row.decode("utf-8", "replace").partition("\t")[0] if row else None
        if a is None:
            return None


def install(rebuilt: Path, live: Path) -> None:
    """Put the contents of ``rebuilt`` in place of those of ``live``, in one transaction.

    Readers go on: they see the old views, then the new ones. Nobody else may be writing ``live``.
    What ``live`` held is wiped from its file and its WAL. Renaming a file over a live base would
    instead leave it with another base's WAL.
    """
    source = sqlite3.connect(rebuilt)
    target = connect(live)
    try:
        source.backup(target)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        target.close()
        source.close()
