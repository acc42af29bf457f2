"""The decision on an approval: who may say yes to what, and when. No database, no clock.

Source of the rule: threat model, « two persons at one keyboard ». The approver is another account,
in another session, at another workstation (browser), holds a role that may approve this kind of act
on a perimeter that contains the request's, has just given a second factor for this act, and answers
the very bytes that were shown: the hash of the stored act, of the shown page and of what will be
performed are one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from releve.kernel.clock import iso
from releve.kernel.perimeter import Perimeter
from releve.pages import errors
from releve.pages.roles import Role


@dataclass(frozen=True)
class Right:
    """One live grant of an account."""

    role: Role
    perimeter: Perimeter

    def covers(self, roles: frozenset[Role], perimeter: Perimeter) -> bool:
        """True when this right is one of ``roles`` on ``perimeter`` or wider."""
        return self.role in roles and self.perimeter.contains(perimeter)


@dataclass(frozen=True)
class Person:
    """Who acts, as far as an approval cares. ``session`` and ``station`` are hashes."""

    account: int
    session: str
    station: str
    rights: tuple[Right, ...]


@dataclass(frozen=True)
class Waiting:
    """A request as stored. ``act`` is the canonical JSON of :func:`canonical`."""

    state: str
    act: str
    digest: str
    perimeter: Perimeter
    requester: int
    requester_session: str
    requester_station: str
    expires_at: datetime


@dataclass(frozen=True)
class Answer:
    """What the approver sent back."""

    person: Person
    #: The digest that stood on the page the approver read.
    shown_digest: str
    #: True when a current TOTP code or an unused paper code of this account came with the answer.
    second_factor: bool


def canonical(
    *,
    id: str,
    kind: str,
    act: Mapping[str, Any],
    words: Sequence[str],
    perimeter: Perimeter,
    requester: str,
    expires_at: datetime,
) -> str:
    """All that is approved, as RFC 8785 JSON: the act, the words shown, who asks, until when."""
    return rfc8785.dumps(
        {
            "id": id,
            "kind": kind,
            "act": dict(act),
            "words": list(words),
            "perimeter": str(perimeter),
            "requester": requester,
            "expires_at": iso(expires_at),
        }
    ).decode("utf-8")


def digest(text: str) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True)
class Said:
    """What a canonical text says."""

    id: str
    kind: str
    act: dict[str, Any]
    words: list[str]
    perimeter: str
    requester: str
    expires_at: str


def parse(text: str) -> Said:
    """The inverse of :func:`canonical`; raises ``Altered`` when it is not one."""
    try:
        said = Said(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise errors.Altered() from error
    if not isinstance(said.act, dict) or not isinstance(said.words, list):
        raise errors.Altered()
    return said


def check(waiting: Waiting, answer: Answer, *, approvers: frozenset[Role], now: datetime) -> None:
    """Raise the first reason why this answer does not count; return when it does.

    The second factor comes last: a code is not burnt for an answer that could not count anyway.
    """
    check_person(waiting, answer.person, approvers=approvers, now=now)
    check_shown(waiting.act, waiting.digest, answer.shown_digest)
    if not answer.second_factor:
        raise errors.SecondFactorMissing()


def check_shown(text: str, stored: str, shown: str) -> None:
    """Raise ``Altered`` unless the hash of ``text``, the stored one and the shown one are one."""
    if not (hmac.compare_digest(digest(text), stored) and hmac.compare_digest(shown, stored)):
        raise errors.Altered()


def check_person(
    waiting: Waiting, person: Person, *, approvers: frozenset[Role], now: datetime
) -> None:
    """The part of :func:`check` that is known before the approver answers."""
    if waiting.state != "waiting":
        raise errors.AlreadyDecided(state=STATES.get(waiting.state, waiting.state))
    if now >= waiting.expires_at:
        raise errors.Expired(expired=iso(waiting.expires_at))
    if person.account == waiting.requester:
        raise errors.SameAccount()
    if person.session == waiting.requester_session or person.station == waiting.requester_station:
        raise errors.SameSession()
    if not any(right.covers(approvers, waiting.perimeter) for right in person.rights):
        raise errors.RoleNotAllowed()


STATES = {
    "waiting": "en attente",
    "approved": "accordée",
    "refused": "refusée",
    "expired": "périmée",
    "alone": "faite par une seule personne",
}
