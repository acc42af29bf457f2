"""The exercise in the real Chromium, on the real web part of a real home: prepared in at most
thirty clicks and fields, played from a phone, readable, without any violation.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from releve.kernel.home import Home
from tests.drill.field.house import EJ, real_home
from tests.web.conftest import Service, start_part
from tests.web.persons import PASSWORD, enrol_totp, six_digits

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


@dataclass
class House:
    """A served real home, its first administrator signed in."""

    service: Service
    state: StorageState
    secret: str
    #: What the walks left for one another: the exercise, its codes.
    left: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.service.address


class Counted:
    """A person at a page: every click and every field filled is counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, what: str) -> None:
        self.page.click(what)
        self.count += 1

    def fill(self, what: str, text: str) -> None:
        self.page.fill(what, text)
        self.count += 1

    def choose(self, what: str, value: str) -> None:
        self.page.select_option(what, value)
        self.count += 1


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[House]:
    home = real_home(tmp_path_factory.mktemp("exercice"))
    signer, web = start_part("signer", home.path), start_part("web", home.path)
    try:
        service = Service(home, web, signer)
        context = browser.new_context()
        page = context.new_page()
        page.goto(service.address)
        for name, text in {
            "code": service.first_code(), "name": "Mme Martin", "login": "claire.martin",
            "password": PASSWORD, "entity": EJ, "entity_name": "Centre hospitalier d'essai",
        }.items():  # fmt: skip
            page.fill(f"#id_{name}", text)
        page.click("main form button")
        secret = enrol_totp(page)
        yield House(service, context.storage_state(), secret)
        context.close()
    finally:
        assert web.stop() == 0
        signer.stop()


def enter(house: House, browser: Browser, **screen: object) -> Page:
    """The administrator's browser; a script's error fails the test."""
    context: BrowserContext = browser.new_context(storage_state=house.state, **screen)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def violations(page: Page) -> list[str]:
    """What axe finds."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def sound(page: Page) -> None:
    """No violation, no sideways scroll at this width, every target large enough."""
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    small = page.evaluate(
        """[...document.querySelectorAll("button, nav a, summary, input")]
        .filter(e => !["hidden", "checkbox"].includes(e.type))
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML)"""
    )
    assert small == [], page.url


def test_prepared_and_printed_in_at_most_thirty_clicks_and_fields(
    house: House, browser: Browser
) -> None:
    page = enter(house, browser)
    page.goto(house.address)
    person = Counted(page)
    person.click("nav >> text=Exercices")
    person.click("text=Préparer un exercice")
    person.choose("#id_scenario", "nuit-de-dimanche")
    person.fill("#id_day", "2026-12-06")
    person.fill("#id_hour", "14:00")
    person.fill("#id_animator", "Mme Martin (cadre de santé)")
    person.fill("#id_invited", "Mme Roux, hôpital voisin")
    person.fill("#id_cell_observer", "M. Diallo")
    for code in ("URG", "CHIR-B", "MED-A", "REA"):
        person.click(f"label[for=ward-{code}]")
        person.fill(f"[name=observer-{code}]", f"observateur de {code}")
    sound(page)
    person.click('button:has-text("Préparer l\'exercice")')
    assert "Nuit de dimanche" in page.inner_text("h1")
    assert page.inner_text(".band").startswith("EXERCICE")
    sound(page)
    link = page.get_attribute("text=Tous les papiers, en un PDF", "href")
    answer = page.request.get(house.address.rstrip("/") + str(link))
    person.count += 1
    with pikepdf.open(BytesIO(answer.body())) as pdf:
        assert len(pdf.pages) > 15
    assert person.count <= 30, person.count
    house.left["exercise"] = page.url
    house.left["code"] = page.inner_text(".hash >> nth=0")
    page.context.close()


def test_played_from_phones_and_ended(house: House, browser: Browser) -> None:
    chief = enter(house, browser, viewport=PHONE)
    chief.goto(house.left["exercise"])
    chief.click("text=Lancer l'exercice")
    sound(chief)
    assert "Début" in chief.inner_text("#suite")
    chief.click("text=C'est remis")
    assert "Le message à l'écran" in chief.inner_text("#suite")

    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    observer = context.new_page()
    observer.goto(house.address + "observation/")
    observer.fill("#code", house.left["code"])
    observer.click("text=Ouvrir ma page")
    observer.click("button.huge >> nth=1")
    assert observer.locator(".done").count() == 1
    observer.click("text=Annuler : pas encore fait")
    assert observer.locator(".done").count() == 0
    observer.click("button.huge >> nth=1")
    observer.click("text=Écrire une autre heure >> nth=0")
    observer.click("text=Écrire cette heure")
    assert observer.locator(".done").count() == 2
    box = observer.locator("button.huge >> nth=0").bounding_box()
    assert box and box["height"] >= 88 and box["width"] > 300

    chief.wait_for_selector("#tableau >> text=/● \\d\\d:\\d\\d/", timeout=10_000)
    chief.click("text=Terminer l'exercice")
    assert "bilan à chaud" in chief.inner_text("h1")
    for name in ("bilan", "heures", "presences", "rapport"):
        chief.goto(house.left["exercise"] + f"{name}/")
        sound(chief)
    for path in ("exercices/", "exercices/poids/", "observation/"):
        chief.goto(house.address + path)
        sound(chief)
    for page in (chief, observer):
        page.context.close()


def _started_earlier(home: Home) -> None:
    """As if it had been played for a quarter of an hour longer."""
    with closing(sqlite3.connect(home.path / "records.sqlite3", timeout=20)) as rows, rows:
        rows.execute(
            "UPDATE drill_exercise SET started_at = datetime(started_at, '-15 minutes')"
            " WHERE started_at IS NOT NULL"
        )
        rows.execute(
            "UPDATE drill_passage SET at = datetime(at, '-15 minutes') WHERE state = 'en cours'"
        )


def test_signed_with_the_code_of_the_moment_and_shown_on_the_first_page(
    house: House, browser: Browser
) -> None:
    _started_earlier(house.service.home)
    page = enter(house, browser)
    page.goto(house.left["exercise"] + "rapport/")
    page.fill("#code", six_digits(house.secret, 1))
    page.click("text=Je signe ce rapport")
    assert "Signé le" in page.inner_text("main")
    for _ in range(40):
        page.goto(house.address)
        row = page.inner_text("tr:has-text('exercice avec les équipes')")
        if "à jour" in row:
            break
        page.wait_for_timeout(250)
    assert re.search(r"exercice annuel avant le \d\d/\d\d/2027", row)
    assert "2\u202ftemps mesurés" in row
    assert "RÉEL" in page.inner_text(".band")
    page.context.close()


def test_a_real_alarm_reaches_an_open_page_within_ten_seconds(
    house: House, browser: Browser
) -> None:
    chief = enter(house, browser, viewport=PHONE)
    chief.goto(house.address + "exercices/preparer/")
    chief.click("label[for=ward-URG]")
    chief.click('button:has-text("Préparer l\'exercice")')
    code = chief.inner_text(".hash >> nth=0")
    chief.click("text=Lancer l'exercice")
    phone = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    phone.goto(house.address + "observation/")
    phone.fill("#code", code)
    phone.click("text=Ouvrir ma page")
    desk = enter(house, browser)
    desk.goto(house.address + "crise/")
    desk.click("text=Ouvrir la crise")
    for page in (chief, phone):
        page.wait_for_selector(".real-alarm", timeout=10_000)
        assert "EXERCICE TERMINÉ" in page.inner_text(".real-alarm")
        page.wait_for_selector(".band.overtaken")
        page.wait_for_timeout(200)
        assert (page.inner_text(".band"), "· RÉEL ·" in page.title()) == ("RÉEL", True)
        box = page.locator(".real-alarm").bounding_box()
        assert box and box["width"] >= 380
        assert violations(page) == []
    for page in (chief, phone, desk):
        page.context.close()
