"""What heads of service signed, as the binder prints it: one sheet a service, the last version."""

from __future__ import annotations

import re
from collections.abc import Callable

from releve.establishment.degraded import At, DegradedSheet, Reliance, rules
from releve.incident.binder.material import Degraded, Instead, Variant
from releve.kernel.units import PARIS

#: A number of 06 or 07 belongs to one person: it stands on the crisis cell's copy only.
_MOBILE = re.compile(r"(?:(?:\+|00)33[\s.-]?|0)[67](?:[\s.\u00a0-]?\d{2}){4}")
_ELSEWHERE = "(mobile : voir l'exemplaire de la cellule)"


def degraded_of(variant: Variant) -> tuple[Degraded, ...]:
    """The signed sheets, in no order; the records must be in use (``use_records``)."""
    from releve.establishment.app.interviews import sheets

    def told(words: str) -> str:
        return words if variant is Variant.CELL else _MOBILE.sub(_ELSEWHERE, words)

    return tuple(_printed(sheet, told) for sheet in sheets().values())


def _printed(sheet: DegradedSheet, told: Callable[[str], str]) -> Degraded:
    instead = []
    for place, at in enumerate(sheet.horizons):
        acts = [told(at.instead) if at.instead else f"rien n'a été dit : {at.impact.words}"]
        if place == 0:
            acts += [told(words) for words in _always(sheet)]
        instead.append(Instead(_after(at), tuple(acts)))
    behalf = ", pour le compte du service" if sheet.on_behalf else ""
    entered = f", saisi par {sheet.entered_by}" if sheet.entered_by else ""
    return Degraded(
        sheet.service,
        tuple(told(_relied(each)) for each in sheet.relies_on if each.used),
        tuple(instead),
        f"{sheet.by}, {sheet.function}{behalf}{entered} (version {sheet.version})",
        sheet.answered.astimezone(PARIS).date(),
    )


def _after(at: At) -> str:
    return next((each.words for each in rules().horizons if each.span == at.after), str(at.after))


def _relied(each: Reliance) -> str:
    return f"{each.words} ({each.said}, {each.tried.words})"


def _always(sheet: DegradedSheet) -> list[str]:
    """What holds whatever the hour, beside the first acts."""
    said = (("Appelez", sheet.call), ("Effectif minimal", sheet.staff), ("Papier", sheet.paper))
    return [f"{what} : {words}" for what, words in said if words]
