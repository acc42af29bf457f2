"""« Crise » as each role sees it, without JavaScript: what is typed, undone, corrected, refused."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from releve.incident.app import desk
from releve.incident.app.models import GateDecision, Incident, LogEntry
from releve.incident.logbook import Author, Nature
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.ledger.evidence import from_json
from releve.pages.roles import PRIVILEGED, Role
from tests.pages.people import EJ, OTHER, SITE, WARD, person

pytestmark = pytest.mark.django_db
POSTS: tuple[tuple[str, dict[str, str], frozenset[Role]], ...] = (
    ("/crise/ouvrir/", {}, PRIVILEGED | {Role.CAREGIVER}),
    ("/crise/ecrire/", {"text": "vu", "nature": "constaté"}, PRIVILEGED | {Role.CAREGIVER}),
    ("/crise/acte/samu/", {"answer": "joint"}, PRIVILEGED | {Role.CAREGIVER}),
    ("/crise/porte/zone-propre/", {"closed": "1"}, PRIVILEGED),
    ("/crise/lever/", {"false_alarm": "1"}, PRIVILEGED),
)


def text(browser: Client, address: str = "/crise/") -> str:
    """What the page says, without its tags."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.fixture
def cadre(records: Home) -> Client:
    """The « cadre de garde », alone in the night."""
    return person("martin", (Role.CAREGIVER, EJ)).client


@pytest.fixture
def chief(records: Home) -> Client:
    return person("diallo", (Role.DSI, EJ)).client


def test_one_act_opens_and_the_word_says_since_when(cadre: Client) -> None:
    assert "Aucune crise en cours." in text(cadre)
    assert cadre.post("/crise/ouvrir/").status_code == 302
    page = text(cadre)
    incident = Incident.objects.get()
    assert re.search(r"Crise en cours depuis \d\d:\d\d", page)
    assert "Appelez le directeur de garde." in page
    assert "numéro non renseigné" in page
    assert "Ceci pourra être lu par un juge." in page
    assert "Crise ouverte par Mme Martin." in page
    assert cadre.post("/crise/ouvrir/", {"cause": "encore"}).status_code == 302
    assert (Incident.objects.get(), LogEntry.objects.count()) == (incident, 1)


def test_a_false_alarm_is_lifted_in_one_act_keeps_all_and_can_be_reopened(chief: Client) -> None:
    chief.post("/crise/ouvrir/", {"cause": "écran rouge au laboratoire"})
    chief.post("/crise/ecrire/", {"text": "C'était un économiseur", "nature": "constaté"})
    answer = chief.post("/crise/lever/", {"false_alarm": "1"})
    log = text(chief, answer.headers["Location"])
    for said in ("Fausse alerte.", "écran rouge au laboratoire", "C'était un économiseur"):
        assert said in log
    assert "Aucune crise en cours." in text(chief)
    chief.post(f"/crise/{Incident.objects.get().pk}/rouvrir/")
    assert "levée par erreur" in text(chief)
    assert [line.number for line in LogEntry.objects.all()] == [1, 2, 3, 4]


def test_a_closing_needs_words(chief: Client) -> None:
    chief.post("/crise/ouvrir/")
    refused = chief.post("/crise/lever/", {"why": "  "})
    assert refused.status_code == 400
    assert "Il manque les mots" in refused.content.decode()
    assert desk.current() is not None
    chief.post("/crise/lever/", {"why": "tout est revenu"})
    assert desk.current() is None


def test_a_line_takes_its_hour_and_nature_and_sent_twice_is_one(cadre: Client) -> None:
    cadre.post("/crise/ouvrir/")
    form = {"nature": "décidé", "text": "On passe au papier", "moment": "00:00", "shown": "03:12"}
    for _ in range(2):
        cadre.post("/crise/ecrire/", {**form, "ticket": "abc"})
    line = LogEntry.objects.get(number=2)
    assert (line.nature, line.text) == ("décidé", "On passe au papier")
    assert line.moment < line.written_at and line.moment.second == 0
    cadre.post("/crise/ecrire/", {"text": "vu", "moment": "03:12", "shown": "03:12"})
    untouched = LogEntry.objects.get(number=3)
    assert untouched.moment == untouched.written_at and untouched.nature == "constaté"
    refused = cadre.post("/crise/ecrire/", {"text": "vu", "moment": "midi", "shown": "03:12"})
    assert refused.status_code == 400 and "n'est pas une heure" in unescape(
        refused.content.decode()
    )


def test_a_correction_stands_beside_and_erases_nothing(cadre: Client) -> None:
    cadre.post("/crise/ouvrir/")
    cadre.post("/crise/ecrire/", {"text": "12 postes touchés"})
    before = LogEntry.objects.filter(number=2).values().get()
    assert "Vous corrigez la ligne 2" in text(cadre, "/crise/?corrige=2")
    cadre.post("/crise/ecrire/", {"text": "21 postes touchés", "corrects": "2"})
    assert LogEntry.objects.filter(number=2).values().get() == before
    page = text(cadre)
    assert "corrige la ligne 2 : 21 postes touchés" in page
    assert "12 postes touchés" in page and "corrigé par la ligne 3 : 21 postes touchés" in page
    for number in ("99", "x", "9" * 30):
        answer = cadre.post("/crise/ecrire/", {"text": "non", "corrects": number})
        assert answer.status_code == 400


def test_steps_follow_one_another_and_write_the_log(cadre: Client) -> None:
    cadre.post("/crise/ouvrir/")
    cadre.post("/crise/acte/directeur-de-garde/", {"answer": "sans-reponse"})
    page = text(cadre)
    assert "Maintenant Faites dire partout" in page
    assert "pas de réponse, à rappeler" in page
    assert cadre.post("/crise/acte/rien/", {"answer": "joint"}).status_code == 400
    assert cadre.post("/crise/acte/samu/", {"answer": "peut-être"}).status_code == 400


def test_a_gate_is_closed_by_a_named_person_and_undone_by_another_decision(chief: Client) -> None:
    chief.post("/crise/ouvrir/")
    chief.post("/crise/porte/zone-propre/", {"closed": "1"})
    chief.post("/crise/porte/zone-propre/", {"closed": "1"})
    assert "zone propre : confirmée" in text(chief)
    chief.post("/crise/porte/zone-propre/", {"closed": "0"})
    assert "zone propre : à confirmer" in text(chief)
    assert GateDecision.objects.count() == 2
    told = [from_json(row.payload) for row in Outbox.objects.filter(payload__contains="gate")]
    gates = [(each.what, each.kind, each.detail["gate"]) for each in told]
    assert gates == [
        ("incident.gate.closed", "decision", "zone propre"),
        ("incident.gate.reopened", "decision", "zone propre"),
    ]
    assert chief.post("/crise/porte/rien/", {"closed": "1"}).status_code == 400


def test_what_is_typed_is_shown_and_never_obeyed(chief: Client) -> None:
    hostile = "<script>alert(1)</script>\"'{{ 7|add:7 }}\u202ecod.exe"
    chief.post("/crise/ouvrir/", {"cause": hostile})
    chief.post("/crise/ecrire/", {"text": hostile, "corrects": "1"})
    for address in ("/crise/", "/crise/?corrige=1", f"/crise/{Incident.objects.get().pk}/"):
        body = chief.get(address).content.decode()
        assert "<script>alert" not in body and "\u202e" not in body
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body and "\\u202ecod.exe" in body


def test_nothing_is_written_when_no_crisis_is_open(chief: Client) -> None:
    for address, form, _ in POSTS[1:]:
        answer = chief.post(address, form)
        assert answer.status_code == 400
        assert "Aucune crise n'est ouverte" in unescape(answer.content.decode())
    assert chief.get("/crise/99/").status_code == 404


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("where", "inside"), [(EJ, True), (SITE, False), (WARD, False)])
def test_who_may_do_what(records: Home, role: Role, where: str, inside: bool) -> None:
    browser = person("quelqu-un", (role, where)).client
    for address, form, roles in POSTS:
        desk.open_crisis(Author("essai"), "", SystemClock().now())
        answer = browser.post(address, form)
        assert (answer.status_code == 302) is (role in roles and inside), address
    desk.open_crisis(Author("essai"), "secret de la cellule", SystemClock().now())
    page = text(browser)
    assert "Crise en cours depuis" in page
    assert ("Main courante" in page) is inside
    if desk.current() is not None:
        number = Incident.objects.latest("pk").pk
        assert (browser.get(f"/crise/{number}/").status_code == 200) is inside


def test_a_ward_knows_that_a_crisis_is_open_and_nothing_of_what_is_written(records: Home) -> None:
    desk.open_crisis(Author("M. Diallo"), "rançon de 40 bitcoins", SystemClock().now())
    nurse = person("infirmiere", (Role.CAREGIVER, WARD)).client
    page = text(nurse)
    assert "Sortez le classeur de crise et le kit du service." in page
    assert "bitcoins" not in page and "Diallo" not in page


def test_another_entity_learns_nothing(records: Home) -> None:
    desk.open_crisis(Author("M. Diallo"), "", SystemClock().now())
    for role in Role:
        stranger = person(f"autre-{role}", (role, OTHER)).client
        assert stranger.get("/crise/").status_code == 403
        assert "Crise en cours" not in stranger.get("/").content.decode()


def test_a_get_changes_nothing(chief: Client) -> None:
    for name, arguments in (
        ("crisis_open", []),
        ("crisis_write", []),
        ("crisis_close", []),
        ("crisis_step", ["samu"]),
        ("crisis_gate", ["zone-propre"]),
        ("crisis_reopen", [1]),
    ):
        assert chief.get(reverse(name, args=arguments)).status_code == 405
    assert not Incident.objects.exists()


def test_two_hundred_lines_on_the_page_and_all_on_paper(chief: Client) -> None:
    chief.post("/crise/ouvrir/")
    now = SystemClock().now()
    for number in range(205):
        draft = desk.Draft(Nature.OBSERVED, f"fait numéro {number:03d}")
        desk.write(Author("essai"), draft, now)
    page = text(chief)
    assert "fait numéro 204" in page and "fait numéro 004" not in page
    assert "6 plus anciennes dans la version à imprimer" in page
    paper = text(chief, f"/crise/{Incident.objects.get().pk}/")
    assert paper.index("fait numéro 000") < paper.index("fait numéro 204")


def test_a_page_left_open_is_loaded_again_when_the_state_changes(chief: Client) -> None:
    def part(target: str) -> str | None:
        answer = chief.get("/crise/", headers={"HX-Request": "true", "HX-Target": target})
        return answer.headers.get("HX-Refresh")

    assert (part("calme"), part("lignes")) == (None, "true")
    chief.post("/crise/ouvrir/")
    assert (part("calme"), part("lignes")) == ("true", None)
