"""A real home before its first access has declared whose it is: a crisis is told all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from releve.incident import Author
from releve.incident.app import desk, facts
from releve.jobs.app.models import Job
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.ledger.app.outbox import drain, refusals
from releve.pages.models import Place
from releve.runtime import records
from releve.runtime.care_facts import CareFacts
from releve.runtime.duty import Duty
from releve.runtime.ledger import open_ledger, read_entries
from releve.runtime.vault_facts import facts_of

pytestmark = pytest.mark.django_db
NIGHT = Author("M. Diallo (astreinte informatique)")
_ENTITY = "000000018"  # no department is « 00 »


@pytest.fixture
def real(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Home:
    """No place is declared in it."""
    home = birth(tmp_path / "real", World.REAL, SystemClock().now())
    settings.HOME = home.path
    monkeypatch.setattr(records, "_used", [home.path])  # the tests' own Django is on it
    return home


def _drained(home: Home) -> None:
    with open_ledger(home) as ledger:
        drain(ledger)
        ledger.publish()


def test_a_crisis_is_told_and_its_kits_are_made_then_frozen(real: Home) -> None:
    duty = Duty(real, SystemClock())
    duty.turn()
    desk.open_crisis(NIGHT, "écran noir à l'accueil", SystemClock().now())
    _drained(real)
    duty.turn()
    tasks = [job.task.rpartition(".")[2] for job in Job.objects.order_by("pk")]
    assert tasks == ["publish_kits", "freeze_kits"]
    opened = next(e for _, e in read_entries(real) if e.what == facts.OPENED)
    assert (opened.finess, refusals()) == (None, 0)


def test_facts_are_signed_under_the_declared_entity_once_there_is_one(real: Home) -> None:
    from releve.care import facts as care
    from releve.vault.ports import Fact

    told = CareFacts(real)
    told.record([care.forgotten("2026-09", SystemClock().now())])
    Place.objects.create(perimeter=_ENTITY, name="Un hôpital")
    told.record([care.forgotten("2026-08", SystemClock().now())])
    now = SystemClock().now()
    private = {"file": "nom"}
    fact = Fact("alarm", "vault.alarm", now, "PC-1", 3, "fichiers", "vault", 1, private=private)
    facts_of(real).record([fact, fact])
    entries = [(e.what, e.finess) for _, e in read_entries(real) if e.kind != "birth"]
    assert entries == [
        (care.FORGOTTEN, None),
        (care.FORGOTTEN, _ENTITY),
        ("vault.alarm", _ENTITY),
    ]
    assert [*[e for _, e in read_entries(real)][-1].commitments] == ["file"]
