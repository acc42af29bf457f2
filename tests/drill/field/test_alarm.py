"""A real alarm ends the exercise aloud: the real duty part, every page, the console."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from releve.drill.app import desk, facts
from releve.drill.app.models import Exercise, Mark, Passage
from releve.drill.app.who import By
from releve.drill.field.errors import AnotherRuns, NotInADrill, RealCrisisOpen, WrongMoment
from releve.drill.field.exercise import State
from releve.incident import Author
from releve.incident.app import desk as crisis
from releve.incident.app.models import Incident, LogEntry
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.kernel.ids import Finess
from releve.kernel.world import Reality
from releve.ledger.app.models import Outbox
from releve.ledger.errors import WrongReality
from releve.ledger.evidence import Evidence, Tool, check_home, from_json
from releve.pages.roles import Role
from releve.runtime import field
from releve.runtime.duty import Duty
from releve.runtime.ledger import open_ledger
from releve.vault import facts as vault
from tests.drill.field.conftest import ANIMATOR, plan
from tests.drill.field.house import EJ, SITE
from tests.drill.field.test_day import observer, page, tap
from tests.pages.people import person

pytestmark = pytest.mark.django_db
BANNER = "EXERCICE TERMINÉ : une alarme RÉELLE est ouverte depuis"


def _alarm(number: int) -> Evidence:
    return Evidence(
        what=vault.ALARM,
        when=timezone.now(),
        system="PC-LABO-04",
        value=12,
        unit="fichiers",
        tool=Tool("releve", "essai"),
        finess=Finess(EJ),
        reality=Reality.TECHNICAL,
        kind="alarm",
        origin="essai",
        number=number,
    )


def _append(home: Home, *entries: Evidence) -> None:
    with open_ledger(home) as ledger:
        ledger.append_many(entries)
        ledger.publish()


def test_an_alarm_that_opens_the_crisis_ends_the_exercise_in_the_same_turn(
    real: Home, running: Exercise
) -> None:
    duty = Duty(real, SystemClock())
    duty.turn()
    assert Exercise.objects.get().state == State.RUNNING
    _append(real, _alarm(1))
    duty.turn()
    running.refresh_from_db()
    incident = Incident.objects.get()
    assert (running.stands, running.live) == (State.INTERRUPTED, False)
    assert running.alarm_at == incident.opened_at
    line = LogEntry.objects.get(text__startswith="Exercice")
    assert line.nature == "automatique" and "interrompu" in line.text
    told = [from_json(row.payload).what for row in Outbox.objects.order_by("pk")]
    assert told.count(facts.INTERRUPTED) == 1
    assert duty.turn() == 0, "told once"


def test_a_turn_that_fails_ends_nothing_and_the_next_one_does(
    real: Home, running: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = Duty(real, SystemClock())
    duty.turn()
    _append(real, _alarm(1))
    before = Outbox.objects.count()
    with monkeypatch.context() as broken:
        broken.setattr(facts, "tell", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            duty.turn()
    running.refresh_from_db()
    assert (running.stands, Incident.objects.count()) == (State.RUNNING, 0)
    assert Outbox.objects.count() == before
    duty.turn()
    running.refresh_from_db()
    assert (running.stands, Incident.objects.count()) == (State.INTERRUPTED, 1)


def test_a_crisis_that_a_person_opens_ends_it_at_the_next_turn(
    real: Home, running: Exercise
) -> None:
    duty = Duty(real, SystemClock())
    duty.turn()
    crisis.open_crisis(Author("M. Diallo"), "écran noir", timezone.now())
    assert duty.turn() == 1
    running.refresh_from_db()
    assert running.stands is State.INTERRUPTED


def test_every_page_of_the_exercise_says_it_even_without_the_duty_part(
    running: Exercise,
) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    phone = observer(running, "CHIR-B")
    tap(phone, "dossier-trouve")
    pages = [
        (chief, "/exercices/"), (chief, "/exercices/preparer/"),
        (chief, f"/exercices/{running.pk}/"), (chief, f"/exercices/{running.pk}/lieu/URG/"),
        (chief, f"/exercices/{running.pk}/heures/"), (chief, f"/exercices/{running.pk}/bilan/"),
        (chief, "/exercices/alarme/"), (phone, "/observation/lieu/"),
        (phone, "/observation/alarme/"),
    ]  # fmt: skip
    assert not [address for client, address in pages if BANNER in page(client, address)]
    crisis.open_crisis(Author("M. Diallo"), "", timezone.now())
    for client, address in pages:
        shown = page(client, address)
        assert BANNER in shown and "Ceci n'est plus un exercice." in shown, address
        assert "EXERCICE</strong>" not in shown and ">RÉEL</" in shown, address
        assert "· RÉEL · Relève</title>" in shown and "· EXERCICE ·" not in shown, address
        assert '<body class="exercise">' not in shown, address
    sent = {"geste": "liste-patients", "acte": "fait", "ticket": "trop tard"}
    assert phone.post("/observation/lieu/", sent, follow=True).status_code == 200
    assert Mark.objects.count() == 1, "what is tapped after the alarm measures nothing"
    crisis.close(Author("M. Diallo"), "fini", timezone.now())
    assert BANNER not in page(chief, "/exercices/")
    assert "<strong>EXERCICE</strong>" in page(chief, "/exercices/")
    assert "Interrompu par une alarme réelle" in page(chief, f"/exercices/{running.pk}/")


def test_the_pages_ask_for_the_alarm_often_enough(running: Exercise) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    phone = observer(running, "CHIR-B")
    for client, address in ((chief, f"/exercices/{running.pk}/"), (phone, "/observation/lieu/")):
        shown = page(client, address)
        assert 'hx-trigger="every 4s"' in shown
        assert '<noscript><meta http-equiv="refresh" content="6"></noscript>' in shown


@pytest.mark.parametrize("who", ["animator", "nurse", "code"])
def test_this_is_real_opens_the_crisis_in_one_tap(running: Exercise, who: str) -> None:
    chief = person("martin", (Role.DSI, EJ)).client
    nurse = person("leroy", (Role.CAREGIVER, f"{EJ}/{SITE}/URG")).client
    phone = observer(running, "CHIR-B")
    client, address = {
        "animator": (chief, f"/exercices/{running.pk}/reel/"),
        "nurse": (nurse, f"/exercices/{running.pk}/lieu/URG/reel/"),
        "code": (phone, "/observation/reel/"),
    }[who]
    assert client.post(address).status_code == 302
    incident = crisis.current()
    assert incident is not None
    running.refresh_from_db()
    assert (running.stands, running.alarm_at) == (State.INTERRUPTED, incident.opened_at)
    if who == "code":
        assert "code de sa feuille" in incident.opened_words


def test_a_code_opens_no_crisis_while_its_exercise_does_not_run(ready: Exercise) -> None:
    person("martin", (Role.DSI, EJ))
    observer(ready, "CHIR-B").post("/observation/reel/")
    Client().post("/observation/reel/")
    assert crisis.current() is None


def test_no_exercise_starts_during_a_crisis_nor_beside_another(ready: Exercise) -> None:
    now = timezone.now()
    incident = crisis.open_crisis(Author("M. Diallo"), "", now)
    with pytest.raises(RealCrisisOpen):
        desk.move(ready.pk, State.RUNNING, ANIMATOR, now)
    crisis.close(Author("M. Diallo"), "fini", now)
    assert incident.pk
    other = desk.prepare(plan(), ANIMATOR, now)
    desk.move(ready.pk, State.RUNNING, ANIMATOR, now)
    with pytest.raises(AnotherRuns):
        desk.move(other.pk, State.RUNNING, ANIMATOR, now)
    desk.move(ready.pk, State.RUNNING, ANIMATOR, now)
    assert Passage.objects.count() == 1, "started twice, it is started once"


def test_an_end_by_mistake_is_undone_for_a_quarter_of_an_hour(running: Exercise) -> None:
    now = timezone.now()
    desk.move(running.pk, State.ENDED, ANIMATOR, now)
    desk.move(running.pk, State.RUNNING, ANIMATOR, now + timedelta(minutes=2))
    desk.move(running.pk, State.ENDED, ANIMATOR, now + timedelta(minutes=3))
    with pytest.raises(WrongMoment):
        desk.move(running.pk, State.RUNNING, ANIMATOR, now + timedelta(minutes=19))


def test_the_console_rings_and_says_it(real: Home, running: Exercise) -> None:
    news = field.watch(real, None, SystemClock())
    assert "écrans noirs" in next(news).text.lower()
    assert "en cours" in next(news).text
    crisis.open_crisis(Author("M. Diallo"), "", timezone.now())
    rest = list(news)
    assert rest[-1].alarm and rest[-1].text.startswith(BANNER)


def test_a_simulation_prepares_nothing_and_its_ledger_refuses_terrain(
    records: Home, real: Home
) -> None:
    told = {"what": facts.SIGNED, "when": timezone.now(), "system": "exercice", "value": 3,
            "unit": "temps mesurés", "tool": Tool("releve", "essai"), "kind": "decision",
            "origin": "essai", "number": 1}  # fmt: skip
    in_field = Evidence(**told, reality=Reality.FIELD, finess=Finess("990000010"))  # type: ignore[arg-type]
    simulated = Evidence(**told, reality=Reality.SIMULATED, finess=Finess("990000010"))  # type: ignore[arg-type]
    with pytest.raises(WrongReality):
        check_home(in_field, records)
    with pytest.raises(WrongReality):
        check_home(simulated, real)


def test_a_drill_home_refuses_to_prepare(records: Home) -> None:
    with pytest.raises(NotInADrill):
        desk.prepare(plan(), By("essai"), timezone.now())
