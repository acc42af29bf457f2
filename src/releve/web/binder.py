"""« Classeur »: the state of the last one made, and one button that makes the next.

Who may (docs/decisions/0019-the-binder-and-who-may-take-it.md): a service's copy, whoever writes in
the main courante; the cell's, which bears personal mobiles, the privileged roles; patients' names,
only those who read every file of the entity. The PDF goes to the browser and stays nowhere.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from releve.establishment import stored
from releve.establishment.faults import shown
from releve.incident.app.copies import BINDER
from releve.incident.app.copy_views import held_copies
from releve.incident.app.who import DECIDERS, READERS, WRITERS, may, signature
from releve.incident.binder.census import MAX_BYTES, read_census
from releve.incident.binder.errors import CensusUnreadable, NoEstablishment
from releve.incident.binder.material import Census, Variant
from releve.kernel.home import Home
from releve.pages.house import current_home
from releve.pages.rights import at_home, needs
from releve.pages.roles import Role
from releve.runtime.binder import Asked, bind, census_of

#: Who reads every file of the entity (decision 0010), and so may take patients' names on paper.
PATIENT_READERS = frozenset({Role.CAREGIVER})


@needs(*READERS, perimeter=at_home)
@require_safe
def binder(request: HttpRequest) -> HttpResponse:
    """The page: what is out there, then what can be made."""
    establishment = stored(current_home())
    held = [each for each in held_copies() if each.copy.what == BINDER]
    wards = [s for s in establishment.services if s.beds] if establishment else []
    context = {
        "last": held[0] if held else None,
        "known": establishment is not None,
        "wards": wards,
        "writes": may(request, WRITERS),
        "for_cell": may(request, DECIDERS),
        "with_patients": may(request, PATIENT_READERS),
    }
    return render(request, "web/binder.html", context)


@needs(*WRITERS, perimeter=at_home)
@require_POST
def binder_make(request: HttpRequest) -> HttpResponse:
    """Make it, and hand it to the browser."""
    home, now = current_home(), timezone.now()
    cell = request.POST.get("variant") == Variant.CELL
    if cell and not may(request, DECIDERS):
        raise PermissionDenied(_("L'exemplaire de la cellule porte des mobiles personnels."))
    ward = request.POST.get("ward", "")[:64]
    asked = Asked(
        Variant.CELL if cell else Variant.SERVICE,
        request.POST.get("holder", ""),
        (ward,) if ward else (),
        _census(request, home, now),
    )
    bound = bind(home, asked, now, signature(request))
    name = f"classeur-exemplaire-{bound.copy.pk}.pdf"
    return HttpResponse(
        bound.whole,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _census(request: HttpRequest, home: Home, now: datetime) -> Census | None:
    """The list that was given, else what Relève received when asked for, else none."""
    given = request.FILES.get("list")
    if given is not None:
        if (given.size or 0) > MAX_BYTES:
            raise CensusUnreadable(file=shown(given.name or ""), why=_("plus de 16 Mio"))
        establishment = stored(home)
        if establishment is None:
            raise NoEstablishment()
        today = timezone.localdate(now)
        return read_census(shown(given.name or ""), given.read(), establishment, today=today)
    if request.POST.get("census") != "1":
        return None
    if not may(request, PATIENT_READERS):
        raise PermissionDenied(_("Les noms des patients ne sont pas dans votre périmètre."))
    return census_of(home, now)
