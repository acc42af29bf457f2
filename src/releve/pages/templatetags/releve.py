"""Tags of every page: a figure with its age, moments, hours, words of other rooms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone

from releve.kernel import units
from releve.pages import figures, wording

register = template.Library()


@register.inclusion_tag("pages/figure.html", takes_context=True)
def figure(context: template.Context, measured: figures.Figure) -> dict[str, Any]:
    """Three cells of a table row: value, state in words, age and source, linked for its readers."""
    shown = wording.shown(measured, timezone.now())
    return {"shown": shown, "linked": context.get("reads_proofs", False)}


@register.filter
def moment(when: datetime) -> str:
    """« 21 nov. 2026 à 03:12 »."""
    return wording.moment(when)


@register.filter
def day(when: date) -> str:
    """« 21 nov. 2026 »."""
    return wording.day(when)


@register.filter
def hour(when: datetime) -> str:
    """« 03:12 »."""
    return units.hour(when)


@register.filter
def age(when: datetime) -> str:
    """« il y a 3 h 20 »."""
    return wording.age(when, timezone.now())


@register.filter
def grouped(number: int) -> str:
    """« 4 812 »."""
    return wording.grouped(number)


@register.filter
def translated(text: str) -> str:
    """A text of ours that a room without Django supplies, in the reader's language."""
    return wording.translated(str(text))
