"""The ten-minute screen: one act, who does it, what is known, what was cut, who was told."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from django.test import Client
from django.utils import timezone

from releve.incident.app import desk
from releve.incident.app.models import Incident, LogEntry
from releve.incident.errors import EmptyWords, UnknownQuestion
from releve.incident.hospital import Contact, to_call
from releve.incident.known import Reply, question_named, questions
from releve.incident.steps import Answer, first_steps, next_step
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.pages.cuts import cuts_with, slug_of, usual_cuts
from releve.pages.models import Account
from releve.pages.roles import Role
from tests.incident.test_pages import text
from tests.pages.people import EJ, PersonAtDesk, person, sit_down
from tests.web.delegated import delegation_used

pytestmark = pytest.mark.django_db
STATUSES = {"in_force", "bill", "programme", "recommendation", "unknown"}


@pytest.fixture
def cadre(records: Home) -> Client:
    """The « cadre de garde », alone, in an open crisis."""
    who = person("martin", (Role.CAREGIVER, EJ))
    Account.objects.update(function="cadre de garde")
    who.client.post("/crise/ouvrir/")
    return who.client


def last() -> LogEntry:
    return LogEntry.objects.latest("number")


def test_the_first_calls_are_there_in_order_each_with_its_source() -> None:
    slugs = [step.slug for step in first_steps()]
    wanted = [
        "directeur-de-garde", "samu", "plan-blanc", "couper-internet", "rancon", "ars",
        "prefecture", "voisins", "cert-sante", "police", "assureur", "cnil",
    ]  # fmt: skip
    assert [slug for slug in slugs if slug in wanted] == wanted
    for step in first_steps():
        assert step.status in STATUSES and step.source and step.who and step.say
        assert step.kind == "do" or step.rota or step.contact, step.slug
    named = {step.slug: step for step in first_steps()}
    assert (
        "72 heures" in named["cnil"].title and "Si l'hôpital est assuré" in named["assureur"].title
    )
    assert "ne payez pas" in named["rancon"].title
    for name, key in (("releve.pages", "cuts"), ("releve.incident", "questions")):
        rows = tomllib.loads(files(name).joinpath(f"{key}.toml").read_text("utf-8"))[key[:-1]]
        assert len({row["slug"] for row in rows}) == len(rows) > 5


def test_a_number_comes_from_the_rota_else_from_the_crisis_numbers(home: Home) -> None:
    ars = next(step for step in first_steps() if step.slug == "ars")
    assert to_call(home, ars, timezone.now()) == ()
    number = Contact("Point focal", "01 99 00 12 34")
    for key in ("ars", "ars-garde"):
        assert to_call(home, ars, timezone.now(), {key: number}) == (number,)
    assert number.dial == "0199001234"
    assert Contact("x", "01 99 00 12 34 / poste 4521").dial == "0199001234"
    assert Contact("x", "sans objet").dial == "" == Contact("x", "").dial


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+33 (0)6 39 98 00 12", "+33639980012"),
        ("0033 6 39 98 00 12", "+33639980012"),
        ("06 39 98 10 79 / poste 4521", "0639981079"),
        ("+262 692 00 12 34", "+262692001234"),
        ("15", "15"),
        ("poste 4521", "4521"),
        ("06 39 98 00 12 ou 06 39 98 00 13", ""),
        ("06 39 98 00 12 ou 06 39 98", ""),
        ("4521 / 4522", ""),
        ("voir le classeur", ""),
    ],
)
def test_a_link_dials_the_one_number_of_its_text_or_is_none(written: str, dialled: str) -> None:
    assert Contact("x", written).dial == dialled


def test_one_act_large_then_the_next_ones_and_who_does_them(cadre: Client) -> None:
    page = text(cadre)
    assert "Vous êtes : Mme Martin (cadre de garde)." in page
    now, _, after = page.partition("Ensuite")
    assert "Maintenant Appelez le directeur de garde." in now
    assert "qui : cadre de garde" in after and "Puis 10 autres" in after
    cadre.post("/crise/acte/directeur-de-garde/", {"answer": "joint"})
    page = text(cadre)
    assert "1 acte a reçu une réponse" in page
    assert "● Appelez le directeur de garde." in page


def test_an_act_is_given_to_somebody_and_comes_back_to_be_checked(cadre: Client) -> None:
    cadre.post("/crise/confier/", {"step": "directeur-de-garde", "to": "M. Petit"})
    assert (last().text, last().nature) == (
        "Appelez le directeur de garde. → confié à M. Petit",
        "décidé",
    )
    page = text(cadre)
    assert "Maintenant Faites dire partout" in page
    for step in first_steps()[1:]:
        said = "joint" if step.kind == "call" else "fait"
        cadre.post(f"/crise/acte/{step.slug}/", {"answer": said})
    assert "À reprendre · confié, à vérifier ( M. Petit )" in text(cadre)
    for slug, answer in (("samu", "fait"), ("rancon", "joint"), ("samu", "pas-fait")):
        assert cadre.post(f"/crise/acte/{slug}/", {"answer": answer}).status_code == 400
    refused = cadre.post("/crise/confier/", {"step": "samu", "to": "  "})
    assert refused.status_code == 400 and "Il manque les mots" in refused.content.decode()


def test_what_is_not_known_is_an_answer_with_its_hour_and_the_latest_stands(cadre: Client) -> None:
    cadre.post("/crise/savoir/donnees/", {"reply": "inconnu"})
    assert last().text == "Des données de patients sont-elles sorties ? → on ne sait pas"
    page = text(cadre)
    known, _, unknown = page.partition("Ce que l'on ne sait pas")
    assert "Des données de patients" not in known.partition("Ce que l'on sait")[2]
    assert "◐ Des données de patients sont-elles sorties ? on ne sait pas" in unknown
    cadre.post("/crise/savoir/donnees/", {"reply": "oui", "said": "un fichier du laboratoire"})
    known = text(cadre).partition("Ce que l'on sait")[2].partition("Ce que l'on ne sait pas")[0]
    assert "Des données de patients sont-elles sorties ? oui ( un fichier du laboratoire )" in known
    assert LogEntry.objects.filter(step="donnees").count() == 2
    changing = text(cadre, "/crise/?savoir=donnees").partition("Ce que l'on ne sait pas")[2]
    assert "Des données de patients sont-elles sorties ?" in changing


def test_words_are_asked_where_words_are_the_answer(cadre: Client) -> None:
    cadre.post("/crise/savoir/vu-par/", {"reply": "dit", "said": "Mme Roche, PC-LABO-04"})
    assert last().text == "Vu par qui, sur quel poste ? → Mme Roche, PC-LABO-04"
    for slug, form in (
        ("vu-par", {"reply": "dit", "said": " "}),
        ("vu-par", {"reply": "oui"}),
        ("rancon", {"reply": "dit", "said": "x"}),
        ("rancon", {"reply": "peut-être"}),
        ("rien", {"reply": "oui"}),
    ):
        assert cadre.post(f"/crise/savoir/{slug}/", form).status_code == 400, (slug, form)
    with pytest.raises(UnknownQuestion):
        question_named("services").line(Reply.YES, "")
    with pytest.raises(EmptyWords):
        question_named("services").line(Reply.SAID, " ")
    assert {question.kind for question in questions()} == {"yes", "words"}


def test_a_cut_by_hand_is_said_done_not_done_or_impossible(cadre: Client) -> None:
    page = text(cadre)
    assert "Internet : – pas de réponse" in page
    assert "Aucune délégation : le directeur de garde décide." in page
    cadre.post("/crise/coupure/internet/", {"answer": "fait"})
    assert (last().text, last().nature) == ("Internet : coupé, à la main", "décidé")
    assert "Internet : ● coupé" in text(cadre)
    cadre.post("/crise/coupure/internet/", {"answer": "pas-fait"})
    cadre.post("/crise/coupure/wi-fi/", {"answer": "impossible"})
    page = text(cadre)
    assert "Internet : ○ pas coupé" in page and "Wi-Fi : ◐ impossible" in page
    for slug, answer in (("rien", "fait"), ("internet", "joint"), ("internet", "x")):
        assert cadre.post(f"/crise/coupure/{slug}/", {"answer": answer}).status_code == 400


def test_a_delegation_says_who_cuts_alone_and_the_line_names_it(records: Home) -> None:
    number, _ = delegation_used(records)
    account = Account.objects.get(login="astreinte")
    holder = PersonAtDesk(account, sit_down(account)).client
    other = person("roche", (Role.DSI, EJ)).client
    holder.post("/crise/ouvrir/")
    page = text(other)
    assert "Conservation gelée depuis le" in page
    assert f"Une personne seule peut le décider : délégation n° {number}" in page
    assert "Geler la conservation à deux" in page
    assert f"vous pouvez le faire seul, sous la délégation n° {number}" in text(holder)
    other.post("/crise/coupure/internet/", {"answer": "fait"})
    assert last().text == "Internet : coupé, à la main"
    holder.post("/crise/coupure/internet/", {"answer": "fait"})
    assert last().text == f"Internet : coupé, à la main, sous la délégation n° {number}"


def test_a_cut_of_the_hospitals_own_words_has_its_line() -> None:
    cuts = cuts_with(["internet", "Lien de l'automate", "Lien de l'automate"])
    assert [cut.words for cut in cuts[len(usual_cuts()) :]] == ["Lien de l'automate"]
    assert cuts[-1].slug == "lien-de-l-automate" == slug_of("Lien de l'automate")
    assert slug_of("WI-FI") == "wi-fi" and slug_of("…") == "coupure"


def test_who_was_told_what_comes_from_calls_and_from_what_is_noted(cadre: Client) -> None:
    assert "personne n'a encore été joint" in text(cadre)
    cadre.post("/crise/acte/directeur-de-garde/", {"answer": "joint"})
    cadre.post("/crise/acte/samu/", {"answer": "sans-reponse"})
    cadre.post("/crise/dit/", {"whom": "ARS : garde", "what": "on coupe : oui"})
    cadre.post("/crise/dit/", {"whom": "Radio locale", "what": "pas de commentaire"})
    page = text(cadre).partition("Dit à qui, quand")[2].partition("Main courante")[0]
    assert "Appelez le directeur de garde. « Attaque probable" in page
    assert "Radio locale « pas de commentaire »" in page
    assert "ARS : garde « on coupe : oui »" in page
    assert "SAMU" not in page
    assert last().text == "Dit à Radio locale : pas de commentaire"
    assert cadre.post("/crise/dit/", {"whom": "", "what": "x"}).status_code == 400


def test_what_is_typed_is_shown_never_obeyed_and_not_in_the_ledger(cadre: Client) -> None:
    hostile = "<b>HOSTILE</b>\u202e{{ 7|add:7 }}"
    cadre.post("/crise/savoir/services/", {"reply": "dit", "said": hostile})
    cadre.post("/crise/savoir/rancon/", {"reply": "oui", "said": hostile})
    cadre.post("/crise/dit/", {"whom": hostile, "what": hostile})
    cadre.post("/crise/confier/", {"step": "samu", "to": hostile})
    body = cadre.get("/crise/").content.decode()
    assert "<b>HOSTILE" not in body and "\u202e" not in body
    assert body.count("&lt;b&gt;HOSTILE") >= 4
    assert not Outbox.objects.filter(payload__contains="HOSTILE").exists()


def test_sent_twice_it_is_one_line(cadre: Client) -> None:
    before = LogEntry.objects.count()
    for _ in range(2):
        cadre.post("/crise/savoir/rancon/", {"reply": "oui", "ticket": "a"})
        cadre.post("/crise/coupure/internet/", {"answer": "fait", "ticket": "b"})
        cadre.post("/crise/dit/", {"whom": "x", "what": "y", "ticket": "c"})
        cadre.post("/crise/confier/", {"step": "samu", "to": "y", "ticket": "d"})
    assert LogEntry.objects.count() == before + 4


def test_an_answer_to_a_question_is_no_answer_to_an_act(cadre: Client) -> None:
    """Both name « rancon »."""
    cadre.post("/crise/savoir/rancon/", {"reply": "oui"})
    assert desk.answers(Incident.objects.get()) == {}
    cadre.post("/crise/acte/rancon/", {"answer": "fait"})
    assert desk.answers(Incident.objects.get()) == {"rancon": Answer.DONE}
    assert next_step({step.slug: Answer.GIVEN for step in first_steps()}) == first_steps()[0]


def test_an_auditor_reads_and_has_nothing_to_press(cadre: Client) -> None:
    auditor = person("audit", (Role.AUDITOR, EJ)).client
    body = auditor.get("/crise/").content.decode()
    assert "Une note de rançon est-elle affichée ?" in body
    assert "/crise/savoir/" not in body and "/crise/coupure/" not in body
    assert "/crise/confier/" not in body and "/crise/dit/" not in body
