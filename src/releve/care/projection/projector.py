"""From journal records to views, each message having its effect once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from releve.care.hl7 import Message, NotHl7, parse
from releve.care.intake import Gone, Kept
from releve.care.projection.batch import Batch
from releve.care.projection.errors import ViewsGap
from releve.care.projection.kinds import (
    Envelope,
    Head,
    project,
    read_head,
    readable_number,
    said_control,
)
from releve.care.projection.people import Identified, People, first_identified
from releve.care.projection.reading import hour
from releve.care.projection.schema import connect

_NO_HEAD = Head("", "", "", "", "", "")
#: A WAL is emptied into the base at least every so many records.
_CHECKPOINT_EVERY = 20_000
#: Of « sender|MSH-10 » (20 characters in HL7 2.5, 199 later), beyond which its hash stands for it.
_LONGEST_NAME = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Taken:
    """What became of the records given to one :meth:`Projector.take`."""

    projected: int = 0
    duplicates: int = 0
    #: Same sender and MSH-10 as another message, other octets: projected, and flagged.
    reused: int = 0
    unprojected: int = 0
    gone: int = 0
    #: Index and reason; a message may be both projected (its good part) and here.
    quarantined: list[tuple[int, str]] = field(default_factory=list)


class Projector:
    """The only writer of a home's views. One thread at a time.

    Raises ``ViewsForeign`` when ``path`` is not a base of this format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = connect(path)
        self._people = People(self._base)
        self._senders: dict[str, int] = {}
        #: MSH-10 of the batch under which something waits in quarantine.
        self._waiting: set[str] = set()
        self._load()
        self._since_checkpoint = 0

    @property
    def cursor(self) -> int:
        """The index of the next record to take: how many the views are made from."""
        return self._cursor

    def take(self, records: Sequence[Kept | Gone]) -> Taken:
        """Project the records that follow the cursor, in one transaction; those before it are
        ignored. Raises :class:`ViewsGap` when one is missing; nothing is then written.
        """
        fresh = [record for record in records if record.index >= self._cursor]
        taken = Taken()
        if not fresh:
            return taken
        for place, record in enumerate(fresh):
            if record.index != self._cursor + place:
                raise ViewsGap(path=self._path, cursor=self._cursor + place, index=record.index)
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._project(fresh, taken)
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            self._people = People(self._base)
            self._load()
            raise
        self._since_checkpoint += len(fresh)
        if self._since_checkpoint >= _CHECKPOINT_EVERY:
            self.checkpoint()
        return taken

    def checkpoint(self) -> None:
        """Empty the WAL into the base and truncate it, as far as readers let it."""
        self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._since_checkpoint = 0

    def close(self) -> None:
        """Empty the WAL and release the base."""
        self.checkpoint()
        self._base.close()

    def _load(self) -> None:
        meta = dict(self._base.execute("SELECT name, value FROM meta"))
        self._cursor: int = meta.get("cursor", 0)
        self._meta: dict[str, int] = meta
        self._senders = {
            name: number for number, name in self._base.execute("SELECT id, name FROM sender")
        }

    def _project(self, fresh: Sequence[Kept | Gone], taken: Taken) -> None:
        batch = Batch()
        read = [_Read(record) if isinstance(record, Kept) else None for record in fresh]
        self._people.prefetch({one.patient for one in read if one is not None and one.patient})
        already = self._already_seen([one for one in read if one is not None])
        self._waiting = self._still_waiting([one for one in read if one is not None])
        for record, one in zip(fresh, read, strict=True):
            if one is None:
                assert isinstance(record, Gone)  # noqa: S101 - narrowed by the line that made it
                batch.gone[record.month] = batch.gone.get(record.month, 0) + 1
                taken.gone += 1
            else:
                self._one(one, already, batch, taken)
        batch.write(self._base, self._people)
        self._count("cursor", len(fresh))
        self._count("duplicates", taken.duplicates)
        self._cursor = self._meta["cursor"]
        self._base.executemany(
            "INSERT INTO meta VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            list(self._meta.items()),
        )

    def _count(self, name: str, more: int) -> None:
        self._meta[name] = self._meta.get(name, 0) + more

    def _one(self, one: _Read, already: dict[str, set[int]], batch: Batch, taken: Taken) -> None:
        self._meta["received"] = max(self._meta.get("received", 0), one.received)
        index, message = one.kept.index, one.message
        if message is None:
            number = readable_number(one.kept.raw)
            self._set_aside(one, one.why, number, batch, taken)
            return
        if one.control:
            octets = already.setdefault(one.control, set())
            if one.digest in octets:
                taken.duplicates += 1
                return
            if octets:
                batch.reused.append((index, one.sender, one.head.control))
                taken.reused += 1
            octets.add(one.digest)
            batch.seen.append((one.control, one.digest))
        sender = self._sender(one.sender)
        envelope = Envelope(
            message, one.head, index, one.received, sender, one.sender, one.sent, one.identified
        )
        outcome = project(envelope, batch, self._people)
        if outcome.unprojected:
            taken.unprojected += 1
        elif outcome.projected:
            taken.projected += 1
        if outcome.projected and not outcome.problems and one.head.control in self._waiting:
            batch.settled.append((index, one.sender, one.head.control, one.kind, outcome.patient))
        if outcome.problems:
            why = " ; ".join(dict.fromkeys(outcome.problems))
            self._set_aside(one, why, outcome.patient, batch, taken)

    def _set_aside(
        self, one: _Read, why: str, patient: int | None, batch: Batch, taken: Taken
    ) -> None:
        control = one.head.control if one.message else said_control(one.kept.raw)
        digest = octets_digest(one.kept.raw)
        batch.quarantine.append(
            (one.kept.index, one.received, one.sender, control, one.kind, why, patient, digest)
        )
        if control:
            self._waiting.add(control)
        taken.quarantined.append((one.kept.index, why))

    def _sender(self, name: str) -> int:
        known = self._senders.get(name)
        if known is None:
            known = self._senders[name] = len(self._senders) + 1
            self._base.execute("INSERT INTO sender VALUES (?,?)", (known, name))
        return known

    def _still_waiting(self, read: Sequence[_Read]) -> set[str]:
        """Those of these messages' MSH-10 under which something waits in quarantine."""
        query = "SELECT 1 FROM quarantine WHERE settled IS NULL LIMIT 1"
        if self._base.execute(query).fetchone() is None:
            return set()
        controls = sorted({one.head.control for one in read if one.head.control})
        waiting: set[str] = set()
        for start in range(0, len(controls), 500):
            some = controls[start : start + 500]
            marks = ",".join("?" * len(some))
            query = (
                "SELECT control FROM quarantine WHERE settled IS NULL"  # noqa: S608
                f" AND control IN ({marks})"
            )
            waiting.update(control for (control,) in self._base.execute(query, some))
        return waiting

    def _already_seen(self, read: Sequence[_Read]) -> dict[str, set[int]]:
        controls = sorted({one.control for one in read if one.control})
        seen: dict[str, set[int]] = {}
        for start in range(0, len(controls), 500):
            some = controls[start : start + 500]
            marks = ",".join("?" * len(some))
            query = f"SELECT control, digest FROM seen WHERE control IN ({marks})"  # noqa: S608
            for control, digest in self._base.execute(query, some):
                seen.setdefault(control, set()).add(digest)
        return seen


class _Read:
    """A record as parsed once: its message or why there is none, and its two hashes."""

    __slots__ = (
        "control", "digest", "head", "identified", "kept", "message", "patient", "received",
        "sender", "sent", "why",
    )  # fmt: skip

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        apart = kept.received - _EPOCH
        self.received = (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds
        self.why = ""
        self.control = ""
        self.digest = 0
        self.sender = kept.sender
        self.sent = self.received // 1000
        self.message: Message | None = None
        self.head = _NO_HEAD
        self.identified: Identified | None = None
        self.patient = 0
        try:
            message = parse(kept.raw)
        except NotHl7 as error:
            self.why = str(error)
            return
        self.message = message
        self.head = read_head(message)
        self.sender = self.head.sender
        self.identified = first_identified(message)
        if self.identified is not None:
            self.patient = self.identified.person
        self.sent = hour(self.head.sent) or self.sent
        control = self.head.control
        if control:
            self.control = _name(f"{self.sender}|{control}")
            self.digest = octets_digest(kept.raw)

    @property
    def kind(self) -> str:
        """« ADT^A01 »; empty when the message cannot be read."""
        return f"{self.head.kind}^{self.head.trigger}" if self.message else ""


def _name(control: str) -> str:
    """The same for each message of this number; short, however long a hostile one is."""
    if len(control) <= _LONGEST_NAME:
        return control
    return f"#{octets_digest(control.encode('utf-8', 'surrogatepass'))}"


def octets_digest(octets: bytes) -> int:
    """64 bits that tell a message's octets from others; as ``seen`` and ``quarantine`` keep it."""
    return int.from_bytes(hashlib.blake2b(octets, digest_size=8).digest(), "big", signed=True)


__all__ = ["Projector", "Taken"]
