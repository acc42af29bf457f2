"""What every page of an exercise has: the band EXERCICE; once a real crisis is open the band RÉEL,
and the alarm above all else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releve.drill.app.codes import observed_place
from releve.drill.app.crisis import real_crisis
from releve.drill.app.desk import heed
from releve.drill.app.models import Exercise
from releve.drill.app.who import CONCERNED
from releve.drill.field.errors import CodeClosed
from releve.pages.frame import of_exercise
from releve.pages.rights import anyone, needs

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def exercise_page(view: View[P]) -> View[P]:
    """EXERCICE on whatever is answered, unless a real crisis is open: it ends what runs before the
    page is made, and the page says RÉEL.
    """

    @wraps(view)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        heed(timezone.now())
        if real_crisis().since() is None:
            of_exercise(request)
        return view(request, *args, **kwargs)

    return shown


def exercise_of(number: int) -> Exercise:
    """404 when there is no such exercise."""
    return get_object_or_404(Exercise, pk=number)


@needs(*CONCERNED, keeps_session=False)
@exercise_page
@require_safe
def alarm(request: HttpRequest) -> HttpResponse:
    """The alarm alone, asked every few seconds; nothing in it on a quiet day. While an exercise is
    live the session is kept: an animator's phone must go on listening.
    """
    if Exercise.objects.filter(live=True).exists():
        request.session.modified = True
    return _alarm_part(request, "field_alarm")


@anyone
@exercise_page
@require_safe
def observer_alarm(request: HttpRequest) -> HttpResponse:
    """The same for whoever holds an observer's code; nothing for anybody else."""
    try:
        observed_place(request, timezone.now())
    except CodeClosed:
        return HttpResponse()
    return _alarm_part(request, "observer_alarm")


def _alarm_part(request: HttpRequest, ask: str) -> HttpResponse:
    """The band and the title of the page that stands open change with the alarm."""
    context = {"ask": ask, "overtaken": real_crisis().since() is not None}
    return render(request, "drill/alarm_part.html", context)
