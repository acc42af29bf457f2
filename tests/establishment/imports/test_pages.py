"""The pages: who may, what is refused, what a document's address answers, English."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from releve.establishment import current, load, procedures, stored
from releve.establishment.app.importing import SAID
from releve.establishment.imports.prepare import KINDS
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.pages.roles import Role
from tests.establishment.imports.files import NOW, csv
from tests.establishment.test_map import VALBRUME
from tests.pages.conftest import records
from tests.pages.people import EJ, SITE, person

__all__ = ["records"]
pytestmark = pytest.mark.django_db
_IMPORT = "/etablissement/importer/"
_LIST = csv("Nom;Service;Tél", "MARTIN Paul;Urgences;4521", "<b>x</b>;Urgences;4522", "LE GOFF;;?")


def give(browser: Client, data: bytes, kind: str = "staff", name: str = "liste.csv") -> str:
    """The preview's address, or the page that refused."""
    form = {"kind": kind, "file": SimpleUploadedFile(name, data), "ej": EJ, "eg": "990000028",
            "name": "CH de Valbrume"}  # fmt: skip
    answer = browser.post(_IMPORT, form)
    return str(answer.headers.get("Location") or answer.content.decode())


@pytest.fixture
def chief(records: Home) -> Client:
    return person("diallo", (Role.DSI, EJ)).client


@pytest.mark.parametrize(
    ("role", "where", "status"),
    [
        (Role.DSI, EJ, 200),
        (Role.DIRECTION, EJ, 200),
        (Role.DSI, SITE, 403),
        (Role.CAREGIVER, EJ, 403),
        (Role.CRISIS_CELL, EJ, 403),
        (Role.AUDITOR, EJ, 403),
    ],
)
def test_who_may_import_and_correct(records: Home, role: Role, where: str, status: int) -> None:
    browser = person("essai", (role, where)).client
    for address in (_IMPORT, "/etablissement/personnes/"):
        assert browser.get(address).status_code == status


def test_a_preview_shows_hostile_text_dead_and_confirming_tells_the_ledger(
    records: Home, chief: Client
) -> None:
    address = give(chief, _LIST)
    page = chief.get(address).content.decode()
    assert "<b>x</b>" not in page and "&lt;b&gt;x&lt;/b&gt;" in page
    assert current(records) is None and not Outbox.objects.filter(origin="establishment").exists()
    seen = re.search(r'name="seen" value="(\w*)"', page)
    assert seen is not None
    stale = chief.post(address, {"act": "confirm", "seen": "7"}).content.decode()
    assert "établissement a changé pendant" in stale and current(records) is None
    assert chief.post(address, {"act": "confirm", "seen": seen[1]}).status_code == 302
    known = stored(records)
    assert known is not None and [p.last_name for p in known.people] == ["MARTIN", "LE GOFF"]
    fact = Outbox.objects.get(origin="establishment").payload
    assert "establishment.imported" in fact and "MARTIN" not in fact
    assert "C'est gardé." in chief.get(address).content.decode()
    english = person("smith", (Role.DSI, EJ)).client
    english.post("/langue/", {"language": "en"})
    assert "It is kept." in english.get(address).content.decode()


def test_a_column_is_remapped_and_the_preview_made_again(records: Home, chief: Client) -> None:
    address = give(chief, csv("Nom;Zone;Truc", "MARTIN;Urgences;4521"))
    form = {"act": "again", "label-3": "Truc", "was-3": "", "field-3": "extension"}
    page = chief.post(address, form).content.decode()
    assert "téléphone 4521" in page and current(records) is None
    assert chief.post(address, {"act": "abandon"}).status_code == 302
    assert chief.get(address).status_code == 400


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"kind": "staff"}, "il manque"),
        ({"kind": "autre", "file": SimpleUploadedFile("x", b"x")}, "rien n&#x27;est choisi"),
        ({"kind": "staff", "file": SimpleUploadedFile("x", b"PK\3\4")}, "ne se lit pas"),
    ],
)
def test_what_is_refused_says_why(chief: Client, form: dict[str, object], why: str) -> None:
    answer = chief.post(_IMPORT, {**form, "ej": EJ, "name": "CH"})
    assert answer.status_code == 400 and why in answer.content.decode()


def test_a_file_too_large_is_not_read_at_all(chief: Client, settings: Settings) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 100
    assert "il manque" in give(chief, _LIST * 100)


def test_a_procedure_is_saved_never_shown(records: Home, chief: Client) -> None:
    text = "Panne du dossier patient : prendre la <script>alert(1)</script> mallette rouge."
    assert give(chief, text.encode(), "procedures", "Panne « DPI »/x.txt") == (
        "/etablissement/procedures/"
    )
    kept = procedures.listed(records)[0]
    page = chief.get("/etablissement/procedures/?mots=mallette").content.decode()
    assert "1 procédure trouvée" in page and "<script>alert" not in page
    ward = person("soin", (Role.CAREGIVER, EJ)).client
    answer = ward.get(f"/etablissement/procedures/{kept.sha256}/")
    assert answer.content == text.encode()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert ward.get(f"/etablissement/procedures/{'0' * 64}/").status_code == 400


def test_a_correction_by_hand_is_checked_and_told(records: Home, chief: Client) -> None:
    load(records, VALBRUME, NOW)
    address = "/etablissement/personnes/P0001/"
    bad = chief.post(address, {"phone": "36", "service": "NULLE-PART"})
    assert bad.status_code == 400
    for phone in ("06 39 98 00", "=1+1", "4521 4522"):
        assert chief.post(address, {"phone": phone}).status_code == 400
    good = {"phone": "+33 6 39 98 00 77", "service": "URG", "profession": "cadre de santé"}
    assert chief.post(address, good).status_code == 302
    known = stored(records)
    assert known is not None and known.people[0].phone == "06 39 98 00 77"
    assert "establishment.corrected" in Outbox.objects.get(origin="establishment").payload
    assert chief.get("/etablissement/personnes/PERSONNE/").status_code == 400


def test_every_kind_has_its_words_in_the_catalogue() -> None:
    assert set(SAID) == set(KINDS.values())
