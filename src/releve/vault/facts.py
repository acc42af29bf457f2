"""The vault's facts for the ledger: which, in what words, how often.

A cause that repeats (refusals, garbage) is told at 1, 10, 100… times: a million refusals are seven
entries, and the first one is told at once (threats 29).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from releve.kernel.ids import MachineName
from releve.kernel.units import powers_of_ten
from releve.vault.inspection import Finding
from releve.vault.objects import Kind
from releve.vault.ports import Fact, Segment
from releve.vault.protocol import Cause
from releve.vault.restored import Restored

ENROLLED = "vault.enrolled"
SNAPSHOT = "vault.snapshot"
ASIDE = "vault.snapshot.aside"
DOUBTFUL = "vault.snapshot.doubtful"
ALARM = "vault.alarm"
REFUSED = "vault.refused"
GARBAGE = "vault.garbage"
UNREADABLE = "vault.unreadable"
RECEIPTS = "vault.receipts.closed"
RESTORED = "vault.restored"
_WHAT = {"alarm": ALARM, "doubtful": DOUBTFUL, "invalid": UNREADABLE, "other-paths": ASIDE}
#: Which rule an alarm applied; the version is raised when the detector decides otherwise.
RULE, RULE_VERSION = "vault.structural-regression", "1"


def enrolled(machine: MachineName, now: datetime) -> Fact:
    """A machine was let in."""
    return Fact("decision", ENROLLED, now, machine, None, None, f"vault.enrolled.{machine}", 1)


def snapshot_read(
    machine: MachineName, number: int, name: str, finding: Finding, now: datetime
) -> Fact:
    """A snapshot was read and compared: one fact, an alarm or not.

    No text that the machine wrote stands in it: the ledger would refuse it, or show it.
    """
    alarm = finding.verdict in ("alarm", "invalid")
    detail: dict[str, int | str | bool | None] = {
        "snapshot": name,
        "verdict": finding.verdict,
        "files": finding.files,
        "changed": finding.changed,
        **{f"files.{verdict}": count for verdict, count in finding.counts.items()},
    }
    private = {"paths": json.dumps(finding.paths)} if alarm else {}
    return Fact(
        kind="alarm" if alarm else "measure",
        what=_WHAT.get(finding.verdict, SNAPSHOT),
        when=now,
        system=machine,
        value=finding.suspect if alarm else finding.files,
        unit="fichiers",
        origin="vault.snapshots",
        number=number + 1,
        rule=RULE if alarm else None,
        detail=detail,
        private=private,
    )


def refused(
    machine: MachineName, cause: Cause, before: int, after: int, now: datetime
) -> Iterator[Fact]:
    """Requests refused, at each power of ten newly reached."""
    for reached in powers_of_ten(before, after):
        yield Fact(
            kind="alarm" if cause.hostile else "event",
            what=REFUSED,
            when=now,
            system=machine,
            value=after,
            unit="refus",
            origin=f"vault.refused.{machine}.{cause.name.lower()}",
            number=reached,
            detail={"cause": cause.value},
        )


def garbage(
    machine: MachineName, kind: Kind, before: int, after: int, now: datetime
) -> Iterator[Fact]:
    """Objects that do not read as valid, at each power of ten newly reached."""
    for reached in powers_of_ten(before, after):
        yield Fact(
            kind="alarm",
            what=GARBAGE,
            when=now,
            system=machine,
            value=after,
            unit="objets",
            origin=f"vault.garbage.{machine}.{kind.value}",
            number=reached,
            detail={"type": kind.value},
        )


def restored(done: Restored) -> Fact:
    """A restore was made and checked file by file."""
    return Fact(
        kind="measure",
        what=RESTORED,
        when=done.finished,
        system=done.machine,
        value=done.identical,
        unit="fichiers",
        origin=f"vault.restored.{done.machine}",
        number=done.number,
        detail={
            "snapshot": done.snapshot,
            "files": done.files,
            "flaws": done.flaws,
            "met": done.flaws == 0,
        },
    )


def segment_closed(segment: Segment, now: datetime) -> Fact:
    """The receipts' chain at the end of a closed segment: what was received cannot be rewritten."""
    return Fact(
        kind="receipt",
        what=RECEIPTS,
        when=now,
        system="coffre",
        value=segment.count,
        unit="reçus",
        origin="vault.receipts",
        number=segment.first + 1,
        sha256=segment.root,
    )
