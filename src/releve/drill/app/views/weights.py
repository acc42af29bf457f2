"""The « activité combinée » of each site and service: entered once, with its source and year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from releve.drill.app.after import Weights, write_weights
from releve.drill.app.models import ActivityWeight
from releve.drill.app.views.band import exercise_page
from releve.drill.app.who import KEEPERS, signed_by
from releve.drill.field.errors import BadFigure
from releve.drill.field.rules import rules
from releve.establishment import Establishment, stored
from releve.pages.house import current_home
from releve.pages.rights import at_home, needs

_MOST = 100_000_000


@dataclass(frozen=True)
class Unit:
    """A site (``services`` below it) or a service, and what was entered for it."""

    unit: str
    name: str
    value: float | None
    services: tuple[Unit, ...] = ()


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def weights(request: HttpRequest) -> HttpResponse:
    """One figure a site; services only where a site is covered in part."""
    found = stored(current_home())
    if request.method == "POST":
        write_weights(_read(request.POST, found), signed_by(request), timezone.now())
        return HttpResponseRedirect(reverse("field"))
    held = {row.unit: row.value for row in ActivityWeight.objects.all()}
    context = {
        "sites": _sites(found, held),
        "first": ActivityWeight.objects.first(),
        "year": timezone.localdate().year - 1,
        "rule": rules(),
    }
    return render(request, "drill/weights.html", context)


def _sites(found: Establishment | None, held: Mapping[str, float]) -> list[Unit]:
    if found is None:
        return []
    sites = []
    for site in found.sites:
        unit = f"{site.legal_entity}/{site.finess}"
        own = [service for service in found.services if service.site == site.finess]
        below = [Unit(f"{unit}/{s.code}", s.name, held.get(f"{unit}/{s.code}")) for s in own]
        sites.append(Unit(unit, site.name, held.get(unit), tuple(below)))
    return sites


def _read(sent: Mapping[str, str], found: Establishment | None) -> Weights:
    values = {}
    for site in _sites(found, {}):
        for each in (site, *site.services):
            text = sent.get(f"weight-{each.unit}", "").strip()
            if text:
                values[each.unit] = (each.name, _number(text, each.name))
    year = sent.get("year", "").strip()
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise BadFigure(text=year[:20], what=_("l'année"), least=2000, most=2100)
    return Weights(values, sent.get("source", ""), int(year))


def _number(text: str, what: str) -> float:
    plain = text.replace(",", ".").replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    try:
        value = float(plain) if len(plain) <= 15 else -1.0
    except ValueError:
        value = -1.0
    if not 0 <= value <= _MOST:
        raise BadFigure(text=text[:20], what=what, least=0, most=_MOST)
    return value
