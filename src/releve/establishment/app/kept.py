"""The people that are kept, each line correctable; the procedures, to find and to open."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from releve import __version__
from releve.establishment import current, procedures, stored
from releve.establishment.app.importing import IMPORTERS
from releve.establishment.imports.correcting import CORRECTED, correct, person
from releve.establishment.words import key
from releve.kernel.errors import BadInput
from releve.kernel.world import Reality, World
from releve.ledger import Evidence, Tool
from releve.ledger.app.outbox import put
from releve.pages.house import current_home, home_perimeter
from releve.pages.rights import at_home, needs
from releve.pages.rights import person as person_of
from releve.pages.roles import EVERYONE
from releve.pages.wording import told

_SHOWN = 100
CORRECTION = "establishment.corrected"


@needs(*IMPORTERS, perimeter=at_home)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """People by name, the first hundred; ``?nom=`` narrows."""
    known = stored(current_home())
    asked = request.GET.get("nom", "").strip()[:80]
    wanted = key(asked).split()
    services = {s.code: s.name for s in known.services} if known else {}
    found = [
        (each, services.get(each.service, ""))
        for each in (known.people if known else ())
        if all(w in key(f"{each.last_name} {each.first_name} {each.service}") for w in wanted)
    ]
    found.sort(key=lambda row: (key(row[0].last_name), key(row[0].first_name)))
    context = {
        "asked": asked,
        "rows": found[:_SHOWN],
        "count": len(found),
        "more": max(0, len(found) - _SHOWN),
        "silent": sum(not row[0].phone for row in found),
    }
    return render(request, "establishment/people.html", context)


@needs(*IMPORTERS, perimeter=at_home)
@require_http_methods(["GET", "HEAD", "POST"])
def one_person(request: HttpRequest, number: str) -> HttpResponse:
    """One person's line; what is typed here, no import overwrites."""
    home = current_home()
    who = person(home, number)
    known = stored(home)
    context: dict[str, Any] = {
        "who": who,
        "services": known.services if known else (),
        "typed": {name: getattr(who, name) for name in CORRECTED},
    }
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in CORRECTED}
        try:
            with transaction.atomic():
                generation = correct(home, number, typed, timezone.now())
                if generation.fresh:
                    _tell(generation.number)
        except BadInput as error:
            context |= {"error": told(error), "typed": typed}
            return render(request, "establishment/person.html", context, status=400)
        messages.success(request, _("Corrigé. Aucun import ne l'écrasera."))
        return HttpResponseRedirect(reverse("people"))
    return render(request, "establishment/person.html", context)


def _tell(number: int) -> None:
    """A correction is a decision: which version it made, no name."""
    home = current_home()
    where = home_perimeter()
    drill = home.world is World.DRILL
    put(
        Evidence(
            what=CORRECTION,
            when=timezone.now(),
            system="établissement",
            value=1,
            unit="fiche",
            tool=Tool("releve establishment", __version__),
            finess=where.ej if where else None,
            reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
            kind="decision",
            origin="establishment",
            number=0,
            detail={"version": number},
        )
    )


def _check_concerned(request: HttpRequest) -> None:
    """Procedures are for whoever works here, whatever the service; not for another entity."""
    home = home_perimeter()
    rights = person_of(request).rights
    if home is None or not any(home.contains(right.perimeter) for right in rights):
        raise PermissionDenied(_("Cette page est hors de votre périmètre."))


@needs(*EVERYONE)
@require_safe
def procedure_list(request: HttpRequest) -> HttpResponse:
    """Every procedure kept, or those that hold the words ``?mots=``."""
    _check_concerned(request)
    home = current_home()
    asked = request.GET.get("mots", "").strip()[:120]
    known = stored(home) if current(home) else None
    services = {s.code: s.name for s in known.services} if known else {}
    hits = (
        procedures.find(home, asked)
        if asked
        else tuple(procedures.Hit(each, "") for each in procedures.listed(home))
    )
    rows = [
        (each, hit.around, services.get(each.service, ""), _day(each.day))
        for hit in hits
        for each in (hit.procedure,)
    ]
    return render(request, "establishment/procedures.html", {"asked": asked, "rows": rows})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@needs(*EVERYONE)
@require_safe
def procedure(request: HttpRequest, sha: str) -> HttpResponse:
    """The document's very octets, to be saved: nothing of it runs in these pages."""
    _check_concerned(request)
    home = current_home()
    about = procedures.one(home, sha)
    response = HttpResponse(procedures.octets(home, sha), content_type="application/octet-stream")
    name = about.name.replace("/", " - ")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
