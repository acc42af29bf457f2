"""What exercises put on « Aujourd'hui »: the last signed one, when the next is due, what is left;
and the share of activity, from the page where its weights are entered.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from releve.drill.app import after, desk, facts, signing, stamps
from releve.drill.app.models import Exercise
from releve.drill.field.exercise import State
from releve.kernel.home import Home
from releve.pages.roles import Role
from tests.drill.field.conftest import ANIMATOR
from tests.drill.field.house import CARE_HOME, EJ, OTHER_SITE, SITE
from tests.drill.field.test_day import ledger_of, page
from tests.pages.people import person

pytestmark = pytest.mark.django_db


def _played(row: Exercise, *wards: str) -> Exercise:
    """One gesture in each ward, then the end."""
    now = timezone.now()
    for code in wards:
        stamps.tap(row.places.get(code=code), "dossier-trouve", ANIMATOR, now, None)
    return desk.move(row.pk, State.ENDED, ANIMATOR, now)


def _signed(row: Exercise) -> Exercise:
    from releve.drill.app.printing import report_of

    return signing.sign(row.pk, ANIMATOR, timezone.now(), shown=report_of(row)[1])


def test_a_signed_exercise_is_shown_with_its_age_and_the_next_one(
    real: Home, running: Exercise
) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    assert "préparez l'exercice annuel avec les équipes" in page(chief, "/")
    row = _played(running, "URG")
    ledger_of(real)
    assert "temps mesurés" not in page(chief, "/"), "not signed, it proves nothing"
    row = _signed(row)
    ledger_of(real)
    shown = page(chief, "/")
    due = timezone.localtime(row.ended_at) + timedelta(days=365)
    assert f"exercice avec les équipes · exercice annuel avant le {due:%d/%m/%Y}" in shown
    assert "1\u202ftemps mesurés" in shown
    assert f"Prochain exercice à tenir avant le {due:%d/%m/%Y}" in page(chief, "/exercices/")
    nurse = person("leroy", (Role.CAREGIVER, f"{EJ}/{SITE}/URG")).client
    assert "temps mesurés" not in page(nurse, "/"), "outside the ward's perimeter"


def test_an_exercise_that_measured_nothing_is_not_one(real: Home, running: Exercise) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    _signed(_played(running))
    ledger_of(real)
    assert "À reprendre d'abord : exercice avec les équipes" in page(chief, "/")


def test_actions_left_open_are_one_line_until_closed(running: Exercise) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    assert "actions laissées" not in page(chief, "/")
    today, now = timezone.localdate(), timezone.now()
    numbers = [
        after.open_action(
            running.pk,
            after.ActionDraft(f"action {n}", "M. Diallo", today + timedelta(n)),
            now,
            None,
        ).pk
        for n in (-1, 30)
    ]
    assert "2 ouvertes, dont 1 en retard" in page(chief, "/")
    after.close_action(numbers[0], "M. Diallo", "fait", now)
    assert "1 ouverte<" in page(chief, "/")
    after.close_action(numbers[1], "M. Diallo", "fait", now)
    assert "actions laissées" not in page(chief, "/")


def test_the_share_of_activity_is_measured_and_left_to_the_ars(
    real: Home, running: Exercise
) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    form = {
        "source": "PMSI et SAE", "year": "2025", f"weight-{EJ}/{SITE}": "60 000",
        f"weight-{EJ}/{OTHER_SITE}": "30000,5", f"weight-{EJ}/{CARE_HOME}": "10000",
    }  # fmt: skip
    for wrong in ({"year": "20"}, {"source": " "}, {f"weight-{EJ}/{SITE}": "-1"}):
        assert chief.post("/exercices/poids/", form | wrong).status_code == 400, wrong
    assert chief.post("/exercices/poids/", form).status_code == 302
    row = _played(running, "URG")
    shown = page(chief, f"/exercices/{row.pk}/rapport/")
    assert "<strong>60 %</strong> mesurés · règle : 66 %" in shown
    assert "à valider par l'ARS" in shown and "atteint" not in shown
    assert "PMSI et SAE, année 2025, saisi par" in shown
    _signed(row)
    told = next(e for e in ledger_of(real) if e.what == facts.COVERAGE)
    assert (told.value, told.unit, told.detail["verdict"]) == (60.0, "%", "à valider par l'ARS")
