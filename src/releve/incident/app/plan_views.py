"""« Plan bleu numérique » of a care home: one form, one PDF given, one PDF back."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releve.establishment import stored
from releve.incident.app import plans
from releve.incident.app.who import signature
from releve.incident.binder.esms import LABELS, MAX_FILE, PAGES, CareHome
from releve.incident.binder.esms.errors import RecordUnreadable
from releve.incident.logbook import shortened
from releve.kernel.ids import BadFiness, finess
from releve.kernel.perimeter import Perimeter
from releve.pages.house import current_home, home_perimeter
from releve.pages.models import Place
from releve.pages.rights import account, needs, visible
from releve.pages.roles import PRIVILEGED
from releve.pages.wording import told

#: Fields that hold several lines, and how long an answer may be.
_LINES = frozenset({"doctors"})
_LONGEST, _LONGEST_LINES = 160, 800
_SHOWN = 60


@dataclass(frozen=True)
class Asked:
    """One question of the form, as it stands."""

    name: str
    value: str
    lines: bool
    number: bool
    error: str = ""
    remedy: str = ""


def places() -> dict[str, tuple[Perimeter, str]]:
    """FINESS → (where, name): the entity of this home, then its sites."""
    home = home_perimeter()
    if home is None:
        return {}
    found: dict[str, tuple[Perimeter, str]] = {}
    for place in Place.objects.order_by("pk"):
        parts = place.perimeter.split("/")
        if parts[0] == home.ej and len(parts) < 3:
            where = home if len(parts) == 1 else Perimeter(home.ej, finess(parts[1]))
            found[parts[-1]] = (where, place.name)
    establishment = stored(current_home())
    for site in establishment.sites if establishment else ():
        if site.legal_entity == home.ej:
            found[str(site.finess)] = (Perimeter(home.ej, site.finess), site.name)
    return found


def at_place(request: HttpRequest, place: str) -> Perimeter:
    """For ``needs(perimeter=at_place)``; raises ``Http404``."""
    known = places().get(place)
    if known is None:
        raise Http404(_("Cet établissement n'est pas connu ici."))
    return known[0]


@needs(*PRIVILEGED)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The homes of the reader's perimeter; the only one at once."""
    mine = {n: name for n, (at, name) in places().items() if visible(request, PRIVILEGED, at)}
    if len(mine) == 1:
        return HttpResponseRedirect(reverse("blue_plan", args=list(mine)))
    return render(request, "incident/plan_places.html", {"places": mine})


@needs(*PRIVILEGED, perimeter=at_place)
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, place: str) -> HttpResponse:
    """The form as it was last answered; sent, the plan and all that it lacks."""
    now = timezone.now()
    if request.method != "POST":
        plans.forget_old(current_home(), now)
        home = plans.answers_of(place)
        if not home.name and not home.finess:
            home = replace(home, name=places()[place][1], finess=place)
        return _form(request, place, home)
    home, wrong = _sent(request)
    plans.save(place, home, account(request), now)
    record = request.FILES.get("record")
    try:
        if "finess" in wrong:
            return _form(request, place, home, wrong)
        given = _read(record) if isinstance(record, UploadedFile) else None
        made = plans.build(home, given, now, signature(request))
    except RecordUnreadable as error:
        return _form(request, place, home, {"record": told(error)})
    return render(request, "incident/plan_made.html", _made(place, home, made, now))


@needs(*PRIVILEGED, perimeter=at_place)
@require_POST
def fetch(request: HttpRequest, place: str) -> HttpResponse:
    """The plan, as a file to print."""
    sent = request.POST
    data = plans.fetch(sent.get("token", ""), sent.get("key", ""), timezone.now())
    answer = HttpResponse(data, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="plan-bleu-{place}.pdf"'
    return answer


def _read(record: UploadedFile[bytes]) -> bytes:
    """At most one octet more than may be read: the reader then says that it is too large."""
    return bytes(record.read(MAX_FILE + 1))


def _sent(request: HttpRequest) -> tuple[CareHome, dict[str, tuple[str, str]]]:
    """What was typed, cleaned; what is wrong in it, with its remedy."""
    found: dict[str, str] = {}
    for name in LABELS:
        text = request.POST.get(name, "")
        if name in _LINES:
            lines = [shortened(line) for line in text.splitlines()[:40]]
            found[name] = "\n".join(filter(None, lines))[:_LONGEST_LINES]
        else:
            found[name] = shortened(text)[:_LONGEST]
    count = re.sub(r"\D", "", found.pop("residents"))[:4]
    wrong: dict[str, tuple[str, str]] = {}
    home = CareHome(**found, residents=int(count) if count else None)
    number = home.said("finess")
    if number:
        try:
            home = replace(home, finess=str(finess(number)))
        except BadFiness as error:
            wrong["finess"] = told(error)
    return home, wrong


def _form(
    request: HttpRequest,
    place: str,
    home: CareHome,
    wrong: dict[str, tuple[str, str]] | None = None,
) -> HttpResponse:
    wrong = wrong or {}
    asked = [
        Asked(
            name,
            "" if getattr(home, name) is None else str(getattr(home, name)),
            name in _LINES,
            name == "residents",
            *wrong.get(name, ("", "")),
        )
        for name in LABELS
    ]
    context = {
        "place": place,
        "asked": [(each, LABELS[each.name]) for each in asked],
        "wrong": wrong.get("record"),
        "pages": PAGES,
        "most": MAX_FILE >> 20,
    }
    status = 400 if wrong else 200
    return render(request, "incident/plan_form.html", context, None, status)


def _made(place: str, home: CareHome, made: plans.Made, now: datetime) -> dict[str, object]:
    roll = made.roll
    unread = roll.unread if roll else ()
    return {
        "place": place,
        "home": home,
        "made": made,
        "roll": roll,
        "said": roll.said(home.residents) if roll else "",
        "unread": unread[:_SHOWN],
        "more_unread": max(0, len(unread) - _SHOWN),
        "pages": PAGES,
        "annexes": max(0, made.plan.pages - PAGES),
        "now": now,
    }
