"""The only writer of retention's rows. Each act is one transaction: rows and facts together.

Times are given by the caller. Called from any process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction

from releve.kernel.errors import BadInput
from releve.pages.telling import commit
from releve.retention.app import facts
from releve.retention.app.models import Officer, Override, Purge, Told
from releve.retention.purging import Counts, Plan
from releve.retention.signing import check_passed, person_text
from releve.retention.stores import Rules, Store

_LONGEST_REASON = 500


def officer() -> Officer | None:
    """The DPO in office, None while nobody was entered."""
    return Officer.objects.last()


def enter_officer(
    name: str, agreed_on: date, by_words: str, now: datetime, account: int | None = None
) -> Officer:
    """Enter the DPO; listening that was opened without one is regularised. Raises ``BadInput``."""
    clean = person_text(name)
    check_passed(agreed_on, now)
    with transaction.atomic():
        row = Officer.objects.create(
            name=clean, agreed_on=agreed_on, at=now, by_id=account, by_words=by_words[:200]
        )
        late = Override.objects.filter(regularised_at=None).update(regularised_at=now)
        facts.tell(
            facts.DPO, now, agreed_on.isoformat(), commitments={"name": commit(clean)},
            detail={"row": row.pk, "regularised": late},
        )  # fmt: skip
        return row


def override(reason: str, address: str, by_words: str, now: datetime) -> Override:
    """Listen on ``address`` although no DPO was entered; told to the ledger. Raises ``BadInput``
    without a reason.
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if len(clean) < 10 or len(clean) > _LONGEST_REASON:
        fix = f"Écrivez pourquoi, en une phrase de 10 à {_LONGEST_REASON} signes."
        raise BadInput(where="--override", what="il faut une raison", fix=fix)
    with transaction.atomic():
        row = Override.objects.create(reason=clean, address=address, at=now, by_words=by_words)
        facts.tell(
            facts.OVERRIDE, now, "écoute ouverte sans DPO",
            commitments={"reason": commit(clean)}, detail={"row": row.pk},
        )  # fmt: skip
        return row


def overrides() -> list[Override]:
    """Those not regularised yet, oldest first."""
    return list(Override.objects.filter(regularised_at=None))


def tell_signatures(rules: Rules, now: datetime) -> int:
    """Tell the ledger of each signature that it does not know; how many. Called after signing, and
    again by whoever comes next: a program killed after the file and before the row loses nothing,
    and a signature typed in the file by hand is told too.
    """
    count = 0
    for store in rules.stores:
        if store.signed:
            count += _tell_signature(store, now)
    return count


def tell_due(months: Sequence[str], files: int, now: datetime) -> bool:
    """Tell, once for the same, what is past its term and waits for two people."""
    key = _key("due", *months, str(bool(files)))
    with _once(key, facts.DUE, now) as first:
        if first:
            facts.tell(
                facts.DUE, now, len(months), unit="mois", kind="event",
                detail={"months": " ".join(months)[:2000], "files": files},
            )  # fmt: skip
        return first


def _tell_signature(store: Store, now: datetime) -> bool:
    by = store.signature
    if by is None:
        return False
    words = json.dumps([store.line, by.name, by.function, by.on.isoformat()])
    with _once(_key("signed", words), facts.SIGNED, now) as first:
        if first:
            facts.tell(
                facts.SIGNED, now, store.id, commitments={"by": commit(words)},
                detail={"line": store.line, "months": store.months, "on": by.on.isoformat()},
            )  # fmt: skip
        return first


def _key(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


@contextmanager
def _once(key: str, what: str, now: datetime) -> Iterator[bool]:
    """One transaction, where ``key`` was never told before (True) or was (False)."""
    with transaction.atomic():
        yield Told.objects.get_or_create(key=key, defaults={"what": what, "at": now})[1]


def decide(plan: Plan, by_words: str, now: datetime) -> Purge:
    """Two people decided this purge; it waits to be done."""
    with transaction.atomic():
        row = Purge.objects.create(
            plan=json.dumps(asdict(plan)), decided_at=now, by_words=by_words[:400]
        )
        months = " ".join(plan.months)[:2000]
        facts.tell(
            facts.DECIDED, now, len(plan.months), unit="mois",
            detail={"purge": row.pk, "months": months, "files": len(plan.files)},
        )  # fmt: skip
        return row


def waiting() -> list[Purge]:
    """Decided and not done yet, oldest first."""
    return list(Purge.objects.filter(state=Purge.DECIDED).order_by("pk"))


def failed(row: Purge, why: str) -> None:
    """Remember why a try did not finish."""
    Purge.objects.filter(pk=row.pk, state=Purge.DECIDED).update(trouble=why[:2000])


def done(row: Purge, counts: Counts, now: datetime) -> None:
    """Close it and tell it, once."""
    with transaction.atomic():
        held = Purge.objects.select_for_update().get(pk=row.pk)
        if held.state == Purge.DONE:
            return
        held.state, held.done_at, held.trouble = Purge.DONE, now, ""
        held.counts = json.dumps(counts.figures())
        held.save()
        facts.tell(
            facts.PURGED, now, counts.months, unit="mois",
            detail={"purge": held.pk, **counts.figures()},
        )  # fmt: skip
