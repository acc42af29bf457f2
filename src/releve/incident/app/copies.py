"""The register of copies: who holds which paper, what is recalled, what came back.

Others call :func:`register`, :func:`recall` and :func:`open_copies`. Each act writes its row and
its fact in one transaction; the ledger gets numbers and counts, never a holder's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from releve.establishment import Establishment
from releve.establishment.contacts import CrisisContact
from releve.incident.app.copy_rows import Copy
from releve.incident.app.facts import tell
from releve.incident.binder.errors import UnknownCopy
from releve.incident.binder.material import Variant
from releve.incident.binder.printed import Printed, changes
from releve.incident.logbook import Author, clean

BINDER = "classeur"
MADE, HANDED = "incident.copy.made", "incident.copy.handed"
RECALLED, CLOSED = "incident.copy.recalled", "incident.copy.closed"
#: A copy older than this is shown as old whatever changed.
OLD = timedelta(days=90)
_HOLDER, _WHY = 200, 400
HOWS = (Copy.RETURNED, Copy.DESTROYED, Copy.LOST)


@dataclass(frozen=True)
class Source:
    """What a copy is made from."""

    generation: int
    fingerprint: str
    printed: Mapping[str, str]
    patients: int = 0


def register(
    what: str,
    source: Source,
    now: datetime,
    by: Author,
    *,
    variant: str = Variant.CELL,
    holder: str = "",
    wards: Sequence[str] = (),
) -> Copy:
    """Give a number to a copy about to be made; ``holder`` may be given later. Numbers are never
    given twice, even when the copy is then not made (:func:`abandon`).
    """
    with transaction.atomic():
        return Copy.objects.create(
            what=what,
            variant=str(variant),
            wards=" ".join(wards),
            generation=source.generation,
            fingerprint=source.fingerprint,
            printed=dict(source.printed),
            patients=source.patients,
            made_at=now,
            made_by=by.words[:_HOLDER],
            holder=clean(holder, "le nom de qui le garde")[:_HOLDER] if holder.strip() else "",
            handed_at=now if holder.strip() else None,
        )


def made(copy: Copy, pages: int, missing: int, by: Author) -> None:
    """The copy exists: its fact goes to the ledger, before the paper goes to anybody. One that
    names patients is an access, by account number or by the console.
    """
    with transaction.atomic():
        Copy.objects.filter(pk=copy.pk).update(pages=pages, missing=missing)
        copy.pages, copy.missing = pages, missing
        tell(
            MADE,
            "access" if copy.patients else "event",
            copy.made_at,
            copy.pk,
            unit="exemplaire",
            copy=copy.what,
            variant=copy.variant,
            pages=pages,
            missing=missing,
            patients=copy.patients,
            generation=copy.generation,
            by="console" if by.account is None else f"compte {by.account}",
        )


def abandon(copy: Copy) -> None:
    """It could not be composed: no paper bears its number."""
    copy.delete()


def hand_over(number: int, holder: str, now: datetime) -> Copy:
    """« Remis à … ». Raises :class:`UnknownCopy`, ``EmptyWords``."""
    words = clean(holder, "le nom de qui le garde")[:_HOLDER]
    with transaction.atomic():
        copy = _open(number)
        copy.holder, copy.handed_at = words, now
        copy.save(update_fields=["holder", "handed_at"])
        tell(HANDED, "event", now, copy.pk, unit="exemplaire", copy=copy.what)
    return copy


def recall(
    why: str,
    before: datetime | None = None,
    what: str | None = None,
    *,
    now: datetime | None = None,
) -> int:
    """Ask back the open copies not recalled yet, made before a time, of one kind; how many.
    ``now``: the present when not given.
    """
    words, now = clean(why, "la raison du rappel")[:_WHY], now or timezone.now()
    with transaction.atomic():
        asked = Copy.objects.filter(closed_at=None, recalled_at=None)
        if before is not None:
            asked = asked.filter(made_at__lt=before)
        if what is not None:
            asked = asked.filter(what=what)
        count = asked.update(recalled_at=now, recalled_why=words)
        if count:
            tell(RECALLED, "decision", now, count, unit="exemplaires", copy=what or "tous")
    return count


def close(number: int, how: str, now: datetime) -> Copy:
    """It came back, was destroyed, or is lost. Raises :class:`UnknownCopy`."""
    if how not in HOWS:
        raise UnknownCopy(number=number)
    with transaction.atomic():
        copy = _open(number)
        copy.closed_at, copy.closed_how = now, how
        copy.save(update_fields=["closed_at", "closed_how"])
        tell(CLOSED, "event", now, copy.pk, unit="exemplaire", how=how, copy=copy.what)
    return copy


def open_copies() -> list[Copy]:
    """What is still out there, newest first."""
    return list(Copy.objects.filter(closed_at=None))


def changed(
    copy: Copy, establishment: Establishment, contacts: Mapping[str, CrisisContact]
) -> tuple[str, ...]:
    """What the copy says that is no longer so; empty for another kind of paper."""
    if copy.what != BINDER:
        return ()
    kept = Printed(Variant(copy.variant), copy.codes, copy.made_at)
    return changes(copy.printed, kept.digests(establishment, contacts), establishment)


def _open(number: int) -> Copy:
    copy = Copy.objects.select_for_update().filter(pk=number, closed_at=None).first()
    if copy is None:
        raise UnknownCopy(number=number)
    return copy
