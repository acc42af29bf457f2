"""After: hours kept on paper, attendance, hot debrief, actions, report, signature."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from allauth.mfa.base.forms import ReauthenticateForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releve.drill.app import after, desk, stamps
from releve.drill.app.models import Action, Exercise, Place
from releve.drill.app.printing import report_of, report_pdf, report_text
from releve.drill.app.signing import check_worth
from releve.drill.app.signing import sign as keep_signed
from releve.drill.app.views.band import exercise_of, exercise_page
from releve.drill.app.views.before import pdf_answer
from releve.drill.app.who import KEEPERS, READERS, By, may, signed_by
from releve.drill.field.errors import BadFigure, ReportChanged
from releve.drill.field.exercise import State
from releve.drill.field.report import target_sources
from releve.drill.field.rules import rules
from releve.kernel.units import hour
from releve.pages.errors import SecondFactorMissing
from releve.pages.rights import account, at_home, needs

_ACTION_ROWS = 3


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: HttpRequest, number: int) -> HttpResponse:
    """The hours that observers wrote on paper, all places on one page."""
    row = exercise_of(number)
    stands, scenario = stamps.standing(row), desk.scenario_of(row)
    fields = []
    for place in row.places.all():
        for gesture in scenario.gestures_of("cellule" if place.cell else "service"):
            mark = stands.get((place.code, gesture.slug))
            shown = hour(mark.at) if mark and mark.at else ""
            fields.append((place, gesture, shown))
    if request.method == "POST":
        for place, gesture, shown in fields:
            typed = request.POST.get(f"{place.pk}-{gesture.slug}", shown).strip()
            if typed != shown:
                _write_hour(place, gesture.slug, typed, signed_by(request))
        return HttpResponseRedirect(reverse("field_exercise", args=[number]))
    places = [
        {"place": place, "fields": [f for f in fields if f[0] == place]}
        for place in row.places.all()
    ]
    return render(request, "drill/hours.html", {"row": row, "places": places})


def _write_hour(place: Place, slug: str, typed: str, by: By) -> None:
    now = timezone.now()
    if typed:
        stamps.type_hour(place, slug, stamps.Typed(typed, stamps.PAPER), by, now, None)
    else:
        stamps.withdraw(place, slug, by, now, None)


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def attendance(request: HttpRequest, number: int) -> HttpResponse:
    """How many of each profession signed each sheet; no name."""
    row = exercise_of(number)
    places = list(row.places.all())
    professions = list(enumerate(rules().professions))
    if request.method == "POST":
        counts = {
            (place.pk, profession): _count(request.POST.get(f"{place.pk}-{rank}", ""))
            for place in places
            for rank, profession in professions
        }
        after.write_attendance(number, counts)
        return HttpResponseRedirect(reverse("field_exercise", args=[number]))
    held = {(p.place_id, p.profession): p.count for p in after.presences(row)}
    shown = [
        {"place": place, "fields": [(r, p, held.get((place.pk, p))) for r, p in professions]}
        for place in places
    ]
    return render(request, "drill/attendance.html", {"row": row, "places": shown})


def _count(text: str) -> int:
    plain = text.strip()
    if not plain:
        return 0
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 4):
        raise BadFigure(text=plain[:20], what=_("un effectif"), least=0, most=500)
    return int(plain)


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_http_methods(["GET", "HEAD", "POST"])
def debrief(request: HttpRequest, number: int) -> HttpResponse:
    """What worked, what did not, and up to three new actions at a time."""
    row = exercise_of(number)
    if request.method == "POST":
        if row.stands is not State.SIGNED:
            worked, failed = request.POST.get("worked", ""), request.POST.get("failed", "")
            after.write_debrief(number, worked, failed)
        for rank in range(_ACTION_ROWS):
            _open_action(request, number, rank)
        return HttpResponseRedirect(reverse("field_debrief", args=[number]))
    context = {
        "row": row,
        "actions": row.actions.all(),
        "rows": range(_ACTION_ROWS),
        "ticket": secrets.token_urlsafe(12),
        "signed_report": row.stands is State.SIGNED,
        "today": timezone.localdate(),
    }
    return render(request, "drill/debrief.html", context)


def _open_action(request: HttpRequest, number: int, rank: int) -> None:
    what, owner = request.POST.get(f"what-{rank}", ""), request.POST.get(f"owner-{rank}", "")
    due = request.POST.get(f"due-{rank}", "")
    if not (what.strip() or owner.strip() or due.strip()):
        return
    given = request.POST.get("ticket", "")[:40]
    ticket = f"{given}-{rank}" if given else None
    draft = after.ActionDraft(what, owner, _day(due))
    after.open_action(number, draft, timezone.now(), ticket)


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a day, no hour
        except ValueError:
            continue
    raise BadFigure(text=text[:20], what=_("le jour de l'échéance"), least="01/01", most="31/12")


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_POST
def close_action(request: HttpRequest, number: int) -> HttpResponse:
    """Close an action: a name, and what proves it."""
    who, proof = request.POST.get("who", ""), request.POST.get("proof", "")
    after.close_action(number, who, proof, timezone.now())
    return HttpResponseRedirect(reverse("field") + "#actions")


@needs(*READERS, perimeter=at_home)
@exercise_page
@require_safe
def report(request: HttpRequest, number: int) -> HttpResponse:
    """Three sentences, human times beside what was hoped for, who was there, what to mend."""
    row = exercise_of(number)
    values, digest = report_of(row)
    own = Action.objects.filter(pk__in=[each["number"] for each in values["actions"]])
    context = {
        "row": row,
        "report": values,
        "sha256": digest,
        "sources": target_sources(values),
        "keeps": may(request, KEEPERS),
        "signable": row.stands in (State.ENDED, State.INTERRUPTED),
        "actions": own.select_related("exercise"),
        "rule": rules(),
        "today": timezone.localdate(),
    }
    return render(request, "drill/report.html", context)


@needs(*READERS, perimeter=at_home)
@exercise_page
@require_safe
def report_file(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """The report as PDF, or its very text (JSON): what the hash is of."""
    row = exercise_of(number)
    if kind == "pdf":
        return pdf_answer(report_pdf(row, timezone.now()), f"exercice-{number}-rapport.pdf")
    if kind != "json":
        raise Http404
    response = HttpResponse(report_text(row), content_type="application/json; charset=utf-8")
    name = f"exercice-{number}-rapport.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_POST
def sign(request: HttpRequest, number: int) -> HttpResponse:
    """The account and its second factor, over the hash that was shown: « terrain » from then on."""
    shown = request.POST.get("digest", "")
    _check_shown(exercise_of(number), shown, signed_by(request))
    form = ReauthenticateForm(user=account(request), data={"code": request.POST.get("code", "")})
    if not form.is_valid():
        raise SecondFactorMissing
    form.save()
    keep_signed(number, signed_by(request), timezone.now(), shown=shown)
    return HttpResponseRedirect(reverse("field_report", args=[number]))


def _check_shown(row: Exercise, digest: str, by: By) -> None:
    """Before a code is used up for nothing."""
    if row.report:
        return
    if report_of(row)[1] != digest:
        raise ReportChanged
    check_worth(row, by)
