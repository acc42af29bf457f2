"""Tags of the exercise's pages: the real alarm, minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.db.models import Q
from django.utils import timezone

from releve.drill.app.crisis import real_crisis
from releve.drill.app.models import Exercise
from releve.drill.field.exercise import STOP_SENTENCE
from releve.pages.wording import english

register = template.Library()


@register.inclusion_tag("drill/alarm.html", takes_context=True)
def real_alarm(context: template.Context) -> dict[str, Any]:
    """« EXERCICE TERMINÉ… » while a real crisis is open; ``overtook``: it ended an exercise."""
    since = real_crisis().since()
    ended = Q(alarm_at=since) | Q(live=True)  # live: opened since the page began to be made
    overtook = since is not None and Exercise.objects.filter(ended).exists()
    return {
        "since": since,
        "today": since is not None
        and timezone.localdate(since) == timezone.localdate(timezone.now()),
        "overtook": overtook,
        "signed": context.get("signed"),
        "sentence": STOP_SENTENCE,
    }


@register.filter
def minutes(span: timedelta) -> str:
    """« 32 min », « dépassé de 4 min »'s number: whole minutes, never negative."""
    return f"{max(0, int(abs(span.total_seconds()) // 60))}\u202fmin"


@register.filter
def decimal(number: float | None) -> str:
    """« 12,5 », “12.5”; a dash for nothing."""
    if number is None:
        return "–"
    text = f"{number:g}"
    return text if english() else text.replace(".", ",")
