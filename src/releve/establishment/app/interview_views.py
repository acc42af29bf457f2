"""« Entretiens »: the list of services, the two pages on a phone, the summary, the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releve.establishment import Establishment, Service
from releve.establishment.app import interviews, told
from releve.establishment.app.interview_rights import (
    BIA_READERS,
    FILLERS,
    READERS,
    RULERS,
    at_service,
    on_behalf,
    service_named,
)
from releve.establishment.app.questions import (
    as_sheet,
    first_page,
    horizons_asked,
    losses_asked,
    reliances_asked,
    second_page,
)
from releve.establishment.app.seen import whole
from releve.establishment.degraded import (
    At,
    DegradedSheet,
    State,
    at_least,
    lessening,
    rules,
    state,
)
from releve.pages.house import home_perimeter
from releve.pages.rights import account, needs, visible


@dataclass(frozen=True)
class Listed:
    """One service of the list."""

    service: Service
    state: State
    sheet: DegradedSheet | None
    dmia: str
    drafted: bool
    fills: bool


@dataclass(frozen=True)
class Contact:
    """A supplier whom the folder knows for ``what`` the service relies on."""

    what: str
    name: str
    phone: str


@needs(*READERS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The services of the reader's perimeter, those to interview first."""
    kept = whole()
    if kept is None:
        return render(request, "establishment/absent.html")
    now, sheets = timezone.now(), interviews.sheets()
    drafted = interviews.drafted(account(request))
    rows = []
    for service in kept[0].services:
        where = kept[0].perimeter(service)
        if visible(request, READERS, where):
            sheet = sheets.get(service.code)
            fills = visible(request, FILLERS, where)
            dmia = dmia_words(sheet) if sheet else ""
            begun = service.code in drafted
            rows.append(Listed(service, state(sheet, now), sheet, dmia, begun, fills))
    order = [State.MISSING, State.OLD, State.FRESH]
    rows.sort(key=lambda row: (order.index(row.state), row.service.priority))
    home = home_perimeter()
    context = {
        "rows": rows,
        "todo": sum(row.state is not State.FRESH for row in rows),
        "bia": home is not None and visible(request, BIA_READERS, home),
        "rules_them": home is not None and visible(request, RULERS, home),
    }
    return render(request, "establishment/interviews.html", context)


@needs(*FILLERS, perimeter=at_service)
@require_http_methods(["GET", "HEAD", "POST"])
def outage(request: HttpRequest, code: str) -> HttpResponse:
    """Page 1: without software for 1 h, 4 h, 24 h, 8 days."""
    establishment, service = service_named(code)
    who = account(request)
    answers = interviews.answers_of(who, code)
    if request.method == "POST":
        interviews.keep(who, code, first_page(answers, request.POST.dict()), timezone.now())
        return HttpResponseRedirect(reverse("interview_needs", args=[code]))
    context = {
        "service": service,
        "horizons": horizons_asked(answers),
        "losses": losses_asked(answers),
        "on_behalf": on_behalf(request, establishment.perimeter(service)),
    }
    return render(request, "establishment/interview_outage.html", context)


@needs(*FILLERS, perimeter=at_service)
@require_http_methods(["GET", "HEAD", "POST"])
def reliances(request: HttpRequest, code: str) -> HttpResponse:
    """Page 2: what the service counts on, what it does instead."""
    establishment, service = service_named(code)
    who = account(request)
    answers = interviews.answers_of(who, code)
    if request.method == "POST":
        sent = request.POST.dict()
        answers = second_page(establishment, service, answers, sent)
        interviews.keep(who, code, answers, timezone.now())
        return HttpResponseRedirect(reverse("interview_read", args=[code]))
    asked = reliances_asked(establishment, service, answers)
    context = {
        "service": service,
        "main": [each for each in asked if each.stops],
        "other": [each for each in asked if not each.stops and not each.free],
        "free": [each for each in asked if each.free],
        "answers": answers,
    }
    return render(request, "establishment/interview_needs.html", context)


@needs(*FILLERS, perimeter=at_service)
@require_http_methods(["GET", "HEAD", "POST"])
def read(request: HttpRequest, code: str) -> HttpResponse:
    """What was answered, to read and to sign."""
    establishment, service = service_named(code)
    who, where, now = account(request), establishment.perimeter(service), timezone.now()
    behalf = on_behalf(request, where)
    if request.method == "POST":
        signature = (request.POST.get("by", ""), request.POST.get("function", ""))
        sheet = interviews.sign(who, service, where, signature, now, on_behalf=behalf)
        said = _("Signé : la fiche de mode dégradé, version %(n)d, est prête à imprimer.")
        messages.success(request, said % {"n": sheet.version})
        return HttpResponseRedirect(reverse("degraded_sheet", args=[code]))
    answers = interviews.answers_of(who, code)
    draft = as_sheet(answers, code, 0, now, str(who.name), who.function)
    context = {
        "service": service,
        "sheet": draft,
        "drafted": code in interviews.drafted(who),
        "sentence": sentence(draft),
        "pdma": pdma_words(draft),
        "horizons": horizon_rows(draft.horizons),
        "lessening": [span(at.after) for at in lessening(draft.horizons)],
        "on_behalf": behalf,
        "who": who,
    }
    return render(request, "establishment/interview_read.html", context)


@needs(*FILLERS, perimeter=at_service)
@require_POST
def forget(request: HttpRequest, code: str) -> HttpResponse:
    """Throw away answers that were not signed."""
    interviews.forget(account(request), code)
    return HttpResponseRedirect(reverse("interviews"))


@needs(*READERS, perimeter=at_service)
@require_safe
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """The degraded-mode sheet, one A4 page; ``?version=`` gives an older one."""
    establishment, service = service_named(code)
    signed = interviews.versions(code)
    found = _version(signed, request.GET.get("version", ""))
    where = establishment.perimeter(service)
    context: dict[str, Any] = {
        "service": service,
        "sheet": found,
        "fills": visible(request, FILLERS, where),
        "versions": [each for each in reversed(signed) if each != found],
    }
    if found is not None:
        now = timezone.now()
        context |= {
            "sentence": sentence(found),
            "pdma": pdma_words(found),
            "horizons": horizon_rows(found.horizons),
            "relies": [each for each in found.relies_on if each.used],
            "untried": sum(each.way.name != "STOP" for each in found.untried),
            "contacts": _contacts(establishment, found),
            "old": state(found, now) is State.OLD,
            "latest": found == signed[-1],
            "rules": rules(),
        }
    return render(request, "establishment/degraded_sheet.html", context)


def _version(signed: list[DegradedSheet], asked: str) -> DegradedSheet | None:
    if not asked:
        return signed[-1] if signed else None
    for each in signed:
        if str(each.version) == asked:
            return each
    raise Http404(_("Cette version n'existe pas."))


def _contacts(establishment: Establishment, found: DegradedSheet) -> list[Contact]:
    """Each supplier once, with all that the service relies on it for."""
    suppliers = {each.id: each for each in establishment.suppliers}
    owners = {a.id: a.supplier for a in establishment.applications}
    served: dict[str, list[str]] = {}
    for each in found.relies_on:
        owner = owners.get(each.node, "")
        if owner in suppliers and each.used:
            served.setdefault(owner, []).append(each.node)
    return [
        Contact(", ".join(nodes), suppliers[owner].name, suppliers[owner].phone)
        for owner, nodes in served.items()
    ]


def horizon_rows(horizons: tuple[At, ...]) -> list[tuple[str, At]]:
    """Each horizon with its words: « 8 jours »."""
    return [(span(at.after), at) for at in horizons]


def span(value: timedelta) -> str:
    """A horizon as the form writes it, in the reader's language; any other duration in short."""
    for choice in rules().horizons:
        if choice.span == value:
            return _(choice.words)
    return told.span(value)


def dmia_words(found: DegradedSheet) -> str:
    """« 4 h », « aucune interruption », « non conclue »."""
    if found.dmia is None:
        return _("non conclue")
    return span(found.dmia) if found.dmia else _("aucune interruption")


def pdma_words(found: DegradedSheet) -> str:
    """« 15 min », « aucune perte », « je ne sais pas »."""
    if found.pdma is None:
        return _("je ne sais pas")
    return span(found.pdma) if found.pdma else _("aucune perte")


def sentence(found: DegradedSheet) -> str:
    """What the answers conclude, in one sentence."""
    if found.dmia is None:
        held = at_least(found.horizons)
        if not held:
            return _("DMIA non conclue : le service ne sait pas combien de temps il tient.")
        return _("DMIA non conclue : le service tient au moins %(span)s.") % {"span": span(held)}
    if not found.dmia:
        return _("Ce service n'accepte aucune interruption de ses logiciels.")
    if found.first_unacceptable is None:
        said = _("Ce service tient %(span)s sans logiciel, et peut-être davantage.")
    else:
        said = _("Ce service tient %(span)s sans logiciel ; pas davantage.")
    return said % {"span": span(found.dmia)}
