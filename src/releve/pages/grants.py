"""Opening accounts and giving roles: who may, and what takes a second look.

Decided here: giving a privileged role (direction, DSI / RSSI, cellule de crise) takes an approval
by another person, except while nobody but the requester has *ever* held a role that may approve:
the first administrator appoints one second person alone, and the ledger says so. Withdrawing a role
is immediate (it protects) and never reopens that exception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from releve.kernel.errors import BadInput
from releve.kernel.ids import TEST_FINESS, finess
from releve.kernel.perimeter import Perimeter, perimeter
from releve.kernel.world import World
from releve.pages.acts import Act, Effect
from releve.pages.approvals import Right
from releve.pages.codes import issue_activation, issue_first_access, use_first_access
from releve.pages.errors import AccountExists, OutsidePerimeter, UnknownAccount
from releve.pages.facts import tell
from releve.pages.house import current_home
from releve.pages.models import Account, Grant, Place
from releve.pages.roles import APPROVERS, Role

GIVE_ROLE = "compte.role"


def open_first(
    *, code: str, login: str, name: str, password: str, entity: str, entity_name: str
) -> Account:
    """The first administrator: uses the console's code up and gets DSI / RSSI on the legal entity.

    Raises ``CodeRefused``, ``BadFiness`` or ``FinessRefused``; nothing is written then.
    """
    number = finess(entity)
    current_home().check_finess(number)
    now = timezone.now()
    with transaction.atomic():
        use_first_access(code, now)
        known = TEST_FINESS if current_home().world is World.DRILL else {number: entity_name}
        for each, words in known.items():
            where = each if each == number else f"{number}/{each}"
            Place.objects.create(perimeter=where, name=words)
        account = Account(login=login.lower(), name=name)
        account.set_password(password)
        account.save()
        _give(account, Role.DSI, Perimeter(number), None, now)
        tell("compte.premier", f"compte {account.pk}", role=Role.DSI.value, perimeter=str(number))
    return account


def open_account(*, login: str, name: str, function: str) -> tuple[Account, str]:
    """A new account without any role, and its activation code, which is shown once."""
    account = Account(login=login.lower(), name=name, function=function)
    account.set_unusable_password()
    try:
        with transaction.atomic():
            account.save()
            code = issue_activation(account, timezone.now())
            tell("compte.ouvert", f"compte {account.pk}")
    except IntegrityError as error:
        raise AccountExists(login=account.login) from error
    return account, code


def find(login: str) -> Account:
    """Raises :class:`~releve.pages.errors.UnknownAccount`."""
    try:
        return Account.objects.get(login=login.lower())
    except Account.DoesNotExist:
        raise UnknownAccount(login=login) from None


def renew_on_console(login: str | None, *, forgotten: bool, now: datetime) -> str:
    """An activation code asked on the server's console; without a login, the first access code.

    An open account is renewed only when ``forgotten`` is said: until the code is used, its password
    and second factor go on working, then both are replaced. The ledger tells it was the console.
    """
    if login is None:
        first = issue_first_access(now)
        if first is None:
            raise BadInput(
                where=_("premier accès"),
                what=_("un compte existe déjà"),
                fix="Donnez l'identifiant du compte : ./run account code IDENTIFIANT",
            )
        return first
    account = find(login)
    if account.activated and not forgotten:
        raise BadInput(
            where=account.login,
            what="ce compte est déjà ouvert",
            fix="S'il a tout oublié, ajoutez --forgotten : tout sera remplacé.",
        )
    with transaction.atomic():
        made = issue_activation(account, now)
        tell("compte.code", f"compte {account.pk}", how="console")
    return made


def takes_second_look(role: Role, requester: Account) -> bool:
    """True when ``requester`` cannot give ``role`` alone."""
    others = Grant.objects.filter(role__in=APPROVERS).exclude(account=requester)
    return role.privileged and others.exists()


def give(
    account: Account, role: Role, where: Perimeter, by: Account, held: Sequence[Right]
) -> None:
    """Give a role that takes no second look; raises ``OutsidePerimeter``."""
    if not any(right.covers(frozenset({Role.DSI}), where) for right in held):
        raise OutsidePerimeter(perimeter=where)
    with transaction.atomic():
        _give(account, role, where, by, timezone.now())
        alone = "sans second regard" if role.privileged else "rôle simple"
        tell(
            "compte.role", f"compte {account.pk}", role=role.value, perimeter=str(where), how=alone
        )


def withdraw(grant: Grant, held: Sequence[Right]) -> None:
    """End a right at once. Refused for the last DSI / RSSI: nobody could open accounts any more."""
    if not any(right.covers(frozenset({Role.DSI}), grant.where) for right in held):
        raise OutsidePerimeter(perimeter=grant.perimeter)
    with transaction.atomic():
        live = Grant.objects.select_for_update().filter(role=Role.DSI, revoked_at__isnull=True)
        others = [each for each in live if each.pk != grant.pk]
        if grant.role == Role.DSI and not others:
            raise BadInput(
                where=grant.account.name,
                what=_("c'est le dernier DSI / RSSI, plus personne ne pourrait ouvrir un compte"),
                fix=_("Donnez d'abord ce rôle à une autre personne."),
            )
        grant.revoked_at = timezone.now()
        grant.save(update_fields=["revoked_at"])
        tell(
            "compte.retrait",
            f"compte {grant.account_id}",
            role=grant.role,
            perimeter=grant.perimeter,
        )


def _give(
    account: Account, role: Role, where: Perimeter, by: Account | None, now: datetime
) -> None:
    Place.objects.get_or_create(perimeter=str(where), defaults={"name": where.parts[-1]})
    Grant.objects.get_or_create(
        account=account,
        role=role,
        perimeter=str(where),
        revoked_at__isnull=True,
        defaults={"given_by": by, "given_at": now},
    )


def _prepare(answers: Mapping[str, str]) -> dict[str, Any]:
    account = find(answers["login"])
    return {
        "login": account.login,
        "name": account.name,
        "role": Role(answers["role"]).value,
        "perimeter": str(perimeter(answers["perimeter"])),
    }


def _words(act: Mapping[str, Any]) -> Sequence[str]:
    role = Role(act["role"])
    return [
        f"{act['name']} (identifiant {act['login']}) recevra le rôle « {role.words} »"
        f" sur le périmètre {act['perimeter']}.",
        "Ce rôle permet de demander ou d'accorder des actes lourds de conséquences.",
    ]


def _perform(act: Mapping[str, Any], requester: int) -> str:
    by = Account.objects.get(pk=requester)
    account, role = find(str(act["login"])), Role(act["role"])
    _give(account, role, perimeter(str(act["perimeter"])), by, timezone.now())
    tell(
        "compte.role",
        f"compte {account.pk}",
        role=role.value,
        perimeter=act["perimeter"],
        how="second regard",
    )
    return f"{account.name} a maintenant le rôle « {role.words} »."


#: Registered by the entrance (``web.acts``) with those of the capabilities.
GIVE_ROLE_ACT = Act(
    title=_("Donner un rôle privilégié"),
    may_request=frozenset({Role.DSI}),
    may_approve=APPROVERS,
    words=_words,
    perimeter=lambda act: perimeter(str(act["perimeter"])),
    perform=_perform,
    prepare=_prepare,
    listed=False,
    minutes=24 * 60,
    effect=Effect.RIGHTS,
)
