"""« Classeur »: the state of the last one made, and one button that makes the next.

Who may (docs/decisions/0019-the-binder-and-who-may-take-it.md): a service's copy, whoever writes in
the main courante; the cell's, which bears personal mobiles, the privileged roles; patients' names,
only those who read every file of the entity. The PDF goes to the browser and stays nowhere.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from releve.establishment import stored
from releve.incident.app.copies import BINDER
from releve.incident.app.copy_views import held_copies
from releve.incident.app.who import DECIDERS, READERS, WRITERS, may, signature
from releve.incident.binder.material import Variant
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
    census = None
    if request.POST.get("census") == "1":
        if not may(request, PATIENT_READERS):
            raise PermissionDenied(_("Les noms des patients ne sont pas dans votre périmètre."))
        census = census_of(home, now)
    ward = request.POST.get("ward", "")[:64]
    asked = Asked(
        Variant.CELL if cell else Variant.SERVICE,
        request.POST.get("holder", ""),
        (ward,) if ward else (),
        census,
    )
    bound = bind(home, asked, now, signature(request))
    name = f"classeur-exemplaire-{bound.copy.pk}.pdf"
    return HttpResponse(
        bound.whole,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
