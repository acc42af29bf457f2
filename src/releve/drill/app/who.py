"""Who may do what about exercises.

* **Prepare, animate, follow up, sign**: privileged roles on the home's whole entity.
* **Read reports**: they, and auditors of the entity.
* **Observe a ward**: they, and caregivers whose perimeter covers it; or whoever holds the code
  printed on that ward's sheet (:mod:`.codes`), without any account.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from releve.pages.house import home_perimeter
from releve.pages.rights import account, visible
from releve.pages.roles import PRIVILEGED, Role

KEEPERS = PRIVILEGED
READERS = frozenset({*PRIVILEGED, Role.AUDITOR})
OBSERVERS = frozenset({*PRIVILEGED, Role.CAREGIVER})
#: Who sees the word « Exercices ».
CONCERNED = frozenset(Role)


@dataclass(frozen=True)
class By:
    """Who acts: the words shown, and the account's number (None: a code's holder, the console)."""

    words: str
    account: int | None = None


CONSOLE = By("console du serveur")


def signed_by(request: HttpRequest) -> By:
    """The signed-in person: « Mme Martin (cadre de garde) »."""
    who = account(request)
    return By(str(who)[:200], who.pk)


def may(request: HttpRequest, roles: frozenset[Role]) -> bool:
    """True when one of the account's ``roles`` covers the home's whole entity."""
    where = home_perimeter()
    return where is not None and visible(request, roles, where)
