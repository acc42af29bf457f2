"""Approvals: asking, answering, performing. Orders the steps; ``approvals`` decides."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from allauth.mfa.base.forms import ReauthenticateForm
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from releve.kernel.clock import iso
from releve.kernel.perimeter import perimeter
from releve.pages import acts, approvals
from releve.pages.errors import Altered, ApprovalRefused, OutsidePerimeter, RoleNotAllowed
from releve.pages.facts import tell
from releve.pages.models import Account, Approval
from releve.pages.rights import account, person


def ask(request: HttpRequest, kind: str, answers: Mapping[str, str]) -> Approval:
    """Record a request for a second look; raises a ``ReleveError`` saying what to mend.

    The caller's role must be one that may request this kind on the act's perimeter.
    """
    act = acts.find(kind)
    prepared = act.prepare(answers)
    where = act.perimeter(prepared)
    who = person(request)
    if not any(right.covers(act.may_request, where) for right in who.rights):
        raise OutsidePerimeter(perimeter=where)
    now = timezone.now()
    number = uuid.uuid4()
    expires_at = now + timedelta(minutes=act.minutes)
    text = approvals.canonical(
        id=str(number),
        kind=kind,
        act=prepared,
        words=list(act.words(prepared)),
        perimeter=where,
        requester=account(request).login,
        expires_at=expires_at,
    )
    with transaction.atomic():
        row = Approval.objects.create(
            id=number,
            kind=kind,
            act=text,
            digest=approvals.digest(text),
            perimeter=str(where),
            requester=account(request),
            requester_session=who.session,
            requester_station=who.station,
            created_at=now,
            expires_at=expires_at,
        )
        tell("accord.demandé", row.digest, kind=kind, perimeter=str(where))
    return row


def answer(request: HttpRequest, row: Approval, shown_digest: str, code: str) -> Approval:
    """Say yes: check everything, mark the request used and perform the act in one transaction.

    Raises an :class:`~releve.pages.errors.ApprovalRefused`, each told to the ledger, or the error
    of the act itself, which then stays waiting.
    """
    act = acts.find(row.kind)
    who = person(request)
    now = timezone.now()
    try:
        given = approvals.Answer(who, shown_digest, second_factor=True)
        approvals.check(waiting(row), given, approvers=act.may_approve, now=now)
        given = approvals.Answer(who, shown_digest, second_factor(account(request), code))
        with transaction.atomic():
            held = Approval.objects.select_for_update().get(pk=row.pk)
            approvals.check(waiting(held), given, approvers=act.may_approve, now=now)
            decide(held, "approved", account(request), now)
            held.outcome = act.perform(approvals.parse(held.act).act, held.requester_id)
            held.save(update_fields=["outcome"])
            tell("accord.donné", held.digest, kind=held.kind, perimeter=held.perimeter)
            return held
    except ApprovalRefused as refusal:
        why = type(refusal).__name__
        tell("accord.écarté", row.digest, kind=row.kind, why=why, perimeter=row.perimeter)
        raise


def refuse(request: HttpRequest, row: Approval) -> Approval:
    """Say no: the requester withdraws, or somebody who could have approved declines."""
    act = acts.find(row.kind)
    who = person(request)
    now = timezone.now()
    allowed = any(right.covers(act.may_approve, perimeter(row.perimeter)) for right in who.rights)
    if who.account != row.requester_id and not allowed:
        raise RoleNotAllowed()
    with transaction.atomic():
        held = Approval.objects.select_for_update().get(pk=row.pk)
        if held.state == "waiting":
            decide(held, "refused", account(request), now)
            tell("accord.refusé", held.digest, kind=held.kind, perimeter=held.perimeter)
    return held


def obstacle(request: HttpRequest, row: Approval) -> ApprovalRefused | None:
    """Why the signed-in person cannot approve this request now; None when they can."""
    try:
        act = acts.find(row.kind)
        approvals.check_person(
            waiting(row), person(request), approvers=act.may_approve, now=timezone.now()
        )
    except ApprovalRefused as refusal:
        return refusal
    return None


def concerns(who: approvals.Person, row: Approval) -> bool:
    """True when this person made the request or holds a right that could approve it."""
    if row.requester_id == who.account:
        return True
    known = acts.registered().get(row.kind)
    where = perimeter(row.perimeter)
    return known is not None and any(r.covers(known.may_approve, where) for r in who.rights)


def visible_to(who: approvals.Person) -> list[Approval]:
    """Requests this person made or could approve, newest first (the last 200)."""
    return [row for row in Approval.objects.all()[:200] if concerns(who, row)]


def waiting_for(who: approvals.Person) -> list[Approval]:
    """Live requests of others that this person's rights could approve."""
    rows = Approval.objects.filter(state="waiting", expires_at__gt=timezone.now())
    return [row for row in rows if row.requester_id != who.account and concerns(who, row)]


def words_of(row: Approval) -> list[str]:
    """The sentences inside the stored act: those that are approved, not a copy."""
    return approvals.parse(row.act).words


def waiting(row: Approval) -> approvals.Waiting:
    """The stored request; raises ``Altered`` when a column no longer says what the act says."""
    act = acts.find(row.kind)
    said = approvals.parse(row.act)
    columns = (str(row.pk), row.kind, row.perimeter, row.requester.login, iso(row.expires_at))
    inside = (said.id, said.kind, said.perimeter, said.requester, said.expires_at)
    if columns != inside or list(act.words(said.act)) != said.words:
        raise Altered()
    return approvals.Waiting(
        row.state,
        row.act,
        row.digest,
        perimeter(row.perimeter),
        row.requester_id,
        row.requester_session,
        row.requester_station,
        row.expires_at,
    )


def second_factor(who: Account, code: str) -> bool:
    """Use up a TOTP or paper code of this account, under allauth's limits on wrong ones."""
    form = ReauthenticateForm(user=who, data={"code": code})
    if not form.is_valid():
        return False
    form.save()
    return True


def decide(row: Approval, state: str, who: Account, now: datetime) -> None:
    """Write the answer, in the caller's transaction."""
    row.state, row.decider, row.decided_at = state, who, now
    row.save(update_fields=["state", "decider", "decided_at"])
