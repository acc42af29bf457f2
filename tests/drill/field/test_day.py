"""A whole exercise through HTTP: prepared, played by several clients, followed up, signed."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from releve.drill.app import facts
from releve.drill.app.codes import COOKIE, code_of
from releve.drill.app.models import Action, Exercise, Mark
from releve.kernel.home import Home
from releve.kernel.world import Reality
from releve.ledger.app.outbox import drain, refusals
from releve.ledger.evidence import Evidence
from releve.pages.roles import Role
from releve.runtime.ledger import open_ledger, read_entries
from tests.drill.field.house import EJ, SITE
from tests.pages.people import PersonAtDesk, person

pytestmark = pytest.mark.django_db


def _text(content: bytes) -> str:
    return re.sub(r"[ \n]+", " ", content.decode().replace("&#x27;", "'"))


def page(client: Client, address: str) -> str:
    """A page that opens, its spaces made one."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return _text(answer.content)


def ledger_of(home: Home) -> list[Evidence]:
    """Everything told so far, appended as the service would."""
    with open_ledger(home) as ledger:
        drain(ledger)
    assert refusals() == 0
    return [evidence for _, evidence in read_entries(home)]


def prepared(chief: PersonAtDesk) -> Exercise:
    """By the form."""
    form = {
        "scenario": "ecrans-noirs", "day": timezone.localdate().isoformat(), "hour": "08:00",
        "animator": "Mme Martin", "ward-CHIR-B": "1", "observer-CHIR-B": "M. Petit",
        "ward-URG": "1", "invited": "Mme Roux, hôpital voisin", "minutes": "",
    }  # fmt: skip
    answer = chief.client.post("/exercices/preparer/", form)
    assert answer.status_code == 302, _text(answer.content)
    return Exercise.objects.get()


def observer(row: Exercise, code: str) -> Client:
    """A phone on which the code of a sheet was typed, in small letters and without hyphens."""
    phone = Client()
    typed = code_of(row.places.get(code=code)).lower().replace("-", " ")
    answer = phone.post("/observation/", {"code": typed})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/observation/lieu/")
    return phone


def tap(phone: Client, gesture: str, act: str = "fait", **more: str) -> None:
    """As the page sends it."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', page(phone, "/observation/lieu/"))
    sent = {"geste": gesture, "acte": act, "ticket": ticket[1] if ticket else "", **more}
    assert phone.post("/observation/lieu/", sent).status_code == 302


def earlier(row: Exercise, minutes: int = 15) -> None:
    """As if it had been started so long before."""
    by = timedelta(minutes=minutes)
    Exercise.objects.filter(pk=row.pk).update(started_at=F("started_at") - by)
    row.passages.filter(state="en cours").update(at=F("at") - by)


def play(chief: PersonAtDesk, row: Exercise) -> None:
    """Two phones with a code, a nurse with an account, the animator; then paper hours."""
    address = f"/exercices/{row.pk}/"
    surgery, emergency = observer(row, "CHIR-B"), observer(row, "URG")
    nurse = person("leroy", (Role.CAREGIVER, f"{EJ}/{SITE}/URG")).client
    assert "n'est pas lancé" in page(surgery, "/observation/lieu/")
    tap(surgery, "dossier-trouve")
    assert not Mark.objects.exists(), "nothing is stamped before the start"
    assert chief.client.post(address + "etat/", {"to": "running"}).status_code == 302
    tap(surgery, "dossier-trouve")
    tap(emergency, "dossier-trouve")
    tap(emergency, "appele")
    nurse.post(f"{address}lieu/URG/", {"geste": "liste-patients", "acte": "fait", "ticket": "x"})
    chief.client.post(address + "remis/", {"inject": "ouverture", "ticket": "a"})
    running = page(chief.client, address)
    assert "Le dossier de M. Exercice" in running and "À remettre ensuite" in running
    assert running.count("● ") >= 5
    earlier(row)
    assert chief.client.post(address + "etat/", {"to": "ended"}).status_code == 302


def follow_up(chief: PersonAtDesk, row: Exercise) -> None:
    """Paper hours, attendance, debrief and one action."""
    address = f"/exercices/{row.pk}/"
    cell = row.places.get(code="CELLULE")
    now = timezone.localtime().strftime("%H:%M")
    chief.client.post(address + "heures/", {f"{cell.pk}-cellule-reunie": now})
    people = {f"{cell.pk}-10": "2", f"{row.places.get(code='URG').pk}-3": "4"}
    assert chief.client.post(address + "presences/", people).status_code == 302
    said = {
        "worked": "le kit\nla relève", "failed": "<b>annuaire périmé</b>",
        "what-0": "Refaire l'annuaire", "owner-0": "M. Diallo", "due-0": "2027-03-01",
        "ticket": "t",
    }  # fmt: skip
    for _ in range(2):  # sent twice, it is one action
        assert chief.client.post(address + "bilan/", said).status_code == 302
    assert Action.objects.count() == 1


def signed(chief: PersonAtDesk, row: Exercise) -> Exercise:
    """With the code of the moment, over the hash that was shown."""
    address = f"/exercices/{row.pk}/"
    shown = page(chief.client, address + "rapport/")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', shown)
    assert digest
    wrong = chief.client.post(address + "signer/", {"digest": digest[1], "code": "000000"})
    assert wrong.status_code == 403
    stale = chief.client.post(address + "signer/", {"digest": "0" * 64, "code": "1"})
    assert "a changé depuis" in _text(stale.content)
    sent = {"digest": digest[1], "code": chief.six_digits()}
    assert chief.client.post(address + "signer/", sent).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.report_sha256) == ("signé", digest[1])
    return row


def test_an_exercise_from_the_form_to_the_report(real: Home) -> None:
    chief = person("martin", (Role.DSI, EJ))
    row = prepared(chief)
    assert "EXERCICE" in page(chief.client, f"/exercices/{row.pk}/")
    play(chief, row)
    follow_up(chief, row)
    shown = page(chief.client, f"/exercices/{row.pk}/rapport/")
    assert "2 services, 6 personnes émargées." in shown
    assert "Rapport NON SIGNÉ" in shown
    assert "&lt;b&gt;annuaire périmé" in shown and "<b>annuaire" not in shown
    assert "poids d'activité non saisis" in shown
    assert not [e for e in ledger_of(real) if e.reality is Reality.FIELD], "not before it is signed"


def test_the_signature_alone_makes_evidence_of_the_field(real: Home) -> None:
    chief = person("martin", (Role.DSI, EJ))
    row = prepared(chief)
    play(chief, row)
    follow_up(chief, row)
    row = signed(chief, row)
    field = [e for e in ledger_of(real) if e.reality is Reality.FIELD]
    assert {e.sha256 for e in field} == {row.report_sha256}
    stamped = [e for e in field if e.what == facts.MINUTES]
    assert sorted((e.system, e.detail["gesture"], e.unit) for e in stamped) == [
        ("CELLULE", "cellule-reunie", "min"), ("CHIR-B", "dossier-trouve", "min"),
        ("URG", "appele", "min"), ("URG", "dossier-trouve", "min"),
        ("URG", "liste-patients", "min"),
    ]  # fmt: skip
    assert {e.finess for e in stamped} == {EJ, SITE}
    assert next(e for e in stamped if e.system == "URG").detail["perimeter"] == f"{EJ}/{SITE}/URG"
    present = next(e for e in field if e.what == facts.PRESENT)
    assert (present.value, present.unit) == (6, "personnes")
    for name in ("Martin", "Petit", "Roux", "Diallo", "annuaire"):
        assert not [e for e in ledger_of(real) if name in repr(e)], f"{name} is in the ledger"


def _refused(who: PersonAtDesk, row: Exercise) -> str:
    address = f"/exercices/{row.pk}/"
    digest = re.search(
        r'name="digest" value="([0-9a-f]{64})"', page(who.client, address + "rapport/")
    )
    assert digest
    sent = {"digest": digest[1], "code": who.paper()}
    answer = who.client.post(address + "signer/", sent)
    return "" if answer.status_code == 302 else _text(answer.content)


def test_who_observed_everything_alone_does_not_sign_and_another_account_does(real: Home) -> None:
    chief = person("martin", (Role.DSI, EJ))
    row = prepared(chief)
    address = f"/exercices/{row.pk}/"
    chief.client.post(address + "etat/", {"to": "running"})
    earlier(row)
    for code in ("URG", "CHIR-B"):
        sent = {"geste": "dossier-trouve", "acte": "fait", "ticket": code}
        assert chief.client.post(f"{address}lieu/{code}/", sent).status_code == 302
    chief.client.post(address + "etat/", {"to": "ended"})
    said = _refused(chief, row)
    assert "a pointé seul tous les lieux" in said and "Faites signer une autre personne" in said
    assert not [e for e in ledger_of(real) if e.reality is Reality.FIELD]
    director = person("diallo", (Role.DIRECTION, EJ))
    assert _refused(director, row) == ""
    assert [e for e in ledger_of(real) if e.what == facts.SIGNED]


def test_an_exercise_of_a_few_minutes_is_not_signed(real: Home) -> None:
    chief = person("martin", (Role.DSI, EJ))
    row = prepared(chief)
    chief.client.post(f"/exercices/{row.pk}/etat/", {"to": "running"})
    earlier(row, 9)
    tap(observer(row, "URG"), "dossier-trouve")
    chief.client.post(f"/exercices/{row.pk}/etat/", {"to": "ended"})
    assert "n'a été joué que 9 min : en dessous de 10 min" in _refused(chief, row)
    row.refresh_from_db()
    assert (row.signed_at, row.report) == (None, "")


def test_a_signed_report_does_not_change(real: Home) -> None:
    chief = person("martin", (Role.DSI, EJ))
    row = prepared(chief)
    play(chief, row)
    follow_up(chief, row)
    row, address = signed(chief, row), f"/exercices/{row.pk}/"
    assert "Rapport NON SIGNÉ" not in page(chief.client, address + "rapport/")
    chief.client.post(address + "bilan/", {"worked": "autre", "ticket": "u"})
    cell = row.places.get(code="CELLULE")
    refused = chief.client.post(address + "heures/", {f"{cell.pk}-consigne-donnee": "08:00"})
    assert "ne changent plus" in _text(refused.content)
    refused = chief.client.post(address + "presences/", {f"{cell.pk}-1": "3"})
    assert "ne changent plus" in _text(refused.content)
    row.refresh_from_db()
    assert row.worked == "le kit\nla relève"
    assert json.loads(row.report)["measured"] == 5
    assert chief.client.get(address + "rapport.pdf").content.startswith(b"%PDF")
    text = chief.client.get(address + "rapport.json").content
    assert hashlib.sha256(text).hexdigest() == row.report_sha256
    auditor = person("audit", (Role.AUDITOR, EJ)).client
    assert "Signé le" in page(auditor, address + "rapport/")


def test_an_action_comes_back_until_somebody_closes_it_with_a_proof(real: Home) -> None:
    chief = person("martin", (Role.DSI, EJ))
    row = prepared(chief)
    play(chief, row)
    follow_up(chief, row)
    signed(chief, row)
    action = Action.objects.get()
    for address in ("/exercices/", "/exercices/preparer/"):
        assert "Refaire l'annuaire" in page(chief.client, address), address
    nameless = chief.client.post(f"/exercices/action/{action.pk}/", {"who": " ", "proof": "vu"})
    assert "Il manque" in _text(nameless.content)
    form = {"who": "M. Diallo", "proof": "annuaire du 2 mars"}
    assert chief.client.post(f"/exercices/action/{action.pk}/", form).status_code == 302
    assert "Refaire l'annuaire" not in page(chief.client, "/exercices/preparer/")
    assert "annuaire du 2 mars" in page(chief.client, f"/exercices/{row.pk}/rapport/")


def test_a_code_opens_its_own_page_and_nothing_else(ready: Exercise) -> None:
    person("martin", (Role.DSI, EJ))
    phone = observer(ready, "CHIR-B")
    cookie = phone.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"]) == ("/observation/", True)
    shown = page(phone, "/observation/lieu/")
    assert "Chirurgie B" in shown and "Urgences" not in shown and "Cellule réunie" not in shown
    closed = [
        "/", "/patients/", "/crise/", "/exercices/", "/exercices/preparer/", "/preuves/",
        f"/exercices/{ready.pk}/", f"/exercices/{ready.pk}/lieu/CHIR-B/",
        f"/exercices/{ready.pk}/lieu/URG/", f"/exercices/{ready.pk}/rapport/",
        f"/exercices/{ready.pk}/papiers/cartes.pdf", "/exercices/alarme/",
    ]  # fmt: skip
    for address in closed:
        answer = phone.get(address)
        assert answer.status_code == 302, address
        assert answer.headers["Location"].startswith("/connexion/"), address


def test_a_code_that_is_wrong_replaced_or_late_opens_nothing(ready: Exercise) -> None:
    chief = person("martin", (Role.DSI, EJ))
    stranger, phone = Client(), observer(ready, "CHIR-B")
    answer = stranger.post("/observation/", {"code": "0000-0000-0000-0000"})
    assert answer.status_code == 403 and "Ce code n'ouvre rien" in _text(answer.content)
    assert stranger.get("/observation/lieu/").headers["Location"] == "/observation/"
    assert stranger.get("/observation/alarme/").content == b""
    place = ready.places.get(code="CHIR-B")
    old = code_of(place)
    chief.client.post(f"/exercices/{ready.pk}/code/{place.pk}/")
    assert stranger.post("/observation/", {"code": old}).status_code == 403
    assert phone.get("/observation/lieu/").headers["Location"] == "/observation/"
    fresh = observer(ready, "CHIR-B")
    Exercise.objects.update(planned_at=timezone.now() - timedelta(hours=13))
    assert fresh.get("/observation/lieu/").headers["Location"] == "/observation/"


def test_two_taps_are_one_and_a_correction_erases_nothing(running: Exercise) -> None:
    person("martin", (Role.DSI, EJ))
    phone, other = observer(running, "CHIR-B"), observer(running, "CHIR-B")
    sent = {"geste": "dossier-trouve", "acte": "fait", "ticket": "memepage"}
    for _ in range(3):
        phone.post("/observation/lieu/", sent)
    tap(other, "dossier-trouve")
    assert Mark.objects.count() == 1, "the first tap counts"
    tap(phone, "dossier-trouve", "retirer")
    assert "● " not in page(phone, "/observation/lieu/")
    typed = timezone.localtime(running.started_at).strftime("%H h %M")
    tap(phone, "dossier-trouve", "heure", heure=typed)
    assert [(m.how, m.at is None) for m in Mark.objects.all()] == [
        ("touche", False), ("retiré", True), ("heure écrite", False),
    ]  # fmt: skip
    assert "● " + typed.replace(" h ", ":") in page(phone, "/observation/lieu/")
    sent = {"geste": "dossier-trouve", "acte": "heure", "heure": "25:00", "ticket": "z"}
    assert "tombe avant le début" in _text(phone.post("/observation/lieu/", sent).content)
    assert phone.post("/observation/lieu/", {"geste": "x", "acte": "fait"}).status_code == 400
    assert Mark.objects.count() == 3
