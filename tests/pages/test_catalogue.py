"""English is complete: every text of the product has its translation, and every page shows it."""

from __future__ import annotations

import asyncio
import gettext
import io
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from django.test.signals import setting_changed
from django.utils import translation

from releve.care import words
from releve.care.app import shown
from releve.establishment import Establishment, load
from releve.incident.app import copies, desk, minutes
from releve.incident.known import Reply
from releve.incident.logbook import Author, Nature, Source
from releve.incident.steps import Answer
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.pages.house import current_home
from releve.pages.live import Broadcaster, Line
from releve.pages.models import Account, Approval
from releve.pages.roles import PROOF_READERS, Role
from releve.runtime import tls
from releve.runtime.addresses import parse
from releve.runtime.ledger import open_ledger
from releve.runtime.settings import remember_addresses
from releve.web.catalogues import FOLDER, BadCatalogue, Message, compile_all, compiled, read
from tests.care.pages.hospital import fill, story, write_folder
from tests.incident.esms.records import people, table
from tests.pages.conftest import records
from tests.pages.msgids import all_said
from tests.pages.people import EJ, WARD, PersonAtDesk, account, person
from tests.pages.reading import french_in, language_of
from tests.web.delegated import delegation_used
from tests.web.samples import samples

__all__ = ["records"]

VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
PO = FOLDER / "en/LC_MESSAGES/django.po"
_HOLES = re.compile(r"%\(\w+\)[sd]|\{\w+\}|<[^>]+>")
#: Names of the fictional hospital, what its feed said, what its people typed.
DATA = (
    "Relève", "CH de Valbrume", "Centre hospitalier de Valbrume", "Site principal", "Chirurgie B",
    "Médecine A", "Autre entité", "Élise", "Pénicilline", "œdème", "Héparine calcique",
    "Paracétamol",
    "Compte rendu opératoire", "Suites simples.\nLever à J1.", "Suites simples. Lever à J1.",
    "LE GOFF", "essai", "SAMU-centre", "plan blanc", "CERT Santé (ANS), jour et nuit",
    "CERT Santé, jour et nuit", "CERT Santé", "compte.role", "PC-LABO-04",
    "SRV-FICHIERS",
    "naissance du registre",
)  # fmt: skip


def holes(text: str) -> list[str]:
    """Placeholders and markup."""
    return sorted(_HOLES.findall(text))


@pytest.fixture(scope="module")
def catalogue() -> dict[tuple[str, str | None], Message]:
    """The entries of the English catalogue, without its header."""
    found = {(m.msgid, m.plural): m for m in read(PO)}
    del found["", None]
    return found


@pytest.fixture(scope="module", autouse=True)
def english_compiled() -> None:
    """The ``.mo`` file as installed, read anew by Django."""
    compile_all()
    setting_changed.send(sender=None, setting="LOCALE_PATHS", value=None, enter=True)


@pytest.fixture(autouse=True)
def language_restored() -> Iterator[None]:
    """An English page leaves English active in its thread: the next test speaks French."""
    with translation.override(translation.get_language()):
        yield


def test_every_text_of_the_product_is_translated(
    catalogue: dict[tuple[str, str | None], Message],
) -> None:
    missing = [
        f'#: {said.where}\nmsgid "{said.msgid}"\nmsgstr ""'
        for said in all_said()
        if (said.msgid, said.plural) not in catalogue
    ]
    assert not missing, "\n".join(missing)


def test_no_translation_is_obsolete_empty_or_unsure(
    catalogue: dict[tuple[str, str | None], Message],
) -> None:
    known = {(said.msgid, said.plural) for said in all_said()}
    assert [key for key in catalogue if key not in known] == []
    assert [m.msgid for m in catalogue.values() if not all(m.translations)] == []
    assert [m.msgid for m in catalogue.values() if "fuzzy" in m.flags] == []


def test_translations_keep_the_placeholders(
    catalogue: dict[tuple[str, str | None], Message],
) -> None:
    wrong = [
        (source, translated)
        for m in catalogue.values()
        for source, translated in zip(
            (m.msgid,) if m.plural is None else (m.msgid, m.plural), m.translations, strict=True
        )
        if holes(source) != holes(translated) or source.endswith(" ") != translated.endswith(" ")
    ]
    assert wrong == []


def test_the_compiled_catalogue_says_what_the_source_says(
    catalogue: dict[tuple[str, str | None], Message],
) -> None:
    made = gettext.GNUTranslations(io.BytesIO(compiled(read(PO))))
    for message in catalogue.values():
        if message.plural is None:
            assert made.gettext(message.msgid) == message.translations[0]
        else:
            both = tuple(made.ngettext(message.msgid, message.plural, n) for n in (1, 2))
            assert both == message.translations


@pytest.mark.parametrize(
    ("text", "line"),
    [('msgid "a"\nmsgstr "b', 2), ('"sans clé"', 1), ('msgid "a"\nmsgstr "b"\nbonjour', 3)],
)
def test_a_broken_catalogue_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    source = tmp_path / "django.po"
    source.write_text(text, "utf-8")
    with pytest.raises(BadCatalogue, match=rf"django\.po, ligne {line}"):
        list(read(source))


def test_in_french_every_text_says_itself(
    catalogue: dict[tuple[str, str | None], Message],
) -> None:
    with translation.override("fr"):
        changed = {m: translation.gettext(m) for m, plural in catalogue if plural is None}
    assert {m: said for m, said in changed.items() if m != said} == {}


@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_pages_and_kits_speak_of_unread_messages_in_the_same_words(count: int) -> None:
    with translation.override("fr"):
        assert shown.unread(count) == words.unread_words(count)
        beds = tuple(f"B{n:02d}" for n in range(count))
        assert shown.homonyms(beds) == words.homonym_words(beds)


def speak_english(browser: Client) -> None:
    """Press the switch."""
    assert browser.post("/langue/", {"language": "en"}).status_code == 302


@pytest.mark.django_db
class TestTheSwitch:
    """Of the frame: for a visitor, without JavaScript, remembered by this browser."""

    def test_a_visitor_changes_language_and_comes_back_to_the_page(self, records: Home) -> None:
        account("martin", (Role.DSI, EJ))
        visitor = Client(headers={"accept-language": "en-US,en"})
        back = "/connexion/?next=/crise/"
        page = visitor.get(back).content.decode()
        assert language_of(page) == "fr", "a browser's own preference is not a choice"
        came = {"referer": f"http://testserver{back}"}
        answer = visitor.post("/langue/", {"language": "en"}, headers=came)
        assert answer.headers["Location"] == back
        english = visitor.get(back)
        assert language_of(english.content.decode()) == "en"
        assert english.headers["Content-Language"] == "en"
        assert "Sign in with your login." in english.content.decode()
        visitor.post("/langue/", {"language": "fr"}, headers=came)
        assert "Entrez avec votre identifiant." in visitor.get(back).content.decode()

    def test_the_first_administrator_may_read_english(self, records: Home) -> None:
        visitor = Client(REMOTE_ADDR="127.0.0.1")
        speak_english(visitor)
        page = visitor.get("/premier-acces/").content.decode()
        assert "You are the first administrator of this service." in page

    @pytest.mark.parametrize(
        "came",
        [
            "https://exemple.test/",
            "//exemple.test",
            "http://testserver//exemple.test/",
            "",
            "http://testserver@exemple.test/",
            "javascript:alert(1)",
        ],
    )
    def test_it_never_sends_elsewhere(self, records: Home, came: str) -> None:
        account("martin")
        answer = Client().post("/langue/", {"language": "en"}, headers={"referer": came})
        assert answer.headers["Location"] == "/"

    def test_an_unknown_language_changes_nothing(self, records: Home) -> None:
        account("martin")
        browser = Client()
        browser.post("/langue/", {"language": "../xx"})
        assert "releve_langue" not in browser.cookies
        browser.cookies["releve_langue"] = "../xx"
        assert language_of(browser.get("/connexion/").content.decode()) == "fr"

    def test_it_asks_for_the_pages_own_mark(self, records: Home) -> None:
        account("martin")
        stranger = Client(enforce_csrf_checks=True)
        assert stranger.post("/langue/", {"language": "en"}).status_code == 403


@pytest.fixture
def night(records: Home, tmp_path: Path) -> Home:
    """A hospital with patients, backups, an alarm, a crisis of yesterday and one of now."""
    now = SystemClock().now()
    load(records, write_folder(tmp_path / "etablissement"), now)
    fill(records, story())
    remember_addresses(records, ["127.0.0.2:8443"])
    tls.prepare(records, [parse("127.0.0.2")], now)
    with open_ledger(records) as ledger:
        for each in samples():
            ledger.append(each)
    by = Author("Mme Martin (cadre de garde)")
    desk.open_crisis(by, "écran étrange", now)
    desk.close(by, "", now, false_alarm=True)
    desk.open_crisis(by, "", now)
    desk.write(by, desk.Draft(Nature.OBSERVED, "vu"), now)
    desk.write(by, desk.Draft(Nature.DECIDED, "non, pas vu", corrects=2), now)
    desk.note("alarme sur PC-LABO-04", Source(1, 4), now, now)
    minutes.know(by, "rancon", Reply.YES, "sur PC-LABO-04", now, None)
    minutes.know(by, "donnees", Reply.UNKNOWN, "", now, None)
    minutes.cut(by, "internet", Answer.DONE, None, now, None)
    minutes.tell_of(by, "la radio", "rien à dire", now, None)
    desk.answer(by, "directeur-de-garde", Answer.GIVEN, now, None, "M. Petit")
    desk.decide_gate(by, "zone-propre", closed=True, why="vérifiée", now=now)
    return records


def _pages_of_the_dsi(chief: PersonAtDesk) -> list[str]:
    subject = account("sujet", (Role.CAREGIVER, EJ), opened=False)
    account("directeur", (Role.DIRECTION, EJ))
    form = {"role": "cellule", "perimeter": EJ}
    chief.client.post(f"/comptes/{subject.pk}/role/", form)
    request = Approval.objects.get()
    number, use = delegation_used(current_home())
    return [
        "/delegations/", "/delegations/nouvelle/", f"/delegations/{number}/",
        f"/delegations/{number}/lettre/", f"/delegations/usages/{use}/",
        "/", "/joindre/", "/preuves/", "/preuves/0/", "/preuves/4/", "/machines/", "/crise/",
        "/crise/1/", "/crise/2/", "/crise/?corrige=2", "/accords/", f"/accords/{request.pk}/",
        "/accords/demander/vault.restore/", "/comptes/", f"/comptes/{subject.pk}/", "/compte/",
        "/compte/mot-de-passe/", "/compte/confirmer/", "/compte/confirmer-code/",
        "/compte/feuille/", "/compte/feuille/nouvelle/", "/compte/application/retirer/",
        "/conservation/", "/conservation/care.journal/", "/conservation/vault.objects/",
        "/deconnexion/", "/nulle-part/", "/machines/PC-ABSENT/", "/patients/", "/inscription/",
    ]  # fmt: skip


def _spoken(establishment: Establishment) -> tuple[str, ...]:
    """Names that stand where none can be marked French: in a drawing's label."""
    return (*DATA, *(service.name for service in establishment.services))


def _french_on(
    browser: Client, pages: list[str], data: tuple[str, ...] = DATA
) -> dict[str, list[str]]:
    found = {}
    for page in pages:
        answer = browser.get(page)
        assert answer.status_code not in (301, 302, 500), (page, answer.headers)
        html = answer.content.decode()
        assert language_of(html) == "en", page
        if french := french_in(html, data):
            found[page] = french
    return found


@pytest.mark.django_db
class TestTheWalk:
    """Every page, by who reads it, has no word of French but data and what was written in it."""

    def test_a_dsi(self, night: Home) -> None:
        chief = person("diallo", (Role.DSI, EJ))
        speak_english(chief.client)
        assert _french_on(chief.client, _pages_of_the_dsi(chief)) == {}

    def test_a_caregiver(self, night: Home) -> None:
        nurse = person("leroy", (Role.CAREGIVER, EJ)).client
        speak_english(nurse)
        found = re.findall(
            r'href="(/patients/dossier/[^"]+)"',
            nurse.get("/patients/service/CHIR-B/").content.decode(),
        )
        assert len(found) == 3
        pages = [
            "/", "/crise/", "/patients/", "/patients/service/CHIR-B/", "/patients/service/INCONNU/",
            *found,
        ]  # fmt: skip
        assert _french_on(nurse, pages) == {}
        ward = person("petit", (Role.CAREGIVER, WARD)).client
        speak_english(ward)
        assert _french_on(ward, ["/", "/crise/", "/patients/"]) == {}
        searched = nurse.post("/patients/recherche/", {"text": "DUPONT"})
        assert _french_on(nurse, [searched.headers["Location"]]) == {}

    def test_the_map_and_the_recovery_order(self, records: Home) -> None:
        _, valbrume = load(records, VALBRUME, SystemClock().now())
        chief = person("diallo", (Role.DSI, EJ)).client
        speak_english(chief)
        lost = "/etablissement/reprise/?perdus"
        pages = [
            "/etablissement/importer/", "/etablissement/personnes/",
            "/etablissement/personnes/P0001/", "/etablissement/procedures/",
            "/etablissement/", "/etablissement/?noeud=SRV-BASE", "/etablissement/?noeud=URG",
            "/etablissement/?noeud=SW-COEUR-1", "/etablissement/?noeud=DPI",
            "/etablissement/?noeud=SRV-BAS", "/etablissement/?noeud=SRV-IDENTITE",
            "/etablissement/reprise/", f"{lost}=serveurs&equipes=12", f"{lost}=SRV-BAS",
            f"{lost}=SRV-BASE,SRV-IDENTITE,SW-COEUR-1", f"{lost}=SRV-BASE&equipes=deux",
        ]  # fmt: skip
        assert _french_on(chief, pages, _spoken(valbrume)) == {}
        assert "To prepare, in this order" in chief.get(pages[-2]).content.decode()

    def test_the_binder_its_copies_and_the_crisis_numbers(self, night: Home) -> None:
        """Who holds a copy, who answers a number: the hospital's own words."""
        now = SystemClock().now()
        _, valbrume = load(night, VALBRUME, now)
        source = copies.Source(1, "a" * 64, {"personne:P0001": "0"}, patients=2)
        for holder in ("Mme Martin", ""):
            made = copies.register(copies.BINDER, source, now, Author("Mme Martin"), holder=holder)
            copies.made(made, 12, 3, Author("Mme Martin"))
        copies.recall("essai", now=now)
        chief = person("diallo", (Role.DSI, EJ), (Role.CAREGIVER, EJ)).client
        speak_english(chief)
        pages = ["/crise/classeur/", "/crise/exemplaires/", "/etablissement/numeros/"]
        said = (*_spoken(valbrume), *_typed(VALBRUME / "contacts.csv"))
        assert _french_on(chief, pages, said) == {}
        wrong = chief.post("/etablissement/numeros/", {"seen": "1", "samu.checked": "hier"})
        assert "Write the date as 29/11/2026." in wrong.content.decode()

    def test_the_service_interview(self, records: Home) -> None:
        _, valbrume = load(records, VALBRUME, SystemClock().now())
        chief = person("diallo", (Role.DSI, EJ)).client
        speak_english(chief)
        at = "/etablissement/entretiens/URG/"
        first = {"impact-60": "hindrance", "impact-240": "danger", "impact-1440": "late"}
        chief.post(at, {**first, "pdma": "unknown", "instead-60": "à la main"})
        chief.post(f"{at}dependances/", {"way-n-DPI": "paper", "what-f-0": "le fax"})
        pages = [f"{at}relire/", at, f"{at}dependances/", "/etablissement/entretiens/"]
        signed = ["/etablissement/mode-degrade/URG/", "/etablissement/mode-degrade/REA/"]
        home = ["/etablissement/bilan/", "/etablissement/contradictions/"]
        assert _french_on(chief, pages, _spoken(valbrume)) == {}
        chief.post(f"{at}relire/", {"by": "Orchidee", "function": "cadre"})
        assert _french_on(chief, [*signed, *pages, *home], _spoken(valbrume)) == {}

    def test_the_plan_of_a_care_home(self, records: Home) -> None:
        load(records, VALBRUME, SystemClock().now())
        chief = person("diallo", (Role.DSI, EJ)).client
        speak_english(chief)
        at = "/crise/plan-bleu/990000044/"
        data = (*DATA, "EHPAD Les Tilleuls", "Second site (Les Aulnes)", "plan bleu")
        assert _french_on(chief, ["/crise/plan-bleu/", at], data) == {}
        for given in ({}, {"record": BytesIO(b"PK")}, {"record": BytesIO(table(people(3)))}):
            page = chief.post(at, {"name": "Tilleuls", **given}).content.decode()
            assert french_in(page, data) == [], given.keys()

    def test_a_visitor(self, night: Home) -> None:
        account("martin", (Role.DSI, EJ))
        visitor = Client()
        speak_english(visitor)
        pages = ["/connexion/", "/activation/", "/inscription/", "/compte/ferme/"]
        assert _french_on(visitor, pages) == {}
        Account.objects.all().delete()
        assert _french_on(visitor, ["/premier-acces/"]) == {}

    def test_errors_say_what_and_what_next(self, night: Home) -> None:
        chief = person("diallo", (Role.DSI, EJ)).client
        speak_english(chief)
        posted = [
            ("/crise/ecrire/", {"text": " "}, "Words are missing: a line of the crisis log."),
            ("/crise/ecrire/", {"text": "x", "moment": "25 h"}, "“25 h” is not an hour."),
            ("/comptes/nouveau/", {"name": "x", "login": "é"}, "Use 2 to 64 unaccented letters"),
            ("/accords/demander/vault.restore/", {"machines": "é"}, "cannot name a machine."),
        ]
        for address, form, said in posted:
            html = chief.post(address, form).content.decode().replace("&#x27;", "'")
            assert said in html
            assert french_in(html, (*DATA, "«", "é")) == [], address


def _typed(contacts: Path) -> list[str]:
    """The cells of contacts.csv."""
    return [cell for line in contacts.read_text("utf-8").splitlines() for cell in line.split(";")]


class Speaker:
    """A :class:`releve.pages.live.Source` with one line, said in the language of who asks."""

    def head(self) -> int:
        return 1

    def since(self, number: int, limit: int) -> list[Line]:
        said = translation.gettext("machine inscrite")
        return [Line(0, said, PROOF_READERS, None)][number:limit]


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "machine inscrite"), ("en", "machine enrolled")]
)
def test_live_lines_come_in_the_readers_language(language: str, said: str) -> None:
    """Whatever the language of the request that began to ask for everybody."""

    async def first() -> str:
        async for batch in Broadcaster(Speaker(), language).read(-1):
            return batch[0].html
        return ""

    for asking in ("fr", "en"):
        with translation.override(asking):
            assert asyncio.run(first()) == said
