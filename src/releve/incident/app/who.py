"""Who may do what about the crisis.

* **See that it is open**: every account whose perimeter touches this home's entity; a ward must
  know. Nothing else of it is shown there.
* **Open it, write in it, read it**: privileged roles and caregivers whose perimeter is the whole
  entity (the « cadre de garde »). Opening is cheap to undo, so it is wide.
* **Read it**: auditors of the entity too.
* **Close it, reopen it, close a gate**: privileged roles on the entity.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from releve.incident.logbook import Author
from releve.pages.house import home_perimeter
from releve.pages.rights import account, person, visible
from releve.pages.roles import PRIVILEGED, Role

WRITERS = frozenset({*PRIVILEGED, Role.CAREGIVER})
READERS = frozenset({*WRITERS, Role.AUDITOR})
DECIDERS = PRIVILEGED


def may(request: HttpRequest, roles: frozenset[Role]) -> bool:
    """True when one of the account's ``roles`` covers the home's whole entity."""
    where = home_perimeter()
    return where is not None and visible(request, roles, where)


def concerned(request: HttpRequest) -> bool:
    """True when one of the account's rights lies in this home's entity, or above."""
    where = home_perimeter()
    return where is not None and any(
        where.contains(right.perimeter) or right.perimeter.contains(where)
        for right in person(request).rights
    )


def check_concerned(request: HttpRequest) -> None:
    """Raise ``PermissionDenied`` for another entity's accounts."""
    if not concerned(request):
        raise PermissionDenied(_("Cette page est hors de votre périmètre."))


def signature(request: HttpRequest) -> Author:
    """The signed-in person as the main courante names them: « Mme Martin (cadre de garde) »."""
    who = account(request)
    return Author(str(who), who.pk)
