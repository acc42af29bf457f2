"""The only writer of interviews: drafts, signed versions, and the sheets that others read.

A signature is one transaction: the version's rows and the fact for the ledger. Times are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from releve.establishment import Service
from releve.establishment.app import facts
from releve.establishment.app.models import (
    Interview,
    InterviewDraft,
    InterviewHorizon,
    InterviewReliance,
)
from releve.establishment.app.questions import Answers, as_answers, as_sheet, typed
from releve.establishment.degraded import At, DegradedSheet, Impact, Reliance, Tried, Way
from releve.establishment.interview_errors import AnsweredMeanwhile, NothingAnswered, Unsigned
from releve.kernel.perimeter import Perimeter
from releve.pages.models import Account
from releve.pages.telling import commit


def sheets() -> dict[str, DegradedSheet]:
    """Service code → the last signed version of its sheet."""
    return {sheet.service: sheet for sheet in _read(Interview.objects.all())}


def versions(code: str) -> list[DegradedSheet]:
    """Every signed version of one service, oldest first."""
    return _read(Interview.objects.filter(service=code))


def _read(rows: Iterable[Interview]) -> list[DegradedSheet]:
    found = Interview.objects.filter(pk__in=[row.pk for row in rows])
    return [_sheet(row) for row in found.prefetch_related("horizons", "reliances")]


def _sheet(row: Interview) -> DegradedSheet:
    return DegradedSheet(
        service=row.service,
        version=row.version,
        answered=row.answered_at,
        by=row.by,
        function=row.function,
        horizons=tuple(
            At(timedelta(seconds=each.after), Impact(each.impact), each.instead)
            for each in row.horizons.all()
        ),
        pdma=None if row.pdma is None else timedelta(seconds=row.pdma),
        relies_on=tuple(
            Reliance(each.node, each.words, Way(each.way), each.instead, Tried(each.tried))
            for each in row.reliances.all()
        ),
        staff=row.staff,
        paper=row.paper,
        call=row.call,
        on_behalf=row.on_behalf,
        entered_by=row.entered_by,
    )


def answers_of(account: Account, code: str) -> Answers:
    """What this account has answered and not signed; else the last signed version's answers."""
    draft = InterviewDraft.objects.filter(account=account, service=code).first()
    if draft is not None:
        return dict(draft.answers)
    return as_answers(sheets().get(code))


def drafted(account: Account) -> set[str]:
    """Codes of the services that this account has begun and not signed."""
    rows = InterviewDraft.objects.filter(account=account)
    return set(rows.values_list("service", flat=True))


def keep(account: Account, code: str, answers: Answers, now: datetime) -> None:
    """Keep answers that are not signed yet."""
    InterviewDraft.objects.update_or_create(
        account=account,
        service=code,
        defaults={"answers": answers, "saved_at": now},
        create_defaults={"answers": answers, "saved_at": now, "upon": _last(code)},
    )


def forget(account: Account, code: str) -> None:
    """Throw unsigned answers away: the last signed version stands."""
    InterviewDraft.objects.filter(account=account, service=code).delete()


def sign(
    account: Account,
    service: Service,
    where: Perimeter,
    signature: tuple[str, str],
    now: datetime,
    *,
    on_behalf: bool,
) -> DegradedSheet:
    """Make the drafted answers the next version, signed by (name, function).

    Raises :class:`Unsigned`, :class:`NothingAnswered`, :class:`AnsweredMeanwhile`.
    """
    by, function = (typed(each, 120) for each in signature)
    if not by or not function:
        raise Unsigned()
    code = service.code
    with transaction.atomic():
        draft = InterviewDraft.objects.filter(account=account, service=code).first()
        if draft is None:
            raise NothingAnswered(code=code)
        if draft.upon != _last(code):
            raise AnsweredMeanwhile(code=code)
        sheet = as_sheet(draft.answers, code, draft.upon + 1, now, by, function)
        sheet = replace(sheet, on_behalf=on_behalf, entered_by=str(account)[:200])
        try:
            with transaction.atomic():
                _write(sheet, account, where)
        except IntegrityError as error:
            raise AnsweredMeanwhile(code=code) from error
        draft.delete()
        return sheet


def _write(sheet: DegradedSheet, account: Account, where: Perimeter) -> None:
    commitment = commit(sheet.digest)
    row = Interview.objects.create(
        service=sheet.service,
        perimeter=str(where),
        version=sheet.version,
        answered_at=sheet.answered,
        by=sheet.by,
        function=sheet.function,
        account=account,
        on_behalf=sheet.on_behalf,
        entered_by=sheet.entered_by,
        pdma=_seconds(sheet.pdma),
        staff=sheet.staff,
        paper=sheet.paper,
        call=sheet.call,
        commitment=commitment,
    )
    InterviewHorizon.objects.bulk_create(
        InterviewHorizon(
            interview=row,
            after=_seconds(at.after) or 0,
            impact=at.impact.value,
            instead=at.instead,
        )
        for at in sheet.horizons
    )
    InterviewReliance.objects.bulk_create(
        InterviewReliance(
            interview=row,
            node=each.node,
            words=each.words,
            way=each.way.value,
            instead=each.instead,
            tried=each.tried.value,
        )
        for each in sheet.relies_on
    )
    dmia = _seconds(sheet.dmia)
    facts.tell(
        facts.SIGNED,
        sheet.answered,
        dmia,
        unit=None if dmia is None else "s",
        commitments={"sheet": commitment},
        service=sheet.service,
        version=sheet.version,
        pdma_seconds=_seconds(sheet.pdma),
        on_behalf=sheet.on_behalf,
    )


def signed_on_behalf(code: str, account: Account) -> bool:
    """Whether this account signed the last version in place of the service."""
    last = Interview.objects.filter(service=code).order_by("-version").first()
    return last is not None and last.on_behalf and last.account_id == account.pk


def _last(code: str) -> int:
    last = Interview.objects.filter(service=code).order_by("-version").first()
    return last.version if last else 0


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
