"""The decision on acting alone: under which signed delegation, who, what, when. No database, no
clock.

Source of the rule: threats 7 and 17. A delegation is drawn up by the DSI and signed by the
direction through an approval: its truth is the very text that was approved, and its hash. Using it
takes the holder's own second factor; it is told at once, and another person confirms it after.
What it can name is bounded by :data:`releve.pages.acts.ALONE`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from releve.kernel.errors import BadInput, ReleveError
from releve.kernel.perimeter import Perimeter, perimeter
from releve.kernel.units import PARIS, day
from releve.pages import approvals, errors
from releve.pages.approvals import Person
from releve.pages.roles import Role

MOST_HOURS = 72
MOST_LINES = 30
MOST_CHARACTERS = 2000


@dataclass(frozen=True)
class Named:
    """A holder or an act: its key (login, kind) and the words people read."""

    key: str
    words: str


@dataclass(frozen=True)
class Terms:
    """What a delegation says. ``starts`` and ``ends`` are whole days in Paris, both included.

    ``function``: whoever's account bears it is a holder; empty = only those named. ``cuts`` are
    what the holder may have cut by hand. ``hours`` is how long the confirmation may take.
    """

    number: int
    holders: tuple[Named, ...]
    function: str
    acts: tuple[Named, ...]
    cuts: tuple[str, ...]
    conditions: str
    perimeter: Perimeter
    starts: date
    ends: date
    hours: int

    @property
    def who(self) -> str:
        """The holders, in words."""
        named = [each.words for each in self.holders]
        if self.function:
            named.append(f"toute personne dont la fonction est « {self.function} »")
        return ", ".join(named)

    def held_by(self, login: str, function: str) -> bool:
        """True when that account is a holder."""
        wanted = self.function.casefold()
        named = any(each.key == login for each in self.holders)
        return named or (bool(wanted) and function.strip().casefold() == wanted)

    def allows(self, kind: str) -> bool:
        """True when it names that kind of act."""
        return any(each.key == kind for each in self.acts)


@dataclass(frozen=True)
class Delegation:
    """A delegation as stored. ``text`` is what was approved, ``digest`` the hash that the direction
    signed (empty before).
    """

    number: int
    text: str
    digest: str
    signed_at: datetime | None
    revoked_at: datetime | None
    #: The request for a signature was refused, or ran out.
    dropped: bool = False


@dataclass(frozen=True)
class Attempt:
    """Somebody about to act alone: who, what, where."""

    person: Person
    login: str
    function: str
    kind: str
    perimeter: Perimeter


class State(StrEnum):
    """Where a delegation stands; the words people read."""

    WAITING = "en attente de signature"
    DROPPED = "jamais signée"
    ALTERED = "altérée : ne vaut plus rien"
    REVOKED = "révoquée"
    TO_COME = "à venir"
    OVER = "échue"
    LIVE = "en vigueur"


def check_terms(terms: Terms, today: date) -> None:
    """Raise ``BadInput`` naming the first answer to mend."""
    if not terms.holders and not terms.function:
        _mend("porteurs", "personne n'est nommé", "Cochez une personne, ou écrivez une fonction.")
    if not terms.acts and not terms.cuts:
        _mend("actes", "rien n'est délégué", "Cochez un acte, ou écrivez une coupure.")
    if not terms.conditions:
        _mend("conditions", "elles manquent", "Écrivez quand cette délégation s'emploie.")
    if max(len(terms.conditions), len(terms.function)) > MOST_CHARACTERS:
        _mend("conditions", "elles sont trop longues", "Tenez-vous à une dizaine de lignes.")
    if len(terms.cuts) > MOST_LINES or any(len(cut) > 120 for cut in terms.cuts):
        _mend("coupures", "la liste est trop longue", "Une coupure par ligne, en peu de mots.")
    if terms.ends < terms.starts or terms.ends < today:
        _mend("dates", "la fin est passée", "Donnez une fin après le début et après aujourd'hui.")
    if terms.ends > _year_after(terms.starts):
        _mend("dates", "plus d'un an", "Une délégation dure un an au plus ; elle se renouvelle.")
    if not 1 <= terms.hours <= MOST_HOURS:
        _mend("confirmation", "délai hors de 1 à 72 heures", "24 heures conviennent.")


def as_act(terms: Terms) -> dict[str, Any]:
    """Plain JSON values; the inverse of :func:`terms_of`."""
    return {
        "number": terms.number,
        "holders": [{"login": each.key, "name": each.words} for each in terms.holders],
        "function": terms.function,
        "acts": [{"kind": each.key, "title": each.words} for each in terms.acts],
        "cuts": list(terms.cuts),
        "conditions": terms.conditions,
        "perimeter": str(terms.perimeter),
        "starts": terms.starts.isoformat(),
        "ends": terms.ends.isoformat(),
        "hours": terms.hours,
    }


def terms_of(act: Mapping[str, Any]) -> Terms:
    """Raises ``DelegationAltered`` when that is no delegation."""
    try:
        return Terms(
            int(act["number"]),
            tuple(Named(str(each["login"]), str(each["name"])) for each in act["holders"]),
            str(act["function"]),
            tuple(Named(str(each["kind"]), str(each["title"])) for each in act["acts"]),
            tuple(str(each) for each in act["cuts"]),
            str(act["conditions"]),
            perimeter(str(act["perimeter"])),
            date.fromisoformat(act["starts"]),
            date.fromisoformat(act["ends"]),
            int(act["hours"]),
        )
    except (KeyError, TypeError, ValueError, ReleveError) as error:
        raise errors.DelegationAltered() from error


def words(act: Mapping[str, Any]) -> Sequence[str]:
    """The sentences that are signed and printed, in French."""
    terms = terms_of(act)
    said = [f"Délégation n° {terms.number}. Porteur : {terms.who}."]
    if terms.acts:
        named = " ; ".join(each.words for each in terms.acts)
        said.append(f"Peut faire seul, sans attendre un second accord : {named}.")
    if terms.cuts:
        said.append(
            f"Peut décider seul de couper, à la main : {' ; '.join(terms.cuts)}."
            " Relève ne coupe rien : elle garde l'heure et le nom."
        )
    return [
        *said,
        f"Conditions : {terms.conditions}",
        f"Du {day(terms.starts)} au {day(terms.ends)} inclus, sur le périmètre {terms.perimeter}.",
        "Chaque usage demande le second facteur du porteur, est annoncé aussitôt aux rôles"
        f" privilégiés, et doit être confirmé par une autre personne sous {terms.hours} h.",
        "Elle ne permet jamais de donner un rôle, de raccourcir la conservation ni de lire les"
        " données d'autrui. La direction la révoque à tout moment.",
    ]


def terms_signed(delegation: Delegation) -> Terms:
    """What the direction signed; raises ``DelegationNotSigned``, ``DelegationAltered``."""
    if delegation.signed_at is None:
        raise errors.DelegationNotSigned(number=delegation.number)
    if not hmac.compare_digest(approvals.digest(delegation.text), delegation.digest):
        raise errors.DelegationAltered()
    terms = terms_of(approvals.parse(delegation.text).act)
    if terms.number != delegation.number:
        raise errors.DelegationAltered()
    return terms


def state(delegation: Delegation, now: datetime) -> State:
    """Where it stands at ``now``."""
    if delegation.signed_at is None:
        return State.DROPPED if delegation.dropped else State.WAITING
    try:
        terms = terms_signed(delegation)
    except errors.ApprovalRefused:
        return State.ALTERED
    if delegation.revoked_at is not None:
        return State.REVOKED
    today = now.astimezone(PARIS).date()
    if today < terms.starts:
        return State.TO_COME
    return State.OVER if today > terms.ends else State.LIVE


def check(
    delegation: Delegation, attempt: Attempt, *, may_request: frozenset[Role], now: datetime
) -> Terms:
    """Raise the first reason why this person cannot do this act alone under it; its terms else."""
    terms = terms_signed(delegation)
    found = state(delegation, now)
    if found is not State.LIVE:
        raise errors.DelegationNotLive(number=delegation.number, state=found.value)
    if not terms.held_by(attempt.login, attempt.function):
        raise errors.NotTheHolder(number=delegation.number)
    if not terms.allows(attempt.kind):
        raise errors.ActNotDelegated(number=delegation.number)
    if not terms.perimeter.contains(attempt.perimeter):
        raise errors.OutsideDelegation(number=delegation.number, perimeter=attempt.perimeter)
    if not any(right.covers(may_request, attempt.perimeter) for right in attempt.person.rights):
        raise errors.RoleNotAllowed()
    return terms


def _year_after(day_one: date) -> date:
    """The same day of the next year; 1 March for 29 February."""
    try:
        return day_one.replace(year=day_one.year + 1)
    except ValueError:
        return date(day_one.year + 1, 3, 1)


def _mend(where: str, what: str, fix: str) -> None:
    raise BadInput(where=where, what=what, fix=fix)
