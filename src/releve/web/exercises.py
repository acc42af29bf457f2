"""The cockpit's lines about exercises with people: the last one signed, the actions left open.

Only « terrain » counts: an exercise that was simulated, or that nobody signed, proves nothing here.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from releve.drill.app.after import open_actions
from releve.drill.app.facts import SIGNED
from releve.drill.app.who import READERS, may
from releve.drill.field.rules import rules
from releve.kernel.world import Reality
from releve.pages.figures import Figure
from releve.web.entries import Entries, Entry

_LABEL = gettext_noop("exercice avec les équipes")
_TODO = gettext_noop("préparez l'exercice annuel avec les équipes")


def with_people(log: Entries) -> tuple[Entry | None, Figure]:
    """The last exercise signed: how many human times it measured, its age, when the next is due."""
    period = rules().yearly
    found = [e for e in log.latest(SIGNED) if e.evidence.reality is Reality.FIELD]
    if not found:
        return None, Figure(_LABEL, period=period, todo=_TODO)
    last = found[0]
    due = timezone.localtime(last.evidence.when + period)
    return last, Figure(
        _LABEL,
        last.evidence.value,
        last.evidence.unit or "",
        last.evidence.when,
        last.index,
        period,
        good=bool(last.evidence.value),
        todo=_TODO,
        subject=_("exercice annuel avant le %(day)s") % {"day": f"{due:%d/%m/%Y}"},
    )


def left(request: HttpRequest) -> list[Figure]:
    """One line while actions of past exercises are open; none otherwise."""
    if not may(request, READERS):
        return []
    actions = open_actions()
    if not actions:
        return []
    now = timezone.now()
    late = sum(action.due < timezone.localdate() for action in actions)
    said = ngettext("%(count)s ouverte", "%(count)s ouvertes", len(actions))
    value = said % {"count": len(actions)}
    if late:
        value += ", " + _("dont %(count)s en retard") % {"count": late}
    return [
        Figure(
            gettext_noop("actions laissées par les exercices"),
            value,
            measured_at=now,
            good=not late,
            doubtful=True,
        )
    ]
