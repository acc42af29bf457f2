"""Who answers for a service: its caregivers, and on their behalf the CIO, the direction and the
crisis cell. Auditors read. Only the CIO and the direction decide about contradictions.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from releve.establishment import Establishment, Service
from releve.establishment.app.seen import whole
from releve.kernel.perimeter import Perimeter
from releve.pages.rights import visible
from releve.pages.roles import EVERYONE, PRIVILEGED, Role

FILLERS = frozenset({*PRIVILEGED, Role.CAREGIVER})
READERS = EVERYONE
BIA_READERS = frozenset({*PRIVILEGED, Role.AUDITOR})
RULERS = frozenset({Role.DSI, Role.DIRECTION})


def service_named(code: str) -> tuple[Establishment, Service]:
    """The service of that code; raises ``Http404``."""
    kept = whole()
    found = [each for each in kept[0].services if each.code == code] if kept else []
    if not kept or not found:
        raise Http404(_("Ce service n'est pas dans le dossier de l'établissement."))
    return kept[0], found[0]


def at_service(request: HttpRequest, code: str) -> Perimeter:
    """For ``needs(perimeter=at_service)``: the page lies in the service."""
    establishment, service = service_named(code)
    return establishment.perimeter(service)


def on_behalf(request: HttpRequest, where: Perimeter) -> bool:
    """True when whoever answers is not of the service: the sheet says so."""
    return not visible(request, [Role.CAREGIVER], where)
