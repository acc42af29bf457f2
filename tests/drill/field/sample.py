"""A played exercise on whatever home is at hand, for walks of every page."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from releve.drill.app import after, desk, stamps
from releve.drill.app.models import Exercise
from releve.drill.app.who import By
from releve.drill.field.exercise import State
from releve.drill.field.plan import Plan, WardPlan
from releve.drill.field.scenario import parse, text_of
from releve.establishment import Establishment

WHO = By("essai")


def written(establishment: Establishment, state: State) -> Exercise:
    """« écrans noirs » in Chirurgie B, come to ``state`` whatever the home; one time measured, one
    action left.
    """
    now = timezone.now()
    text = text_of("ecrans-noirs")
    scenario = parse(text, "ecrans-noirs")
    plan = Plan("ecrans-noirs", now, 45, "essai", (WardPlan("CHIR-B", "essai"),))
    row = desk.keep(plan, scenario, text, establishment, WHO, now - timedelta(hours=1))
    if state is State.READY:
        return row
    started = now - timedelta(minutes=20)
    row.state, row.live, row.started_at = State.RUNNING.value, state.live, started
    row.save()
    row.passages.create(state=State.RUNNING.value, at=started, by_words="essai")
    place = row.places.get(code="CHIR-B")
    moment = timezone.localtime(started + timedelta(minutes=5)).strftime("%H:%M")
    stamps.type_hour(place, "dossier-trouve", stamps.Typed(moment), WHO, now, None)
    after.write_debrief(row.pk, "essai", "essai")
    draft = after.ActionDraft("essai", "essai", timezone.localdate() + timedelta(days=30))
    after.open_action(row.pk, draft, now, None)
    if state.over:
        row.refresh_from_db()
        row.state, row.live, row.ended_at = state.value, False, now
        row.save()
        row.passages.create(state=state.value, at=now, by_words="essai")
    return row
