"""Delegations: drawing up, signing, acting alone, confirming after. Orders the steps;
``delegations`` and ``approvals`` decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from releve.kernel.errors import BadInput
from releve.kernel.perimeter import Perimeter, perimeter
from releve.kernel.units import PARIS
from releve.pages import acts, approval_desk, approvals, delegations
from releve.pages.acts import Act, Effect
from releve.pages.delegations import Attempt, Named, State, Terms
from releve.pages.errors import (
    AlreadyAnswered,
    AlreadyDecided,
    ApprovalRefused,
    DelegationAltered,
    Expired,
    NeverAlone,
    NotTheHolder,
    NotTheRequester,
    RoleNotAllowed,
    SecondFactorMissing,
    SignsForThemselves,
)
from releve.pages.facts import tell
from releve.pages.grants import find
from releve.pages.models import Approval, Delegation, SoloUse
from releve.pages.rights import account, person
from releve.pages.roles import PRIVILEGED, Role
from releve.pages.wording import visible

SIGN = "délégation.signer"


@dataclass(frozen=True)
class Live:
    """A delegation in force, in plain words, for whoever prints or shows it.

    ``acts`` and ``cuts`` are French words; ``digest`` is the hash that was signed (64 hex digits).
    """

    number: int
    who: str
    acts: tuple[str, ...]
    cuts: tuple[str, ...]
    conditions: str
    signed_by: str
    signed_at: datetime
    until: date
    hours: int
    digest: str


def draw_up(request: HttpRequest, answers: Mapping[str, str]) -> Approval:
    """Number a delegation and ask the direction to sign it. Raises ``BadInput`` saying what to
    mend, and then keeps nothing. ``answers``: see :func:`_prepare`.
    """
    with transaction.atomic():
        drawn = Delegation.objects.create(drawn_by=account(request), drawn_at=timezone.now())
        asked = approval_desk.ask(request, SIGN, {**answers, "number": str(drawn.pk)})
        drawn.approval = asked
        drawn.save(update_fields=["approval"])
        return asked


def revoke(request: HttpRequest, row: Delegation) -> None:
    """End a delegation at once; raises ``RoleNotAllowed`` outside the direction's perimeter."""
    if not _covers(request, frozenset({Role.DIRECTION}), where_of(row)):
        raise RoleNotAllowed()
    with transaction.atomic():
        held = Delegation.objects.select_for_update().get(pk=row.pk)
        if held.revoked_at is None:
            held.revoked_at, held.revoked_by = timezone.now(), account(request)
            held.save(update_fields=["revoked_at", "revoked_by"])
            tell("délégation.révoquée", held.digest or f"n° {held.pk}", number=held.pk)


def may_revoke(request: HttpRequest, row: Delegation) -> bool:
    """True for the direction, while there is something to revoke."""
    direction = frozenset({Role.DIRECTION})
    return row.revoked_at is None and _covers(request, direction, where_of(row))


def usable(request: HttpRequest, row: Approval) -> list[Terms]:
    """The delegations under which the signed-in person could do this waiting act alone, now."""
    found = []
    for each in _stored():
        try:
            found.append(_checked(request, row, each, timezone.now()))
        except ApprovalRefused:
            continue
    return found


def act_alone(
    request: HttpRequest, row: Approval, number: int, *, shown_digest: str, code: str, why: str
) -> SoloUse:
    """Perform one's own waiting request under delegation ``number``: checked, performed, written
    and told in one transaction.

    Raises an ``ApprovalRefused``, each told to the ledger, or the act's own error; the request then
    still waits for another person.
    """
    act, who, now = acts.find(row.kind), person(request), timezone.now()
    try:
        chosen = _stored().filter(pk=number).first()
        if chosen is None:
            raise NotTheHolder(number=number)
        _checked(request, row, chosen, now)
        approvals.check_shown(row.act, row.digest, shown_digest)
        if not approval_desk.second_factor(account(request), code):
            raise SecondFactorMissing()
        with transaction.atomic():
            held = Approval.objects.select_for_update().get(pk=row.pk)
            terms = _checked(request, held, _locked(number), now)
            approval_desk.decide(held, "alone", account(request), now)
            held.outcome = act.perform(approvals.parse(held.act).act, held.requester_id)
            held.save(update_fields=["outcome"])
            use = SoloUse.objects.create(
                delegation=chosen,
                approval=held,
                by=account(request),
                session=who.session,
                station=who.station,
                why=visible(why)[:500],
                at=now,
                confirm_by=now + timedelta(hours=terms.hours),
            )
            tell(
                "accord.seul", held.digest, kind=held.kind, title=act.title,
                perimeter=held.perimeter, delegation=number, use=use.pk,
            )  # fmt: skip
            return use
    except ApprovalRefused as refusal:
        why_not = type(refusal).__name__
        tell("accord.écarté", row.digest, kind=row.kind, why=why_not, perimeter=row.perimeter)
        raise


def answer_use(
    request: HttpRequest, use: SoloUse, *, shown_digest: str, code: str, contest: str | None
) -> SoloUse:
    """Another person confirms what was done alone, or contests it with words.

    Same rule as an approval: another account, session and workstation, a role that could have
    approved, a second factor. Late answers count, and stay late.
    """
    act, now = acts.find(use.approval.kind), timezone.now()
    approvals.check_person(_to_answer(use), person(request), approvers=act.may_approve, now=now)
    approvals.check_shown(use.approval.act, use.approval.digest, shown_digest)
    if contest is not None and not contest.strip():
        fix = _("Écrivez ce qui ne va pas, en une ligne.")
        raise BadInput(where=_("contestation"), what=_("il manque les mots"), fix=fix)
    if not approval_desk.second_factor(account(request), code):
        raise SecondFactorMissing()
    with transaction.atomic():
        held = SoloUse.objects.select_for_update().get(pk=use.pk)
        if held.answered_at is not None:
            raise AlreadyAnswered()
        held.answered_by, held.answered_at = account(request), now
        held.contested, held.said = contest is not None, visible(contest or "")[:500]
        held.save(update_fields=["answered_by", "answered_at", "contested", "said"])
        tell(
            "accord.seul.contesté" if held.contested else "accord.seul.confirmé",
            held.approval.digest, kind=held.approval.kind, title=act.title, use=held.pk,
            late="oui" if now > held.confirm_by else "non",
        )  # fmt: skip
        return held


def answer_obstacle(request: HttpRequest, use: SoloUse) -> ApprovalRefused | None:
    """Why the signed-in person cannot answer for this use; None when they can."""
    try:
        act = acts.find(use.approval.kind)
        approvals.check_person(
            _to_answer(use), person(request), approvers=act.may_approve, now=timezone.now()
        )
    except ApprovalRefused as refusal:
        return refusal
    return None


def unconfirmed(request: HttpRequest) -> list[SoloUse]:
    """What was done alone and waits for an answer, for privileged roles of its perimeter, oldest
    first (at most 20).
    """
    rows = SoloUse.objects.filter(answered_at__isnull=True).order_by("pk")
    rows = rows.select_related("approval", "by")[:20]
    return [row for row in rows if _covers(request, PRIVILEGED, perimeter(row.approval.perimeter))]


def live(now: datetime) -> list[Live]:
    """Delegations in force at ``now``, lowest number first: for the binder and the crisis page."""
    found = []
    for row in _stored().select_related("signed_by").order_by("pk"):
        stored = as_stored(row)
        if delegations.state(stored, now) is not State.LIVE:
            continue
        terms = delegations.terms_signed(stored)
        found.append(
            Live(
                row.pk,
                terms.who,
                tuple(each.words for each in terms.acts),
                terms.cuts,
                terms.conditions,
                str(row.signed_by),
                row.signed_at or row.drawn_at,
                terms.ends,
                terms.hours,
                row.digest,
            )
        )
    return found


def held_now(request: HttpRequest) -> list[Terms]:
    """The delegations in force of which the signed-in person is a holder, lowest number first."""
    who, now, found = account(request), timezone.now(), []
    for row in _stored().order_by("pk"):
        stored = as_stored(row)
        if delegations.state(stored, now) is State.LIVE:
            terms = delegations.terms_signed(stored)
            if terms.held_by(who.login, who.function):
                found.append(terms)
    return found


def as_stored(row: Delegation) -> delegations.Delegation:
    """The row as the decision reads it."""
    asked = row.approval
    late = asked is not None and asked.state == "waiting" and asked.expires_at <= timezone.now()
    dropped = late or (asked is not None and asked.state == "refused")
    text = asked.act if asked else ""
    return delegations.Delegation(row.pk, text, row.digest, row.signed_at, row.revoked_at, dropped)


def terms_drawn(row: Delegation) -> Terms | None:
    """What a delegation says, signed or not; None when it no longer reads."""
    try:
        return delegations.terms_of(approvals.parse(row.approval.act if row.approval else "").act)
    except ApprovalRefused:
        return None


def where_of(row: Delegation) -> Perimeter:
    """The perimeter written on the request: it stays readable when the text was altered."""
    if row.approval is None:
        raise DelegationAltered()
    return perimeter(row.approval.perimeter)


def _stored() -> QuerySet[Delegation]:
    return Delegation.objects.filter(approval__isnull=False).select_related("approval")


def _locked(number: int) -> Delegation:
    return _stored().select_for_update(of=("self",)).get(pk=number)


def _checked(request: HttpRequest, row: Approval, under: Delegation, now: datetime) -> Terms:
    act, who = acts.find(row.kind), account(request)
    if not act.solo:
        raise NeverAlone()
    if row.requester_id != who.pk:
        raise NotTheRequester()
    waiting = approval_desk.waiting(row)
    if waiting.state != "waiting":
        raise AlreadyDecided(state=approvals.STATES.get(waiting.state, waiting.state))
    if now >= waiting.expires_at:
        raise Expired(expired=waiting.expires_at.isoformat())
    attempt = Attempt(person(request), who.login, who.function, row.kind, waiting.perimeter)
    return delegations.check(as_stored(under), attempt, may_request=act.may_request, now=now)


def _to_answer(use: SoloUse) -> approvals.Waiting:
    if use.answered_at is not None:
        raise AlreadyAnswered()
    row = use.approval
    return approvals.Waiting(
        "waiting",
        row.act,
        row.digest,
        perimeter(row.perimeter),
        use.by_id,
        use.session,
        use.station,
        datetime.max.replace(tzinfo=UTC),
    )


def _covers(request: HttpRequest, roles: frozenset[Role], where: Perimeter) -> bool:
    return any(right.covers(roles, where) for right in person(request).rights)


# --- the act of signing -------------------------------------------------------------------------


def _prepare(answers: Mapping[str, str]) -> dict[str, Any]:
    """``number``; ``holders`` (logins) and ``acts`` (kinds), separated by spaces; ``cuts``, one a
    line; ``function``, ``conditions``, ``perimeter``; ``starts`` and ``ends`` as ISO days;
    ``hours``.
    """
    known = acts.delegable()
    refused = [kind for kind in answers["acts"].split() if kind not in known]
    if refused:
        raise NeverAlone()
    holders = [find(login) for login in answers["holders"].split()]
    terms = Terms(
        int(answers["number"]),
        tuple(Named(each.login, str(each)) for each in holders),
        visible(answers["function"]),
        tuple(Named(kind, known[kind].title) for kind in answers["acts"].split()),
        tuple(cut for line in answers["cuts"].splitlines() if (cut := visible(line))),
        visible(answers["conditions"]),
        perimeter(answers["perimeter"].strip()),
        date.fromisoformat(answers["starts"]),
        date.fromisoformat(answers["ends"]),
        int(answers["hours"]),
    )
    delegations.check_terms(terms, timezone.now().astimezone(PARIS).date())
    return delegations.as_act(terms)


def _perform(act: Mapping[str, Any], requester: int) -> str:
    terms = delegations.terms_of(act)
    row = Delegation.objects.select_for_update().get(pk=terms.number)
    asked = row.approval
    if asked is None or asked.decider is None:
        raise DelegationAltered()
    signer = asked.decider
    if terms.held_by(signer.login, signer.function):
        raise SignsForThemselves()
    row.digest, row.signed_by, row.signed_at = asked.digest, signer, asked.decided_at
    row.save(update_fields=["digest", "signed_by", "signed_at"])
    tell(
        "délégation.signée", row.digest, number=row.pk, acts=len(terms.acts),
        cuts=len(terms.cuts), until=terms.ends.isoformat(),
    )  # fmt: skip
    return f"La délégation n° {row.pk} est signée. Imprimez la lettre et mettez-la au classeur."


def _words(act: Mapping[str, Any]) -> Sequence[str]:
    return delegations.words(act)


#: Registered by the entrance (``web.acts``) with those of the capabilities.
SIGN_ACT = Act(
    title=_("Signer une délégation"),
    may_request=frozenset({Role.DSI}),
    may_approve=frozenset({Role.DIRECTION}),
    words=_words,
    perimeter=lambda act: perimeter(str(act["perimeter"])),
    perform=_perform,
    prepare=_prepare,
    listed=False,
    minutes=14 * 24 * 60,
    effect=Effect.RIGHTS,
)
