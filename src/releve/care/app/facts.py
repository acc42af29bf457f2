"""Telling the ledger, through the outbox, that somebody opened a patient's file."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from releve.care.opening import opened
from releve.kernel.perimeter import Perimeter
from releve.ledger.app.outbox import put
from releve.pages.house import current_home

_ORIGIN = "care.pages"


def tell_opened(patient: str, where: Perimeter, account: int, now: datetime) -> None:
    """Durable when it returns: the page is shown only then."""
    fact = opened(
        current_home(),
        patient=patient,
        where=where,
        who=f"compte {account}",
        door="page",
        when=now,
        origin=_ORIGIN,
    )
    with transaction.atomic():
        put(fact)
