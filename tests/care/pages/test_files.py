"""Who reads which file, what the ledger then knows, and what the pages say of what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client

from releve.care.opening import OPENED
from releve.care.views import Views
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.ledger import Place
from releve.ledger.app.models import Outbox
from releve.ledger.commitments import Salts
from releve.pages.roles import Role
from tests.care.messages import a02, oru
from tests.care.pages.hospital import B02, ELISE, ROSE, fill
from tests.pages.people import EJ, OTHER, SITE, person

CHIR, MED = f"{SITE}/CHIR-B", f"{SITE}/MED-A"


def key(home: Home, name: str, ipp: str) -> str:
    """The opaque key of a patient, as the search gives it."""
    found = Views(home.path / "care/views.sqlite3").find(name)
    return next(each.key for each in found if each.ipp == ipp)


def text(browser: Client, address: str) -> str:
    """What a page says, without its tags, spaces joined."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def search(browser: Client, words: str) -> str:
    """The page that answers a search."""
    answer = browser.post("/patients/recherche/", {"text": words})
    assert answer.status_code == 302
    assert words.split()[0] not in answer.headers["Location"]
    return text(browser, answer.headers["Location"])


def nurse(where: str, login: str = "infirmiere") -> Client:
    return person(login, (Role.CAREGIVER, where)).client


def facts() -> list[dict[str, object]]:
    rows = [json.loads(row.payload) for row in Outbox.objects.order_by("id")]
    return [row for row in rows if row["what"] == OPENED]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CAREGIVER])
def test_only_caregivers_open_patients_pages(hospital: Home, role: Role) -> None:
    reader = person("lecteur", (role, EJ)).client
    file = f"/patients/dossier/{key(hospital, 'DUPONT', ELISE.ipp)}/"
    for address in ("/patients/", "/patients/service/CHIR-B/", file, f"{file}direct/x/"):
        assert reader.get(address).status_code == 403, address
    assert reader.post("/patients/recherche/", {"text": "DUPONT"}).status_code == 403
    assert facts() == []


def test_a_nurse_reads_her_ward_and_nothing_of_the_next_one(hospital: Home) -> None:
    reader = nurse(CHIR)
    index = text(reader, "/patients/")
    assert "3 patients dans un service de votre périmètre." in index
    assert "Médecine A" not in index and "INCONNU" not in index
    assert "DUPONT" in text(reader, "/patients/service/CHIR-B/")
    for address in ("MED-A", "INCONNU", "JAMAIS-VU"):
        assert reader.get(f"/patients/service/{address}/").status_code == 403
    assert reader.get("/patients/sans-service/").status_code == 403


def test_a_search_answers_only_the_wards_of_the_account(hospital: Home) -> None:
    reader = nurse(CHIR)
    assert "2 patients répondent." in search(reader, "dupont")
    for words in ("moreau", "PERDU", ROSE.ipp, "18/06/1945", "M02"):
        assert "Personne ne répond" in search(reader, words), words
    everywhere = nurse(EJ, "pool")
    for words, name in (("moreau", "MOREAU"), ("18/06/1945", "MOREAU"), (ROSE.ipp, "MOREAU")):
        assert name in search(everywhere, words), words
    assert "PERDU" in search(everywhere, "perdu")


def test_a_sealed_search_is_of_no_use_to_another_account(hospital: Home) -> None:
    sealed = nurse(CHIR).post("/patients/recherche/", {"text": "DUPONT"}).headers["Location"]
    other = nurse(CHIR, "autre").get(sealed)
    assert (other.status_code, other.headers.get("Location")) == (302, "/patients/")


def test_a_file_elsewhere_and_no_file_get_the_same_answer(hospital: Home) -> None:
    reader = nurse(CHIR)
    elsewhere = reader.get(f"/patients/dossier/{key(hospital, 'MOREAU', ROSE.ipp)}/")
    nobody = reader.get("/patients/dossier/0123456789abcdef/")
    assert elsewhere.status_code == nobody.status_code == 403
    assert _still(elsewhere.content) == _still(nobody.content)
    stranger = nurse(OTHER, "ailleurs")
    assert (
        stranger.get(f"/patients/dossier/{key(hospital, 'DUPONT', ELISE.ipp)}/").status_code == 403
    )
    assert facts() == []


def _still(page: bytes) -> bytes:
    """A page without what changes from one request to the next (hours, form tokens)."""
    page = re.sub(rb'value="[A-Za-z0-9]{64}"', b"", page)
    return re.sub(rb"\d\d:\d\d|datetime=\"[^\"]*\"", b"", page)


def test_each_opening_is_told_to_the_ledger_without_a_name(hospital: Home) -> None:
    reader = person("infirmiere", (Role.CAREGIVER, CHIR))
    whose = key(hospital, "DUPONT", ELISE.ipp)
    for _ in range(2):
        assert reader.client.get(f"/patients/dossier/{whose}/").status_code == 200
    told = facts()
    assert len(told) == 2
    assert told[0]["value"] == f"compte {reader.account.pk}"
    assert told[0]["kind"] == "access"
    assert told[0]["detail"] == {"door": "page", "perimeter": CHIR}
    written = json.dumps(told)
    for secret in (whose, "DUPONT", "MARTIN", ELISE.ipp, ELISE.ins, "infirmiere", "Infirmiere"):
        assert secret not in written, secret
    made = [fact["commitments"]["patient"] for fact in told]  # type: ignore[index]
    assert made[0] != made[1]
    salts = Salts(Place(hospital).salts)
    assert all(salts.verify(each, whose) for each in made)


def test_a_file_follows_its_patient_to_another_ward(hospital: Home) -> None:
    surgery, medicine = nurse(CHIR), nurse(MED, "medecine")
    address = f"/patients/dossier/{key(hospital, 'MOREAU', ROSE.ipp)}/"
    assert surgery.get(address).status_code == 403
    fill(hospital, [a02(ROSE, B02, "40", at="20261121030000")])
    assert surgery.get(address).status_code == 200
    assert medicine.get(address).status_code == 403


def test_the_census_says_beds_homonyms_and_what_was_not_received(hospital: Home) -> None:
    page = text(nurse(CHIR), "/patients/service/CHIR-B/")
    beds = [page.index(bed) for bed in ("B01", "B02", "B03")]
    assert beds == sorted(beds)
    assert "Chirurgie B · 3 patients" in page
    assert "HOMONYME EN B02" in page and "HOMONYME EN B01" in page
    assert "⚠ Pénicilline" in page
    assert "allergies non reçues" in page and "traitements non reçus" in page
    assert "12/04/1951" in page
    medicine = text(nurse(MED, "medecine"), "/patients/service/MED-A/")
    assert "aucune affirmée" in medicine


def test_a_file_says_its_four_states_and_strikes_what_ended(hospital: Home) -> None:
    reader = nurse(EJ)
    full = reader.get(f"/patients/dossier/{key(hospital, 'DUPONT', ELISE.ipp)}/").content.decode()
    assert "Héparine calcique 5000 UI" in full
    assert re.search(r"<s><span class=\"text\">Paracétamol 1 g</span></s>", full)
    assert "arrêté" in full and "corrigé" in full and "4.3" in full
    assert "INS 251047500099971" in full and "nom de naissance MARTIN" in full
    assert "800009" in full, "the merged number is said"
    assert full.index(">Allergies") < full.index(">Traitements") < full.index(">Résultats")
    empty = text(reader, f"/patients/dossier/{key(hospital, 'MOREAU', ROSE.ipp)}/")
    assert "traitements non reçus : demander la feuille papier" in empty
    assert "allergies non reçues" in empty and "pas d'INS qualifiée reçue" in empty
    stated = text(reader, f"/patients/dossier/{key(hospital, 'LE GOFF', '800003')}/")
    assert "« aucune allergie » affirmé par la source" in stated


def test_a_silent_source_is_said_with_its_hour(quiet: Home) -> None:
    reader = nurse(EJ)
    page = text(reader, f"/patients/dossier/{key(quiet, 'DUPONT', ELISE.ipp)}/")
    assert "source muette depuis" in page
    assert "Des sources se taisent" in text(reader, "/patients/")
    assert "source muette" in text(reader, "/patients/service/CHIR-B/")


def test_an_unread_message_marks_its_patient(hospital: Home) -> None:
    broken = (
        oru(ELISE, None, "L9", "Sodium", "139").replace(b"OBX|1|", b"OBX|1").replace(b"OBR", b"OBZ")
    )
    fill(hospital, [broken])
    views = Views(hospital.path / "care/views.sqlite3")
    assert len(views.quarantine()) == 1
    page = text(nurse(EJ), f"/patients/dossier/{key(hospital, 'DUPONT', ELISE.ipp)}/")
    assert "1 message non lu : appelez" in page
    assert "1 message non lu : appelez" in text(nurse(CHIR, "b"), "/patients/service/CHIR-B/")


def test_the_quarantine_says_why_and_nothing_of_a_patient(hospital: Home) -> None:
    chief = person("diallo", (Role.DSI, EJ)).client
    assert "Tous les messages reçus ont été lus." in text(chief, "/patients/quarantaine/")
    reader = nurse(EJ)
    assert "n'a pas pu être lu" not in text(reader, "/patients/")
    result = oru(ELISE, None, "L9", "Sodium", "139.7", control="<b>N\u00b077</b>")
    fill(hospital, [result.replace(b"OBX|", b"OBZ|")])
    assert "1 message reçu n'a pas pu être lu." in text(reader, "/patients/")
    for browser in (chief, reader):
        html = browser.get("/patients/quarantaine/").content.decode()
        assert "LABO|VALBRUME" in html and "résultat sans observation (OBX)" in html
        assert "&lt;b&gt;N°77&lt;/b&gt;" in html and "<b>N" not in html
        for secret in ("DUPONT", ELISE.ipp, "139.7", "Sodium", key(hospital, "DUPONT", ELISE.ipp)):
            assert secret not in html, secret
    ward = nurse(CHIR, "petit")
    assert ward.get("/patients/quarantaine/").status_code == 403
    assert "/patients/quarantaine/" not in ward.get("/patients/").content.decode()


def test_hostile_texts_stay_texts(hospital: Home) -> None:
    reader = nurse(CHIR)
    whose = key(hospital, "<script>", "800005")
    for address in ("/patients/service/CHIR-B/", f"/patients/dossier/{whose}/"):
        page = reader.get(address).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "\u202e" not in page and "\x07" not in page
        assert "&lt;script&gt;" in page and "\\u202eLive" in page


def test_before_any_message_the_page_says_what_to_do(known: Home) -> None:
    page = text(nurse(EJ), "/patients/")
    assert "prenez les feuilles papier" in page
    ward = text(nurse(CHIR, "b"), "/patients/service/CHIR-B/")
    assert "aucun patient dans ce service" in ward and "aucune donnée reçue" in ward


@pytest.fixture
def quiet(known: Home) -> Iterator[Home]:
    """Everything was received nine days ago."""
    from tests.care.pages.hospital import story

    fill(known, story(), received=SystemClock().now() - timedelta(days=9))
    yield known
