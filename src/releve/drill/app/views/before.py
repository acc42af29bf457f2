"""« Exercices »: what is planned, played, left to do; preparing one; its papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from releve.drill.app import desk
from releve.drill.app.after import open_actions, weights_source
from releve.drill.app.models import Exercise, Place
from releve.drill.app.printing import pdf
from releve.drill.app.views.band import exercise_of, exercise_page
from releve.drill.app.who import CONCERNED, KEEPERS, OBSERVERS, READERS, may, signed_by
from releve.drill.field.exercise import State
from releve.drill.field.paper import Part
from releve.drill.field.plan import MAX_INVITED, MAX_NAME, Plan, WardPlan
from releve.drill.field.rules import rules
from releve.drill.field.scenario import LONGEST, SHORTEST, FieldScenario, load, shipped
from releve.establishment import Establishment, stored
from releve.kernel.perimeter import perimeter
from releve.kernel.units import PARIS
from releve.pages.house import current_home
from releve.pages.rights import account, at_home, needs, visible

_SHOWN = 50
#: The name of the PDF that holds every paper.
_ALL_PAPERS = "tout"


@dataclass(frozen=True)
class WardChoice:
    """A ward of the establishment in the form, as it was last sent."""

    code: str
    name: str
    chosen: bool
    observer: str


def scenarios() -> list[FieldScenario]:
    """Those that come with the program, the shortest first."""
    return sorted((load(name) for name in shipped()), key=lambda each: each.minutes)


def _choices() -> list[tuple[str, str]]:
    return [(each.name, f"{each.title} ({each.minutes} min)") for each in scenarios()]


@dataclass(frozen=True)
class Listed:
    """An exercise, the places of it that the account may observe; ``whole``: it may read it all."""

    row: Exercise
    places: list[Place]
    whole: bool


class PlanForm(forms.Form):
    """What a plan needs besides its wards."""

    scenario = forms.ChoiceField(
        label=_("Scénario"), choices=_choices, widget=forms.Select(attrs={"lang": "fr"})
    )
    day = forms.DateField(
        label=_("Jour"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    hour = forms.TimeField(
        label=_("Heure de début"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    minutes = forms.IntegerField(
        label=_("Durée en minutes"),
        required=False,
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text=_("Vide : celle du scénario. De 45 minutes à une demi-journée (240)."),
    )
    animator = forms.CharField(label=_("Qui anime"), max_length=MAX_NAME)
    invited = forms.CharField(
        label=_("Invités"),
        required=False,
        max_length=MAX_INVITED,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Un par ligne : observateur d'un hôpital voisin, groupement, ARS…"),
    )
    cell_observer = forms.CharField(
        label=_("Observateur de la cellule de crise"), required=False, max_length=MAX_NAME
    )


@needs(*CONCERNED)
@exercise_page
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The room's page: keepers and auditors see every exercise, a ward its own."""
    whole = may(request, READERS)
    rows = list(Exercise.objects.prefetch_related("places")[:_SHOWN])
    shown = [Listed(row, _own(request, row), whole) for row in rows]
    shown = [each for each in shown if whole or each.places]
    signed = [row for row in rows if row.stands is State.SIGNED and row.ended_at]
    last = max((row.ended_at for row in signed if row.ended_at), default=None)
    ready = [each.row for each in shown if each.row.stands is State.READY]
    context = {
        "shown": shown,
        "live": next((each for each in shown if each.row.live), None),
        "next": min(ready, key=lambda row: row.planned_at, default=None),
        "keeps": may(request, KEEPERS),
        "whole": whole,
        "actions": open_actions() if whole else [],
        "today": timezone.localdate(),
        "due": last + rules().yearly if last else None,
        "rule": rules(),
        "weights": weights_source(),
    }
    return render(request, "drill/exercises.html", context)


def _own(request: HttpRequest, row: Exercise) -> list[Place]:
    """The places of an exercise that this account may observe."""
    return [p for p in row.places.all() if visible(request, OBSERVERS, perimeter(p.perimeter))]


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
def prepare(request: HttpRequest) -> HttpResponse:
    """One page; actions that earlier exercises left open stand at its top."""
    found = stored(current_home())
    sent = request.POST if request.method == "POST" else {}
    wards = _wards(found, sent)
    form = PlanForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        row = desk.prepare(_plan(form, wards), signed_by(request), timezone.now())
        return HttpResponseRedirect(reverse("field_exercise", args=[row.pk]))
    context = {
        "form": form,
        "wards": wards,
        "scenarios": scenarios(),
        "actions": open_actions(),
        "today": timezone.localdate(),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "drill/prepare.html", context, status=status)


def _wards(found: Establishment | None, sent: Mapping[str, str]) -> list[WardChoice]:
    services = found.services if found else ()
    return [
        WardChoice(
            service.code,
            service.name,
            bool(sent.get(f"ward-{service.code}")),
            str(sent.get(f"observer-{service.code}", ""))[:MAX_NAME],
        )
        for service in services
    ]


def _initial(request: HttpRequest) -> dict[str, object]:
    tomorrow = timezone.localdate() + timedelta(days=7)
    return {"animator": str(account(request)), "day": tomorrow, "hour": "08:00"}


def _plan(form: PlanForm, wards: list[WardChoice]) -> Plan:
    said = form.cleaned_data
    return Plan(
        said["scenario"],
        datetime.combine(said["day"], said["hour"], PARIS),
        said["minutes"] or 0,
        said["animator"],
        tuple(WardPlan(each.code, each.observer) for each in wards if each.chosen),
        said["invited"],
        said["cell_observer"],
    )


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_safe
def paper(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """A paper as PDF, or all of them in one (« tout »)."""
    row, known = exercise_of(number), {part.value: part for part in Part}
    if name != _ALL_PAPERS and name not in known:
        raise Http404
    parts = list(Part) if name == _ALL_PAPERS else [known[name]]
    address = request.build_absolute_uri(reverse("observer_enter"))
    return pdf_answer(pdf(row, parts, timezone.now(), address), f"exercice-{row.pk}-{name}.pdf")


def pdf_answer(data: bytes, name: str) -> HttpResponse:
    """A PDF that the browser shows, or keeps under ``name``."""
    response = HttpResponse(data, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@needs(*KEEPERS, perimeter=at_home)
@exercise_page
@require_POST
def renew_code(request: HttpRequest, number: int, place: int) -> HttpResponse:
    """A sheet was lost: its code opens nothing any more, another is drawn."""
    found = exercise_of(number).places.filter(pk=place).first()
    if found is None:
        raise Http404
    found.round += 1
    found.save(update_fields=["round"])
    return HttpResponseRedirect(reverse("field_exercise", args=[number]))
