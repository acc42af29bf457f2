"""Kits beside the census: what is missing is said, no ward is shown to another, none is green."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from releve.establishment import load
from releve.incident import Author
from releve.incident.app.desk import open_crisis
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.pages.roles import Role
from releve.runtime.ledger import open_ledger
from tests.care.messages import Bed, a01, a02, a28
from tests.care.pages.hospital import B01, B02, ELISA, ELISE, M01, PAUL, fill, write_folder
from tests.pages.people import EJ, OTHER, SITE, person
from tests.web.samples import evidence

CHIR, MED = f"{SITE}/CHIR-B", f"{SITE}/MED-A"


@pytest.fixture
def hospital(records: Home, tmp_path: Path) -> Home:
    """Two patients in surgery, one in medicine; no kit yet."""
    load(records, write_folder(tmp_path / "etablissement"), SystemClock().now())
    story = [a28(ELISE), a28(ELISA), a28(PAUL)]
    fill(records, [*story, a01(ELISE, B01, "1"), a01(ELISA, B02, "2"), a01(PAUL, M01, "3")])
    return records


def kit(home: Home, ward: str, patients: int, number: int, *, minutes: int = 1) -> None:
    """The ledger's entry for a kit made some minutes ago."""
    when: datetime = SystemClock().now() - timedelta(minutes=minutes)
    fact = evidence(
        "care.kit.published", number, system=ward, value=patients, unit="patients", when=when
    )
    with open_ledger(home) as ledger:
        ledger.append(fact)


def page(role: Role, where: str, login: str = "martin") -> str:
    """What « Aujourd'hui » says, tags out, spaces joined."""
    answer = person(login, (role, where)).client.get("/")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(text.replace("&#x27;", "'").split())


def figure(text: str) -> str:
    """The line about all the kits."""
    start = text.index("patients dans les kits des services", text.index("Ce qui est mesuré"))
    return text[start : text.index("machines sauvegardées", start)]


def test_without_kits_nothing_is_claimed(hospital: Home) -> None:
    text = page(Role.DSI, EJ)
    assert "– non mesuré" in figure(text)
    assert "aucun kit : prenez les feuilles papier" in text


def test_kits_that_hold_everybody_are_fresh_and_proved(hospital: Home) -> None:
    kit(hospital, "CHIR-B", 2, 1)
    kit(hospital, "MED-A", 1, 2, minutes=9)
    said = figure(page(Role.DSI, EJ))
    assert "3 sur 3" in said and "● à jour" in said
    assert "il y a 9" in said and "preuve 2" in said


def test_a_patient_just_arrived_is_to_be_checked_then_missing(hospital: Home) -> None:
    kit(hospital, "CHIR-B", 1, 1)
    kit(hospital, "MED-A", 1, 2)
    said = figure(page(Role.DSI, EJ))
    assert "2 sur 3" in said and "◐ à vérifier" in said
    kit(hospital, "CHIR-B", 1, 3, minutes=16)
    text = page(Role.DSI, EJ, "autre")
    assert "○ manquant" in figure(text)
    assert "À reprendre d'abord : patients dans les kits des services." in text
    assert "Faites les kits des services (manquant, il y a 16" in text


def test_a_ward_without_a_kit_is_missing_whatever_the_others_hold(hospital: Home) -> None:
    kit(hospital, "CHIR-B", 9, 1)
    said = figure(page(Role.DSI, EJ))
    assert "2 sur 3" in said and "○ manquant" in said


def test_old_kits_are_old_even_when_they_hold_everybody(hospital: Home) -> None:
    kit(hospital, "CHIR-B", 2, 1, minutes=200)
    kit(hospital, "MED-A", 1, 2)
    said = figure(page(Role.DSI, EJ))
    assert "◐ vieux" in said and "il y a 3" in said


def test_each_sees_its_own_wards_and_no_other(hospital: Home) -> None:
    kit(hospital, "CHIR-B", 2, 1)
    kit(hospital, "MED-A", 0, 2)
    nurse = page(Role.CAREGIVER, CHIR)
    assert "2 sur 2" in figure(nurse) and "● à jour" in figure(nurse)
    assert "preuve" not in figure(nurse), "an entry of the entity is no page of a ward's"
    assert "care/kits/published/CHIR-B.html" in nurse
    assert "À faire" not in nurse, "what is to be done is not a ward's to do"
    assert "Médecine A" not in nurse and "MED-A" not in nurse
    assert "0 sur 1" in figure(page(Role.CAREGIVER, MED, "medecine"))
    stranger = page(Role.CAREGIVER, OTHER, "ailleurs")
    assert "hors de votre périmètre" in figure(stranger)
    assert "Kits des services" not in stranger
    auditor = page(Role.AUDITOR, EJ, "auditrice")
    assert "2 sur 3" in figure(auditor) and "published" not in auditor


def test_a_ward_whose_name_is_hostile_stays_text(hospital: Home) -> None:
    nasty = Bed("<b>\u202ex", "1", "1", "S9")
    fill(hospital, [a02(PAUL, nasty, "9", at="20261121030000")])
    text = person("martin", (Role.DSI, EJ)).client.get("/").content.decode()
    assert "&lt;b&gt;\\u202ex" in text and "\u202e" not in text


def test_views_that_cannot_be_read_close_no_page(hospital: Home) -> None:
    kit(hospital, "CHIR-B", 2, 1)
    for path in (hospital.path / "care").glob("views.sqlite3*"):
        path.write_bytes(b"pas une base" * 500)
    assert "– non mesuré" in figure(page(Role.DSI, EJ))


def test_an_open_crisis_is_said_before_everything(hospital: Home) -> None:
    with open_ledger(hospital) as ledger:
        ledger.append(evidence("vault.alarm", 1, system="PC-1", value=3, unit="f", kind="alarm"))
    open_crisis(Author("essai"), "", SystemClock().now())
    for role, where in ((Role.DSI, EJ), (Role.CAREGIVER, CHIR)):
        answer = person(f"a{role}", (role, where)).client.get("/").content.decode()
        first = re.search(r"<h1[^>]*>([^<]+)</h1>\s*<p class=\"next\"><a href=\"([^\"]+)\"", answer)
        assert first and first[1].startswith("Crise en cours depuis") and first[2] == "/crise/"
    elsewhere = page(Role.CAREGIVER, OTHER)
    assert "Crise en cours" not in elsewhere


def test_the_first_file_is_measured_by_a_drill_or_not_at_all(hospital: Home) -> None:
    before = page(Role.DSI, EJ)
    start = before.index("le premier dossier patient serait lisible en")
    assert "– non mesuré" in before[start : start + 120]
    with open_ledger(hospital) as ledger:
        ledger.append(evidence("care.first_file_seconds", 1, value=41.2, unit="s"))
    after = page(Role.DSI, EJ, "autre")
    start = after.index("le premier dossier patient serait lisible en 41,2 s")
    assert "● à jour" in after[start : start + 120]
