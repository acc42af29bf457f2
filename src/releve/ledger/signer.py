"""The one writer of a home's log: journal first, then tiles and checkpoint that follow it.

Acknowledged means in the fsynced journal. Everything else (tiles, checkpoint, the table of numbers)
is rebuilt from it at start, and what is rebuilt is compared with what had been signed: a journal
that shrank or changed is refused, never signed a second time under the same name.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from releve import __version__
from releve.journal import Journal, Origin, read_journal
from releve.kernel.clock import Clock, SystemClock
from releve.kernel.durable import make_folder, write_durably
from releve.kernel.errors import ReleveError
from releve.kernel.home import FORMAT, Home
from releve.kernel.ids import DRILL_FINESS
from releve.kernel.units import MIB
from releve.kernel.world import Reality, World
from releve.ledger.errors import LedgerForked, NoteRefused, NumberTaken
from releve.ledger.evidence import (
    BIRTH,
    Evidence,
    Tool,
    Value,
    bad,
    check_home,
    encode,
    from_entry,
)
from releve.ledger.merkle import leaf_hash
from releve.ledger.note import Checkpoint, SigningKey, VerifyKey, read_checkpoint
from releve.ledger.numbers import Numbers
from releve.ledger.place import Place
from releve.ledger.tiles import TileWriter


@dataclass(frozen=True)
class Entry:
    """An evidence admitted to this log: its bytes and its key."""

    payload: bytes
    leaf: bytes
    origin: str
    number: int

    @property
    def key(self) -> tuple[str, int]:
        return self.origin, self.number


class Signer:
    """Appends and signs. The caller holds ``sole_writer(home, "signer")``. Thread-safe.

    Nothing runs in the background: :meth:`publish` is called by the socket server every second,
    and by :meth:`close`.
    """

    def __init__(
        self, home: Home, clock: Clock | None = None, *, segment_bytes: int = 64 * MIB
    ) -> None:
        """Open or create the log of ``home``; raises :class:`LedgerForked`, ``SignerKeyMissing``
        or a journal's error, then nothing has been signed.
        """
        self.home = home
        self.place = Place(home)
        self._turn = threading.Condition()
        self._publishing = threading.Lock()
        self._in_flight: set[tuple[str, int]] = set()
        self._numbers = Numbers()
        _close_earlier_epoch(self.place)
        origin = Origin(home.id, home.epoch)
        self._journal = Journal.open(self.place.journal, origin, segment_bytes=segment_bytes)
        try:
            self._open(clock or SystemClock())
        except BaseException:
            self._journal.close()
            raise

    def __len__(self) -> int:
        """Entries acknowledged."""
        return len(self._journal)

    @property
    def published(self) -> int:
        """Entries under the checkpoint."""
        return self._published

    @property
    def key(self) -> VerifyKey:
        return self._key.public

    @property
    def repaired(self) -> int:
        """Tiles found different from the journal at start, and rewritten."""
        return self._tiles.repaired

    def admit(self, payload: bytes) -> Entry:
        """Check one entry written by a stranger: form, world, FINESS, number; raises the error to
        hand back.
        """
        evidence = from_entry(payload)
        check_home(evidence, self.home)
        if evidence.kind == BIRTH:
            raise bad("kind", "seul le signataire écrit la naissance d'un registre")
        if evidence.number < 1:
            raise bad("number", "la preuve n'est pas encore numérotée (à partir de 1)")
        return Entry(payload, leaf_hash(payload), evidence.origin, evidence.number)

    def keep(self, entries: Sequence[Entry]) -> list[int | NumberTaken]:
        """Append those that are new, under one fsync; for each its index, or why it is refused."""
        keys = {entry.key for entry in entries}
        with self._turn:
            while not keys.isdisjoint(self._in_flight):
                self._turn.wait()
            fresh: dict[tuple[str, int], Entry] = {}
            for entry in entries:
                if self._numbers.find(*entry.key, entry.leaf) is None:
                    fresh.setdefault(entry.key, entry)
            self._in_flight.update(fresh)
        first = 0
        written = False
        try:
            if fresh:
                first = self._journal.append_many([e.payload for e in fresh.values()])[0]
                written = True
        finally:
            with self._turn:
                self._in_flight.difference_update(fresh)
                if written:
                    for index, entry in enumerate(fresh.values(), first):
                        self._numbers.put(*entry.key, index, entry.leaf)
                self._turn.notify_all()
        with self._turn:
            return [self._answer(entry) for entry in entries]

    def append(self, evidence: Evidence) -> int:
        """See :class:`~releve.ledger.ports.Appender`."""
        return self.append_many([evidence])[0]

    def append_many(self, evidences: Sequence[Evidence]) -> list[int]:
        """See :class:`~releve.ledger.ports.Appender`."""
        indexes = []
        for answer in self.keep([self.admit(encode(evidence)) for evidence in evidences]):
            if isinstance(answer, ReleveError):
                raise answer
            indexes.append(answer)
        return indexes

    def publish(self) -> int:
        """Write the tiles of all acknowledged entries, then the checkpoint; the size it names."""
        with self._publishing:
            for record in self._journal.read(self._tiles.size):
                self._tiles.add(record.payload)
            if self._tiles.size != self._published:
                self._write_checkpoint()
            return self._published

    def close(self) -> None:
        """Publish and release the journal."""
        try:
            self.publish()
        finally:
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, clock: Clock) -> None:
        self._key = self.place.signing_key(born=len(self._journal) > 0)
        if self._key.public.name != self.place.origin:
            raise self._forked(f"la clé est celle de « {self._key.public.name} »")
        make_folder(self.place.log)
        write_durably(self.place.vkey, f"{self._key.public.text}\n".encode(), mode=0o644)
        signed = self._last_checkpoint()
        if len(self._journal) < (signed.size if signed else 0):
            raise self._forked(
                f"{signed.size if signed else 0} entrées signées, {len(self._journal)} au journal"
            )
        if not len(self._journal):
            self._journal.append(encode(_birth(self.home, self._key, clock)))
        self._published = 0
        self._tiles = TileWriter(self.place.log)
        for record in self._journal.read():
            self._replay(record.payload, signed)
        if signed and signed.size == self._tiles.size:
            self._tiles.flush()
            self._published = signed.size
        self.publish()

    def _replay(self, payload: bytes, signed: Checkpoint | None) -> None:
        index = self._tiles.size
        found = json.loads(payload)
        if index == 0:
            self._check_birth(found)
        self._numbers.put(found["origin"], found["number"], index, leaf_hash(payload))
        self._tiles.add(payload)
        if signed and signed.size == index + 1 and signed.root != self._tiles.root():
            raise self._forked(f"les {signed.size} premières entrées ont changé")

    def _check_birth(self, found: dict[str, object]) -> None:
        detail = found["detail"]
        named = detail.get("key") if isinstance(detail, dict) else None
        if named != self._key.public.fingerprint:
            raise self._forked("la clé n'est pas celle que nomme l'entrée 0")

    def _last_checkpoint(self) -> Checkpoint | None:
        """What was signed last; None when absent or unreadable (it is then written again)."""
        with suppress(FileNotFoundError, NoteRefused):
            return read_checkpoint(self.place.checkpoint.read_bytes(), self._key.public)
        return None

    def _write_checkpoint(self) -> None:
        self._tiles.flush()
        head = Checkpoint(self.place.origin, self._tiles.size, self._tiles.root())
        write_durably(self.place.checkpoint, self._key.sign(head.text), mode=0o644)
        self._published = head.size
        self._tiles.prune()

    def _answer(self, entry: Entry) -> int | NumberTaken:
        found = self._numbers.find(*entry.key, entry.leaf)
        if found is None:  # the append above would have raised
            raise AssertionError(entry.key)
        index, same = found
        return index if same else NumberTaken(number=entry.number, origin=entry.origin, index=index)

    def _forked(self, why: str) -> LedgerForked:
        return LedgerForked(path=self.place.folder, why=why)


def _birth(home: Home, key: SigningKey, clock: Clock) -> Evidence:
    drill = home.world is World.DRILL
    return Evidence(
        what="naissance du registre",
        when=clock.now(),
        system="registre",
        value=None,
        unit=None,
        tool=Tool("releve", __version__),
        finess=DRILL_FINESS if drill else None,  # a real home learns its own later
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind=BIRTH,
        origin="signer",
        number=1,
        detail={
            "home": home.id,
            "world": home.world.value,
            "epoch": home.epoch,
            "format": FORMAT,
            "key": key.public.fingerprint,
            **_predecessor(Place(home)),
        },
    )


def _predecessor(place: Place) -> dict[str, Value]:
    """What chains a log opened by a take-over to the last checkpoint of the one before."""
    for epoch in range(place.home.epoch - 1, 0, -1):
        log = place.closed(epoch) / "log"
        with suppress(OSError, ReleveError):
            key = VerifyKey.from_text((log / "vkey").read_text("utf-8"))
            head = read_checkpoint((log / "checkpoint").read_bytes(), key)
            return {
                "previous_origin": head.origin,
                "previous_size": head.size,
                "previous_root": head.root.hex(),
                "previous_key": key.fingerprint,
            }
    return {}


def _close_earlier_epoch(place: Place) -> None:
    """After a take-over the log of the earlier epoch is set aside: a log has one key and one
    writer, for ever.
    """
    epoch = None
    if place.journal.is_dir():
        for record in read_journal(place.journal, 0):
            epoch = json.loads(record.payload)["detail"]["epoch"]
            break
    if epoch is not None and epoch < place.home.epoch:
        place.set_aside(epoch)
