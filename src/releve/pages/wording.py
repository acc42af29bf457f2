"""Words, numbers and hours in the reader's language; rooms without Django speak French only.

A text that another room supplies (a state, a label, an error) is its own key in the catalogue; what
the catalogue does not know is shown as it came.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from releve.kernel import units
from releve.kernel.errors import ReleveError
from releve.pages import figures

_MONTHS = "Jan Feb Mar Apr May June July Aug Sept Oct Nov Dec".split()  # noqa: SIM905
#: Data of an error that are sentences of ours; the rest (names, numbers, what was typed) is theirs.
_OUR_WORDS = frozenset({"what", "fix", "why", "purpose", "where", "state"})


def english() -> bool:
    """True when the reader chose English."""
    return get_language() == "en"


def visible(text: str) -> str:
    """What somebody typed, on one line: control and direction characters are written out
    (``\\u202e``), never obeyed.
    """
    one_line = " ".join(text.split())
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else f"\\u{ord(c):04x}"
        for c in one_line
    )


def translated(text: str) -> str:
    """A text of ours that came from a room without Django."""
    return _(text)


def moment(when: datetime) -> str:
    """« 21 nov. 2026 à 03:12 », “21 Nov 2026 at 03:12”; Europe/Paris."""
    if not english():
        return units.moment(when)
    local = when.astimezone(units.PARIS)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} at {local:%H:%M}"


def day(when: date) -> str:
    """« 21 nov. 2026 », “21 Nov 2026”."""
    if not english():
        return units.day(when)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def duration(span: timedelta) -> str:
    """« 4,5 s », « 12 jours »; “4.5 s”, “12 days”."""
    said = units.duration(span)
    return said.replace(",", ".").replace("jours", "days") if english() else said


def age(when: datetime, now: datetime) -> str:
    """« il y a 3 h 20 », “3 h 20 ago”."""
    said = figures.age(when, now)
    if said.startswith("il y a "):
        return _("il y a %(span)s") % {"span": duration(now - when)}
    return _(said)


def grouped(number: int) -> str:
    """« 4 812 », “4,812”."""
    return f"{number:,}" if english() else units.thousands(number)


def written(value: str | int | float | bool | None, unit: str) -> str:
    """A value and its unit (:func:`releve.pages.figures.written`)."""
    if not english() or isinstance(value, str):
        return figures.written(value, unit)
    if isinstance(value, float):
        return f"{value:.1f}{units.NARROW_SPACE}{_(unit)}".strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}{units.NARROW_SPACE}{_(unit)}".strip()
    return _(figures.written(value, unit))


def shown(figure: figures.Figure, now: datetime) -> figures.Shown:
    """A figure as the page writes it."""
    said = figures.show(figure, now)
    if not english():
        return said
    at = figure.measured_at if said.when else None
    return replace(
        said,
        label=_(said.label),
        value=written(figure.value, figure.unit) if at else said.value,
        state=_(said.state),
        age=age(at, now) if at else "",
        when=moment(at) if at else "",
        todo=_(said.todo),
    )


def told(error: ReleveError) -> tuple[str, str]:
    """An error's message and remedy; of its data, only those that are words of ours."""
    data = {
        key: _(value) if key in _OUR_WORDS and isinstance(value, str) else value
        for key, value in error.data.items()
    }
    message = re.sub(r"[ \n]+", " ", type(error).__doc__ or "").strip()
    return _(message).format(**data), _(error.next_step).format(**data)
