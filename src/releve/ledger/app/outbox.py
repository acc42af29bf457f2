"""Putting evidence in the outbox and draining it into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db import connection, transaction
from django.db.models import F

from releve.kernel.home import FinessRefused
from releve.ledger.app.models import Outbox, OutboxCounter
from releve.ledger.errors import EvidenceRefused
from releve.ledger.evidence import Evidence, encode, from_json
from releve.ledger.ports import Appender

#: Errors about the evidence itself; any other (signer away, disk full) is about now.
_FOREVER = (EvidenceRefused, FinessRefused)
_TOGETHER = 200


def put(evidence: Evidence) -> Evidence:
    """Keep ``evidence`` under the next number of its origin, inside the caller's transaction:
    it exists if and only if that transaction commits. Returns it, numbered.

    Raises ``TransactionManagementError`` outside ``atomic``, ``EvidenceTooLarge``.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "put() s'appelle dans la transaction qui écrit le fait"
        )
    OutboxCounter.objects.get_or_create(origin=evidence.origin)
    OutboxCounter.objects.filter(origin=evidence.origin).update(last=F("last") + 1)
    number = OutboxCounter.objects.get(origin=evidence.origin).last
    numbered = replace(evidence, number=number)
    payload = encode(numbered).decode()
    Outbox.objects.create(origin=numbered.origin, number=number, payload=payload)
    return numbered


def drain(appender: Appender) -> int:
    """Append what waits, in order; returns how many were. May be killed anywhere, and run twice at
    once: the ledger keeps each (origin, number) once and gives its first index again.

    An evidence the ledger refuses for good is set aside with the reason (``refused``), and the rest
    goes on; any other error is raised, and what waits goes on waiting.
    """
    count = 0
    while rows := list(Outbox.objects.filter(appended=None, refused="").order_by("id")[:_TOGETHER]):
        try:
            indexes = appender.append_many([from_json(row.payload) for row in rows])
        except _FOREVER:
            count += _one_by_one(appender, rows)
        else:
            for row, index in zip(rows, indexes, strict=True):
                row.appended = index
            Outbox.objects.bulk_update(rows, ["appended"])
            count += len(rows)
    return count


def refusals() -> int:
    """How many evidences were set aside: a figure for the cockpit, 0 in a sound house."""
    return Outbox.objects.exclude(refused="").count()


def _one_by_one(appender: Appender, rows: Sequence[Outbox]) -> int:
    count = 0
    for row in rows:
        try:
            row.appended = appender.append(from_json(row.payload))
            count += 1
        except _FOREVER as error:
            row.refused = str(error)[:2000]
        row.save(update_fields=["appended", "refused"])
    return count
