"""The views as pages read them: one reader per home, the wards an account may read."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from django.http import HttpRequest

from releve.care.perimeters import Ward, Wards, wards_of
from releve.care.views import Views, views_path
from releve.kernel.errors import ReleveError
from releve.kernel.perimeter import Perimeter
from releve.pages.house import current_home
from releve.pages.rights import at_home, visible
from releve.pages.roles import Role

#: Who reads a patient's file (docs/decisions/0010-who-reads-a-file.md).
READERS = (Role.CAREGIVER,)
#: Who reads why messages wait: nothing of a patient stands there.
UNREAD_READERS = (*READERS, Role.DSI)
_log = logging.getLogger("releve.care")


def views() -> Views | None:
    """This home's views; None while nothing was ever received."""
    path = views_path(current_home())
    return _views(path) if path.exists() else None


def wards(request: HttpRequest) -> Wards:
    """Every ward this home knows of. A map that cannot be read places no ward: only who reads the
    whole entity goes on reading, and the log says why.
    """
    return wards_under(at_home(request))


def wards_under(entity: Perimeter) -> Wards:
    """The same, for who has no request any more."""
    try:
        return wards_of(current_home(), entity)
    except ReleveError:
        _log.exception("la carte de l'établissement ne se lit pas : aucun service n'est placé")
        return Wards(entity)


def ward_perimeter(request: HttpRequest, code: str, **address: object) -> Perimeter:
    """For ``needs(perimeter=ward_perimeter)``: where the ward of the address lies."""
    return wards(request).at(code).perimeter


def reads(request: HttpRequest, ward: Ward) -> bool:
    """True when the account may read the files of this ward."""
    return visible(request, READERS, ward.perimeter)


def reads_entity(request: HttpRequest, known: Wards) -> bool:
    """True when the account reads the whole legal entity, patients without a place included."""
    return visible(request, READERS, known.entity)


@lru_cache(maxsize=4)
def _views(path: Path) -> Views:
    return Views(path)
