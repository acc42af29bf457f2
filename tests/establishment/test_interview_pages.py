"""Interviews through their pages: who answers, what is kept, signed, told, decided."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

import pypdfium2
import pytest
from django.test import Client

from releve.establishment import current, load, stored
from releve.establishment.app import interviews
from releve.establishment.app.models import Interview, InterviewDraft, Ruling
from releve.establishment.degraded import Tried, Way
from releve.establishment.store import stored_files
from releve.incident import Author
from releve.incident.binder.material import Variant
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.pages.roles import Role
from releve.runtime.binder import Asked, bind
from tests.establishment.test_map import VALBRUME
from tests.pages.conftest import records
from tests.pages.people import EJ, SITE, PersonAtDesk, person

__all__ = ["records"]
pytestmark = pytest.mark.django_db
WARD = f"{SITE}/URG"
AT = "/etablissement/entretiens/URG/"
HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>\u202e'


@pytest.fixture
def hospital(records: Home) -> Home:
    load(records, VALBRUME, SystemClock().now())
    return records


@pytest.fixture
def head(hospital: Home) -> PersonAtDesk:
    """The head of the emergency ward."""
    return person("cadre", (Role.CAREGIVER, WARD))


@pytest.fixture
def chief(hospital: Home) -> PersonAtDesk:
    return person("chef", (Role.DSI, EJ))


FIRST = {
    "impact-60": "hindrance",
    "impact-240": "stopped",
    "impact-1440": "danger",
    "impact-11520": "unknown",
    "instead-60": HOSTILE,
    "pdma": "60",
}


def answered(browser: Client, at: str = AT, **second: str) -> None:
    assert browser.post(at, FIRST).headers["Location"] == f"{at}dependances/"
    assert browser.post(f"{at}dependances/", second).headers["Location"] == f"{at}relire/"


def signed(browser: Client, at: str = AT, **second: str) -> None:
    answered(browser, at, **second)
    done = browser.post(f"{at}relire/", {"by": "Mme Orchidée", "function": "cadre de santé"})
    assert done.status_code == 302, done.content.decode()


def words(browser: Client, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def told(what: str) -> list[dict[str, object]]:
    rows = [json.loads(row.payload) for row in Outbox.objects.all()]
    return [row for row in rows if row["what"] == what]


def test_two_pages_and_a_signature_make_a_version_and_a_fact(head: PersonAtDesk) -> None:
    second = {
        "way-n-DPI": "paper", "instead-n-DPI": "feuilles du chariot", "tried-n-DPI": "1",
        "way-n-TEL": "runner", "what-f-0": "le fax", "way-f-0": "", "call": "le cadre",
    }  # fmt: skip
    signed(head.client, **second)
    sheet = interviews.sheets()["URG"]
    assert (sheet.version, sheet.by, sheet.on_behalf) == (1, "Mme Orchidée", False)
    assert sheet.dmia is not None and sheet.dmia.total_seconds() == 3600
    assert sheet.pdma is not None and sheet.pdma.total_seconds() == 3600
    relied = {each.words: (each.way, each.tried) for each in sheet.relies_on}
    assert relied == {
        "Dossier patient informatisé": (Way.PAPER, Tried.YES),
        "Téléphonie et appels d'urgence internes": (Way.RUNNER, Tried.NO),
        "le fax": (Way.UNKNOWN, Tried.UNKNOWN),
    }
    (fact,) = told("establishment.interview.signed")
    assert (fact["value"], fact["unit"]) == (3600, "s")
    said = json.dumps(fact, ensure_ascii=False)
    assert '"service": "URG"' in said and fact["commitments"]
    for typed in ("Orchidée", "chariot", "cadre", "fax", "script"):
        assert typed not in said, typed
    assert Interview.objects.get().account == head.account


def test_nothing_is_required_and_not_knowing_concludes_nothing(head: PersonAtDesk) -> None:
    head.client.post(AT, {})
    head.client.post(f"{AT}dependances/", {})
    head.client.post(f"{AT}relire/", {"by": "x", "function": "y"})
    sheet = interviews.sheets()["URG"]
    assert (sheet.dmia, sheet.pdma, sheet.relies_on) == (None, None, ())
    page = words(head.client, "/etablissement/mode-degrade/URG/")
    assert "DMIA non conclue" in page and "– rien n'a été dit" in page


def test_a_correction_is_a_new_version_and_the_old_one_stays(head: PersonAtDesk) -> None:
    signed(head.client, call="le cadre")
    assert 'value="le cadre"' in head.client.get(f"{AT}dependances/").content.decode()
    signed(head.client, call="le directeur")
    assert [each.call for each in interviews.versions("URG")] == ["le cadre", "le directeur"]
    old = words(head.client, "/etablissement/mode-degrade/URG/?version=1")
    assert "le cadre" in old and "Une version plus récente existe." in old
    assert words(head.client, "/etablissement/mode-degrade/URG/?version=9", 404)


def test_a_phone_that_falls_loses_nothing_and_unsigned_answers_can_be_thrown_away(
    head: PersonAtDesk,
) -> None:
    head.client.post(AT, FIRST)
    again = head.client.get(AT).content.decode()
    assert re.search(r'name="impact-240" value="stopped" checked', again)
    assert "commencé, non signé" in words(head.client, "/etablissement/entretiens/")
    head.client.post(f"{AT}oublier/")
    assert not InterviewDraft.objects.exists() and not Interview.objects.exists()
    refused = head.client.post(f"{AT}relire/", {"by": "x", "function": "y"})
    assert refused.status_code == 400 and "rien à signer" in unescape(refused.content.decode())


def test_a_signature_without_name_signs_nothing_and_keeps_the_answers(head: PersonAtDesk) -> None:
    answered(head.client)
    refused = head.client.post(f"{AT}relire/", {"by": " ", "function": "cadre"})
    assert refused.status_code == 400
    assert not Interview.objects.exists() and InterviewDraft.objects.exists()


def test_two_people_cannot_sign_over_one_another(head: PersonAtDesk, chief: PersonAtDesk) -> None:
    answered(head.client)
    signed(chief.client)
    refused = head.client.post(f"{AT}relire/", {"by": "x", "function": "y"})
    assert refused.status_code == 400
    assert "entre-temps" in refused.content.decode()
    assert interviews.sheets()["URG"].on_behalf
    assert "pour le compte du service" in words(head.client, "/etablissement/mode-degrade/URG/")


def test_what_was_typed_is_shown_and_never_live(head: PersonAtDesk, chief: PersonAtDesk) -> None:
    signed(head.client, call=HOSTILE, staff="x" * 900)
    for path in ("/etablissement/mode-degrade/URG/", f"{AT}relire/", AT):
        page = head.client.get(path).content.decode()
        assert "<script>alert" not in page and "\u202e" not in page, path
        assert "\\u202e" in page
    assert len(interviews.sheets()["URG"].staff) == 400
    table = chief.client.get("/etablissement/bilan.csv").content.decode("utf-8-sig")
    rows = {row[0]: row for row in csv.reader(io.StringIO(table), delimiter=";")}
    assert rows["URG"][-1].startswith("'=HYPERLINK")
    assert (rows["URG"][3], rows["URG"][4], rows["REA"][7]) == ("1 h", "4 h", "non répondu")
    assert not any(cell[:1] in "=+@-" for row in rows.values() for cell in row if cell)


def test_a_ward_answers_for_itself_and_sees_no_other(head: PersonAtDesk) -> None:
    page = words(head.client, "/etablissement/entretiens/")
    assert "Urgences et UHCD" in page and "Réanimation" not in page
    for path in ("entretiens/REA/", "mode-degrade/REA/", "bilan/", "bilan.csv", "contradictions/"):
        assert head.client.get(f"/etablissement/{path}").status_code == 403, path
    assert head.client.get("/etablissement/entretiens/ABSENT/").status_code == 404
    auditor = person("audit", (Role.AUDITOR, EJ)).client
    assert auditor.get("/etablissement/entretiens/").status_code == 200
    assert auditor.get(AT).status_code == 403


def test_the_table_sorts_by_dmia_and_says_what_is_covered(
    head: PersonAtDesk, chief: PersonAtDesk
) -> None:
    signed(head.client)
    page = words(chief.client, "/etablissement/bilan/")
    assert "1 service sur 12 a dit" in page
    assert "● un service de soins : Urgences et UHCD" in page
    assert "○ un processus administratif critique : aucun service de cette sorte" in page
    body = chief.client.get("/etablissement/bilan/").content.decode()
    named = re.findall(r'<th scope="row">.*?<bdi lang="fr">([^<]+)', body)
    assert named[0] == "Urgences et UHCD" and named[-1] == "EHPAD Les Tilleuls"
    body = chief.client.get("/etablissement/bilan/?tri=service").content.decode()
    named = re.findall(r'<th scope="row">.*?<bdi lang="fr">([^<]+)', body)
    assert named == sorted(named, key=str.casefold)


def keys(browser: Client, kind: str) -> list[str]:
    """The contradictions of one kind, as their forms name them."""
    body = unescape(browser.get("/etablissement/contradictions/").content.decode())
    parts = body.split('<section class="request contradiction"')[1:]
    found = [re.search(r"contradictions/(\w+)/garder", p) for p in parts if kind in p]
    return [each[1] for each in found if each]


def test_accepting_an_answer_amends_the_folder_and_tells_the_ledger(
    head: PersonAtDesk, chief: PersonAtDesk, hospital: Home
) -> None:
    signed(head.client, **{"way-n-DPI": "paper"})
    (key,) = keys(chief.client, "PDMA dite")
    before = stored_files(hospital)["establishment.toml"].decode()
    page = "/etablissement/contradictions/"
    assert chief.client.post(f"{page}{key}/accepter/").headers["Location"] == page
    kept = stored(hospital)
    assert kept is not None
    assert next(s.rpo for s in kept.services if s.code == "URG") is not None
    after = stored_files(hospital)["establishment.toml"].decode()
    assert after != before
    assert [x for x in after.splitlines() if x.startswith("#")] == [
        x for x in before.splitlines() if x.startswith("#")
    ]
    generation = current(hospital)
    assert generation is not None and generation.number == 2
    (fact,) = told("establishment.contradiction.accepted")
    assert fact["sha256"] == generation.fingerprint
    assert key not in keys(chief.client, "PDMA dite")
    assert "réponse acceptée, dossier n° 2" in words(chief.client, page)
    again = chief.client.post(f"{page}{key}/accepter/")
    assert again.status_code == 400 and "n'existe plus" in unescape(again.content.decode())


def test_who_answers_under_another_name_is_printed_and_does_not_accept_alone(
    chief: PersonAtDesk, hospital: Home
) -> None:
    signed(chief.client, **{"way-n-DPI": "paper"})
    entered = str(chief.account)
    assert Interview.objects.get().entered_by == entered != "Mme Orchidée"
    sheet = words(chief.client, "/etablissement/mode-degrade/URG/")
    assert (
        f"par Mme Orchidée, cadre de santé – pour le compte du service – saisi par {entered}"
        in (sheet)
    )
    (key,) = keys(chief.client, "PDMA dite")
    page = f"/etablissement/contradictions/{key}/accepter/"
    refused = chief.client.post(page)
    assert refused.status_code == 400
    assert "vous ne l'acceptez pas seul" in unescape(refused.content.decode())
    generation = current(hospital)
    assert generation is not None and generation.number == 1
    assert not Ruling.objects.exists()
    director = person("direction", (Role.DIRECTION, EJ))
    assert director.client.post(page).status_code == 302
    assert Ruling.objects.get().account == director.account


def test_an_answer_that_nothing_can_hold_is_refused_with_what_it_would_take(
    head: PersonAtDesk, chief: PersonAtDesk, hospital: Home
) -> None:
    answered(head.client)
    head.client.post(AT, {**FIRST, "impact-60": "danger"})
    head.client.post(f"{AT}relire/", {"by": "x", "function": "y"})
    (key,) = keys(chief.client, "DMIA dite et DMIA du dossier")
    refused = chief.client.post(f"/etablissement/contradictions/{key}/accepter/")
    said = unescape(refused.content.decode())
    assert refused.status_code == 400
    assert "impossible" in said and "gardez le dossier" in said
    generation = current(hospital)
    assert generation is not None and generation.number == 1
    assert not Ruling.objects.exists() and not told("establishment.contradiction.accepted")


def test_keeping_the_folder_needs_a_reason_which_stays_out_of_the_ledger(
    head: PersonAtDesk, chief: PersonAtDesk
) -> None:
    signed(head.client)
    page = "/etablissement/contradictions/"
    key = keys(chief.client, "non dite")[0]
    assert chief.client.post(f"{page}{key}/garder/", {"why": " "}).status_code == 400
    assert chief.client.post(f"{page}{key}/accepter/").status_code == 400, "nothing to amend"
    kept = chief.client.post(f"{page}{key}/garder/", {"why": "vu avec le service"})
    assert kept.status_code == 302
    assert "dossier gardé : vu avec le service" in words(chief.client, page)
    assert key not in keys(chief.client, "non dite")
    (fact,) = told("establishment.contradiction.kept")
    assert "vu avec" not in json.dumps(fact) and fact["commitments"]
    cell = person("cellule", (Role.CRISIS_CELL, EJ)).client
    assert cell.get(page).status_code == 403
    assert cell.post(f"{page}{key}/garder/", {"why": "x"}).status_code == 403


def test_the_binder_prints_what_the_head_signed(head: PersonAtDesk, hospital: Home) -> None:
    """The cell's copy bears the mobile that was typed; a service's copy says where it is."""
    mobile = "06 39 98 00 01"
    signed(head.client, call=f"le cadre, {mobile}", **{"way-n-DPI": "paper"})
    by = Author("essai")
    for variant, there in ((Variant.CELL, True), (Variant.SERVICE, False)):
        asked = Asked(variant, "essai", ("URG",))
        bound = bind(hospital, asked, SystemClock().now(), by)
        with pypdfium2.PdfDocument(bound.made.files["mode-degrade"]) as pdf:
            said = " ".join(" ".join(p.get_textpage().get_text_range().split()) for p in pdf)
        assert f"Mme Orchidée, cadre de santé, saisi par {head.account} (version 1)" in said
        assert "Dossier patient informatisé (on passe au papier, jamais essayé)" in said
        assert (mobile in said.replace("\u00a0", " ")) is there
        assert ("voir l'exemplaire de la cellule" in said) is not there
