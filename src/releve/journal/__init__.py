"""Durable append-only segments: what raw input and proof are kept in before anything is answered.

Promise: when ``append`` returns, the record is on this machine's disk, file and folder fsynced, and
is there after a power cut, once. ``append_many`` is all or nothing. Threads share one fsync. A tail
cut short by a crash was never acknowledged: it is cut and counted (``recovered``). Damage that a
later mark proves to be damage is an alarm (``JournalDamaged``) and nothing is cut. A full disk
gives ``JournalFull`` and a whole journal; a failed fsync ends the process.

Limits: one writer per folder (flock). A record weighs at most 16 MiB. Damage to the very last
commit, before the journal is closed or written again, cannot be told from a torn tail; a journal
cut back to an earlier whole commit, or replaced by an older copy, reads as sound: the ledger, which
keeps the root of each closed segment (:func:`closed_segments`), is what tells. The chain finds
accidents and careless hands; it signs nothing. Losing the machine loses what was not copied.
"""

from releve.journal.errors import (
    JournalBusy,
    JournalClosed,
    JournalDamaged,
    JournalEpochRefused,
    JournalForeign,
    JournalFull,
    JournalStopped,
    JournalTooNew,
    RecordTooLarge,
)
from releve.journal.following import Follower
from releve.journal.journal import Journal
from releve.journal.layout import MAX_RECORD
from releve.journal.reading import Record, read_journal
from releve.journal.recovery import Origin, Recovered
from releve.journal.scrub import ClosedSegment, Damage, Verdict, closed_segments, verify_journal

__all__ = [
    "MAX_RECORD",
    "ClosedSegment",
    "Damage",
    "Follower",
    "Journal",
    "JournalBusy",
    "JournalClosed",
    "JournalDamaged",
    "JournalEpochRefused",
    "JournalForeign",
    "JournalFull",
    "JournalStopped",
    "JournalTooNew",
    "Origin",
    "Record",
    "RecordTooLarge",
    "Recovered",
    "Verdict",
    "closed_segments",
    "read_journal",
    "verify_journal",
]
