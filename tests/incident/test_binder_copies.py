"""The register of copies and the pages around it, as people meet them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from releve.establishment import amend, current, load
from releve.establishment.changes import changes
from releve.establishment.store import stored_files
from releve.incident.app import copies
from releve.incident.app.copy_rows import Copy
from releve.incident.binder.material import Variant
from releve.incident.hospital import numbers
from releve.incident.logbook import Author
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.ledger.evidence import Evidence, from_json
from releve.pages.roles import Role
from releve.runtime.binder import Asked, bind
from tests.incident import paper
from tests.pages.people import EJ, WARD, person

pytestmark = pytest.mark.django_db
VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
ME = Author("Mme Martin")


@pytest.fixture
def hospital(records: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Valbrume in the records' home; Django is set up already."""
    monkeypatch.setattr("releve.runtime.binder.use_records", lambda home: None)
    load(records, VALBRUME, timezone.now())
    return records


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def small(variant: Variant = Variant.SERVICE, holder: str = "") -> Asked:
    return Asked(variant, holder, ("URG",))


def facts(what: str) -> list[Evidence]:
    told = [from_json(row.payload) for row in Outbox.objects.all()]
    return [one for one in told if one.what == what]


def test_a_copy_has_a_number_that_is_printed_and_never_given_again(hospital: Home) -> None:
    now = timezone.now()
    first = bind(hospital, small(holder="Cadre des urgences"), now, ME)
    second = bind(hospital, small(), now, ME)
    assert second.copy.pk > first.copy.pk
    words = paper.said(first.whole)[0]
    assert f"exemplaire n° {first.copy.pk}" in words and "Cadre des urgences" in words
    (made, other) = facts(copies.MADE)
    assert (made.value, made.detail["pages"], made.kind) == (
        first.copy.pk, first.made.pages, "event",
    )  # fmt: skip
    assert other.value == second.copy.pk
    assert "Cadre" not in str(made) and "Martin" not in str(made)


def test_a_copy_that_could_not_be_composed_leaves_nothing(
    hospital: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(material: object) -> None:
        raise ValueError("plus d'encre")

    monkeypatch.setattr("releve.runtime.binder.make", broken)
    with pytest.raises(ValueError, match="encre"):
        bind(hospital, small(), timezone.now(), ME)
    assert not Copy.objects.exists() and not Outbox.objects.exists()


def test_a_new_number_of_one_person_marks_the_copies_that_carry_it(hospital: Home) -> None:
    now = timezone.now()
    cell = bind(hospital, Asked(Variant.CELL, "Directeur", ("URG",)), now, ME).copy
    service = bind(hospital, small(), now, ME).copy
    other = bind(hospital, Asked(Variant.SERVICE, "", ("REA",)), now, ME).copy
    people = (
        stored_files(hospital)["people.csv"].decode().replace("06 39 98 00 02", "06 39 98 99 02")
    )
    generation = current(hospital)
    assert generation is not None
    amend(hospital, {"people.csv": people.encode()}, now, seen=generation.number)
    browser = person("martin", (Role.DIRECTION, EJ)).client
    page = text(browser, "/crise/exemplaires/")
    assert "1 exemplaire à remplacer." in page
    assert "Jocelyn FENOUIL : a changé" in page
    from releve.incident.app.copy_views import held_copies

    marked = {held.copy.pk: bool(held.changes) for held in held_copies()}
    # a service's copy does not print that mobile, another ward's does not print that person
    assert marked == {cell.pk: True, service.pk: False, other.pk: False}


def test_the_end_of_a_crisis_asks_everything_back(hospital: Home) -> None:
    now = timezone.now()
    old = bind(hospital, small(), now - timedelta(days=100), ME).copy
    new = bind(hospital, small(), now, ME).copy
    assert copies.recall("mois purgé", before=now - timedelta(days=1), now=now) == 1
    assert copies.recall("mois purgé", before=now - timedelta(days=1), now=now) == 0
    browser = person("martin", (Role.DIRECTION, EJ)).client
    assert "1 exemplaire rappelé doit revenir" in text(browser, "/crise/exemplaires/")
    assert browser.post("/crise/exemplaires/rappeler/", {"why": " "}).status_code == 400
    browser.post("/crise/exemplaires/rappeler/", {"why": "la crise est levée"})
    page = text(browser, "/crise/exemplaires/")
    assert "2 exemplaires rappelés doivent revenir ou être détruits." in page
    assert "la crise est levée" in page and "mois purgé" in page
    browser.post(f"/crise/exemplaires/{old.pk}/", {"how": "détruit"})
    browser.post(f"/crise/exemplaires/{new.pk}/", {"holder": "<b>Cadre</b>"})
    body = browser.get("/crise/exemplaires/").content.decode()
    assert "&lt;b&gt;Cadre&lt;/b&gt;" in body
    assert [each.pk for each in copies.open_copies()] == [new.pk]
    again = browser.post(f"/crise/exemplaires/{old.pk}/", {"how": "rendu"})
    assert again.status_code == 400
    assert [f.value for f in facts(copies.RECALLED)] == [1, 1]
    assert [f.detail["how"] for f in facts(copies.CLOSED)] == ["détruit"]


def test_an_old_binder_looks_old(hospital: Home) -> None:
    bind(hospital, small(), timezone.now() - timedelta(days=91), ME)
    browser = person("martin", (Role.DIRECTION, EJ)).client
    page = browser.get("/crise/classeur/").content.decode()
    assert "Le dernier classeur est à remplacer." in page
    assert 'class="made old"' in page


def test_one_button_gives_the_pdf_and_leaves_nothing_in_the_home(hospital: Home) -> None:
    before = set(hospital.path.rglob("*.pdf"))
    browser = person("martin", (Role.DIRECTION, EJ)).client
    assert "Aucun classeur de crise n'est dehors." in text(browser, "/crise/classeur/")
    sent = {"variant": "cellule", "holder": "Directeur de garde", "ward": "URG"}
    answer = browser.post("/crise/classeur/fabriquer/", sent)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    words = paper.said(answer.content)
    assert "Ce qui manque" in words[0] and "Directeur de garde" in words[0]
    assert set(hospital.path.rglob("*.pdf")) == before
    page = text(browser, "/crise/classeur/")
    assert "Le dernier classeur est à jour." in page and "y manquent" in page


def test_who_may_take_which_copy(hospital: Home) -> None:
    """Decision 0019."""
    night = person("cadre", (Role.CAREGIVER, EJ)).client
    director = person("directeur", (Role.DIRECTION, EJ)).client
    nurse = person("infirmiere", (Role.CAREGIVER, WARD)).client
    cell = {"variant": "cellule", "ward": "URG"}
    named = {"variant": "service", "census": "1", "ward": "URG"}
    make = "/crise/classeur/fabriquer/"
    assert night.post(make, cell).status_code == 403
    assert director.post(make, named).status_code == 403
    assert nurse.post(make, {"ward": "URG"}).status_code == 403
    assert night.post(make, named).status_code == 200
    assert "Imprimer les noms des patients" in text(night, "/crise/classeur/")
    assert "Imprimer les noms des patients" not in text(director, "/crise/classeur/")


def test_an_unknown_ward_is_refused_with_those_that_exist(hospital: Home) -> None:
    browser = person("martin", (Role.DIRECTION, EJ)).client
    answer = browser.post("/crise/classeur/fabriquer/", {"ward": "NULLE"})
    assert answer.status_code == 400
    assert "CHIR-A" in unescape(answer.content.decode())


def test_numbers_are_asked_and_i_do_not_know_is_an_answer(hospital: Home) -> None:
    browser = person("martin", (Role.DIRECTION, EJ)).client
    page = browser.get("/etablissement/numeros/").content.decode()
    assert "2 numéros de crise manquent." in unescape(page)
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    form = {"seen": seen[1], "ars-garde.phone": "01 99 00 60 60", "ars-garde.hours": "jour et nuit",
            "assurance.unknown": "1", "samu.phone": "abc"}  # fmt: skip
    wrong = browser.post("/etablissement/numeros/", form)
    assert wrong.status_code == 400
    assert "Rien n'a été gardé" in unescape(wrong.content.decode())
    form["samu.phone"] = "01 99 00 50 15"
    assert browser.post("/etablissement/numeros/", form).status_code == 302
    kept = stored_files(hospital)["contacts.csv"].decode()
    assert "ars-garde;;01 99 00 60 60;jour et nuit;" in kept
    assert "assurance;;;;" in kept
    assert [fact.value for fact in facts("establishment.contacts")] == [2]
    stale = browser.post("/etablissement/numeros/", form)
    assert stale.status_code == 400
    assert "a changé pendant" in unescape(stale.content.decode())


def test_a_changed_number_is_told_to_the_others_for_thirty_days(hospital: Home) -> None:
    director = person("martin", (Role.DIRECTION, EJ)).client
    other = person("roche", (Role.DSI, EJ)).client
    told = r"changé le [^<]* par ([^<]+?)\s*</"

    def page(browser: Client) -> str:
        return unescape(browser.get("/etablissement/numeros/").content.decode())

    assert not re.search(told, page(other))
    form = dict(re.findall(r'name="([a-z0-9.-]+)" value="([^"]*)"', page(director)))
    form |= {"samu.phone": "01 99 00 50 16", "ars-garde.phone": "01 99 00 60 60"}
    assert director.post("/etablissement/numeros/", form).status_code == 302
    assert re.findall(told, page(other)) == ["Mme Martin"]
    listed = numbers(hospital, timezone.now())
    change = listed["samu"].change
    assert change is not None and change.by == "Mme Martin"
    assert [slug for slug, each in listed.items() if each.change] == ["samu"]
    assert numbers(hospital, timezone.now() + timedelta(days=31))["samu"].change is None
    director.post("/crise/ouvrir/")
    crisis = unescape(other.get("/crise/").content.decode())
    assert "par Mme Martin" in crisis.partition("changé le")[2][:60]


def test_emptied_then_filled_again_a_number_is_still_changed(hospital: Home) -> None:
    now, kept = timezone.now(), stored_files(hospital)["contacts.csv"]
    for at, phone in enumerate((b"", b"06 39 98 00 66", b"+33 6 39 98 00 66")):
        generation = current(hospital)
        assert generation is not None
        files = {"contacts.csv": kept.replace(b"01 99 00 50 15", phone)}
        moment = now + timedelta(hours=at + 1)
        amend(hospital, files, moment, seen=generation.number, by=f"personne {at}")
    assert changes(hospital, now)["samu"].by == "personne 1"
    assert set(changes(hospital, now)) == {"samu"}


@pytest.mark.parametrize("phone", ["08 92 70 12 34", "118 218", "3949", "+41 79 123 45 67"])
def test_premium_and_foreign_numbers_are_refused_with_what_to_write(
    hospital: Home, phone: str
) -> None:
    browser = person("martin", (Role.DIRECTION, EJ)).client
    answer = browser.post("/etablissement/numeros/", {"seen": "1", "samu.phone": phone})
    assert answer.status_code == 400
    page = unescape(answer.content.decode())
    assert "Numéro surtaxé" in page or "Numéro étranger" in page


def test_a_formula_is_not_kept_in_the_numbers(hospital: Home) -> None:
    browser = person("martin", (Role.DIRECTION, EJ)).client
    answer = browser.post("/etablissement/numeros/", {"seen": "1", "samu.name": "=1+1"})
    assert answer.status_code == 400
