"""What is decided about a contradiction: the answer accepted into the folder, or the folder kept
with a reason. One transaction: the ruling, its fact, and the new generation of the folder last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from releve.establishment import Establishment, Generation, amend, current
from releve.establishment.amending import changed
from releve.establishment.app import facts
from releve.establishment.app.interviews import sheets, signed_on_behalf
from releve.establishment.app.models import Ruling
from releve.establishment.app.questions import MOST, typed
from releve.establishment.app.seen import whole
from releve.establishment.contradictions import Contradiction, contradictions
from releve.establishment.errors import Overtaken
from releve.establishment.folder import read_bytes
from releve.establishment.interview_errors import (
    AmendmentFaulty,
    NoReason,
    NoSuchContradiction,
    OwnAnswer,
)
from releve.establishment.store import stored_files
from releve.pages.house import current_home
from releve.pages.models import Account
from releve.pages.telling import commit


@dataclass(frozen=True)
class Board:
    """What waits for a decision, and what was decided, newest first."""

    waiting: tuple[Contradiction, ...]
    ruled: tuple[Ruling, ...]


def board(establishment: Establishment, now: datetime, most: int = 100) -> Board:
    """The contradictions of now. One that was ruled upon comes back when either side changes."""
    known = set(Ruling.objects.values_list("key", flat=True))
    found = contradictions(sheets(), establishment, now)
    waiting = tuple(each for each in found if each.key not in known)
    return Board(waiting, tuple(Ruling.objects.all()[:most]))


def accept(key: str, account: Account, now: datetime) -> Ruling:
    """Make the folder say what the service says.

    Raises :class:`NoSuchContradiction`, :class:`OwnAnswer`, :class:`AmendmentFaulty`,
    ``Overtaken``, ``HomeBusy``.
    """
    home = current_home()
    found, establishment, generation = _find(key, now)
    if found.amendment is None:
        raise NoSuchContradiction()
    if signed_on_behalf(found.service, account):
        raise OwnAnswer()
    before = current(home)
    if before is None or before.number != generation.number:
        raise Overtaken()
    files = stored_files(home)
    changes = changed(files, establishment, found.amendment)
    tolerated = _faults_before(files, changes)
    with transaction.atomic():
        ruling = _ruled(found, Ruling.ACCEPTED, "", account, now)
        made, _ = amend(home, changes, now, seen=generation.number, tolerated=tolerated)
        ruling.generation = made.number
        ruling.save(update_fields=["generation"])
        facts.tell(
            facts.ACCEPTED,
            now,
            str(found.kind),
            sha256=made.fingerprint,
            service=found.service,
            generation=made.number,
        )
    return ruling


def keep(key: str, why: str, account: Account, now: datetime) -> Ruling:
    """Leave the folder as it is, and say why. Raises :class:`NoReason`,
    :class:`NoSuchContradiction`.
    """
    said = typed(why, MOST)
    if not said:
        raise NoReason()
    found, _, generation = _find(key, now)
    with transaction.atomic():
        ruling = _ruled(found, Ruling.KEPT, said, account, now)
        facts.tell(
            facts.KEPT,
            now,
            str(found.kind),
            commitments={"why": commit(said)},
            service=found.service,
            generation=generation.number,
        )
    return ruling


def _find(key: str, now: datetime) -> tuple[Contradiction, Establishment, Generation]:
    kept = whole()
    if kept is None:
        raise NoSuchContradiction()
    establishment, generation = kept
    waiting = board(establishment, now, 0).waiting
    found = next((each for each in waiting if each.key == key), None)
    if found is None:
        raise NoSuchContradiction()
    return found, establishment, generation


def _faults_before(files: Mapping[str, bytes], changes: Mapping[str, bytes]) -> set[str]:
    """Kinds of faults that the folder already had; raises :class:`AmendmentFaulty` for a fault
    that the change would bring.
    """
    before = {fault.kind for fault in read_bytes(files).faults}
    brought = [f for f in read_bytes({**files, **changes}).faults if f.kind not in before]
    if brought:
        raise AmendmentFaulty(what=brought[0].what, fix=brought[0].remedy)
    return before


def _ruled(
    found: Contradiction, decision: str, why: str, account: Account, now: datetime
) -> Ruling:
    return Ruling.objects.create(
        key=found.key,
        kind=found.kind.value,
        service=found.service,
        said=found.said,
        known=found.known,
        decision=decision,
        why=why,
        account=account,
        by=str(account)[:200],
        at=now,
    )
