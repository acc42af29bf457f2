"""The plan's pages: who opens them, what is kept, what is not, and how long."""

from __future__ import annotations

import json
import os
import re
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from releve.establishment import load
from releve.incident.app.copies import open_copies
from releve.incident.app.models import PlanAnswers
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.pages.roles import Role
from tests.establishment.test_map import VALBRUME
from tests.incident.esms.records import letter, people, table
from tests.pages.conftest import records
from tests.pages.people import EJ, person

__all__ = ["records"]
pytestmark = pytest.mark.django_db
HOME = "990000044"
AT = f"/crise/plan-bleu/{HOME}/"
ANSWERS = {"name": "EHPAD Les Tilleuls", "finess": HOME, "director": "Mme Orchidée, 06 39 98 10 01"}


@pytest.fixture
def director(records: Home) -> Client:
    """The director of the care home: nothing else of the hospital is hers."""
    load(records, VALBRUME, SystemClock().now())
    return person("directrice", (Role.DIRECTION, f"{EJ}/{HOME}")).client


def pdf(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("plan.pdf", data, "application/pdf")


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def held(page: str) -> dict[str, str]:
    """What the download's form sends."""
    return dict(re.findall(r'name="(token|key)" value="([0-9a-f]+)"', page))


def told(what: str) -> list[dict[str, object]]:
    rows = [json.loads(row.payload) for row in Outbox.objects.all()]
    return [row for row in rows if row["what"] == what]


def test_no_resident_is_kept_and_the_copy_is_registered(director: Client, records: Home) -> None:
    sent = {**ANSWERS, "residents": "60", "record": pdf(table(people(58), announced=60))}
    page = director.post(AT, sent).content.decode()
    assert "58 résidents lus sur 60 annoncés" in words(page)
    data = director.post(f"{AT}pdf/", held(page))
    assert data.headers["Content-Type"] == "application/pdf"
    assert b"".join(data).startswith(b"%PDF") if data.streaming else data.content[:4] == b"%PDF"
    (copy,) = open_copies()
    assert (copy.what, copy.patients, copy.pages) == ("plan-bleu", 58, 12)
    (fact,) = told("incident.copy.made")
    assert fact["value"] == copy.pk
    everywhere = b"".join(p.read_bytes() for p in records.path.rglob("*") if p.is_file())
    for word in (b"MYOSOTIS Jeanne", b"RAMIPRIL", "RAMIPRIL".encode("utf-16-le")):
        assert word not in everywhere, word
    assert "Orchidée" not in json.dumps([row.payload for row in Outbox.objects.all()])


def test_the_answers_stay_for_the_next_time_and_each_change_is_a_version(director: Client) -> None:
    director.post(AT, ANSWERS)
    director.post(AT, ANSWERS)
    director.post(AT, {**ANSWERS, "pharmacy": "01 99 00 41 12"})
    assert [row.version for row in PlanAnswers.objects.all()] == [1, 2]
    page = director.get(AT).content.decode()
    assert 'value="Mme Orchidée, 06 39 98 10 01"' in page and 'value="01 99 00 41 12"' in page
    assert [fact["value"] for fact in told("incident.plan.saved")] == [3, 4]


def test_nothing_is_needed_and_all_that_lacks_is_said(director: Client) -> None:
    page = words(director.post(AT, {}).content.decode())
    assert "Le plan est fait, sans la liste des résidents." in page
    for lacking in ("Direction", "ARS, point focal", "Pharmacie", "liste non fournie"):
        assert lacking in page


def test_a_pdf_not_understood_still_makes_the_plan_and_shows_its_lines(director: Client) -> None:
    page = words(director.post(AT, {"record": pdf(letter("Bonjour\nà demain"))}).content.decode())
    assert "Le PDF n'a pas été compris" in page and "à demain" in page
    refused = director.post(AT, {**ANSWERS, "record": pdf(b"PK\x03\x04 pas un PDF")})
    said = words(refused.content.decode())
    assert refused.status_code == 400 and "ce n'est pas un PDF" in said and "Exportez-le" in said
    assert 'value="EHPAD Les Tilleuls"' in refused.content.decode(), "the answers are not lost"
    assert len(open_copies()) == 1, "a plan that was not made has no number"


def test_a_wrong_finess_is_said_beside_its_field(director: Client) -> None:
    answer = director.post(AT, {**ANSWERS, "finess": "990000045"})
    assert answer.status_code == 400
    assert "la clé" in words(answer.content.decode())
    assert director.post(AT, {"finess": "je ne sais pas"}).status_code == 200


def test_a_plan_is_fetched_with_its_key_only_and_for_an_hour(
    director: Client, records: Home
) -> None:
    sent = held(director.post(AT, {"record": pdf(table(people(3)))}).content.decode())
    wrong = {**sent, "key": "0" * 64}
    for form in (wrong, {}, {**sent, "token": "../../records"}, {**sent, "token": "0" * 32}):
        refused = director.post(f"{AT}pdf/", form)
        assert refused.status_code == 400 and "n'est plus gardé" in words(refused.content.decode())
    (path,) = Path(records.path, "plans").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    os.utime(path, (1, 1))
    assert director.post(f"{AT}pdf/", sent).status_code == 400
    assert not path.exists()


def test_a_home_is_its_directors_and_nobody_elses(director: Client, records: Home) -> None:
    assert director.get("/crise/plan-bleu/").headers["Location"] == AT
    assert director.get("/crise/plan-bleu/990000028/").status_code == 403
    assert director.get("/crise/plan-bleu/999999999/").status_code == 404
    chief = person("chef", (Role.DSI, EJ)).client
    listed = words(chief.get("/crise/plan-bleu/").content.decode())
    assert "De quelle maison" in listed and "EHPAD Les Tilleuls" in listed
    nurse = person("infirmiere", (Role.CAREGIVER, f"{EJ}/{HOME}")).client
    assert nurse.get(AT).status_code == 403
