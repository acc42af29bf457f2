"""Django on a real home: the example hospital under real numbers, an exercise of three places."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from releve.drill.app import desk
from releve.drill.app.models import Exercise
from releve.drill.app.who import By
from releve.drill.field.plan import Plan, WardPlan
from releve.kernel.home import Home
from releve.pages.models import Place
from releve.runtime import records as runtime_records
from tests.drill.field.house import EJ, real_home
from tests.pages.conftest import records as drill_records

records = drill_records

ANIMATOR = By("Mme Martin (cadre de santé)")


@pytest.fixture
def real(tmp_path: Path, settings: Settings, db: None, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A real home whose legal entity is declared."""
    home = real_home(tmp_path)
    settings.HOME = home.path
    runtime_records.make_secrets(home)
    monkeypatch.setattr(runtime_records, "_used", [home.path])  # the tests' own Django is on it
    cache.clear()
    Place.objects.create(perimeter=EJ, name="Centre hospitalier d'essai")
    return home


def plan(at: datetime | None = None, minutes: int = 45) -> Plan:
    """« écrans noirs » in two wards."""
    wards = (WardPlan("CHIR-B", "M. Petit"), WardPlan("URG"))
    return Plan("ecrans-noirs", at or timezone.now(), minutes, "Mme Martin", wards)


@pytest.fixture
def ready(real: Home) -> Exercise:
    """Prepared for now."""
    return desk.prepare(plan(), ANIMATOR, timezone.now())


@pytest.fixture
def running(ready: Exercise) -> Exercise:
    """Started twelve minutes ago."""
    from releve.drill.field.exercise import State

    started = timezone.now() - timedelta(minutes=12)
    return desk.move(ready.pk, State.RUNNING, ANIMATOR, started)
