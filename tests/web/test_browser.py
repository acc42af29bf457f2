"""The pages in the real Chromium, on the real web part, reached by IP without any name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from releve.ledger.evidence import Evidence
from releve.runtime.ledger import open_ledger
from tests.web.conftest import Service, serve
from tests.web.persons import activate, enrol_totp, first_access, sign_in, six_digits
from tests.web.samples import evidence, samples

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[Service, Session]]:
    """A service whose first administrator is signed in, with entries in its ledger."""
    for service in serve(tmp_path_factory.mktemp("web")):
        context = browser.new_context()
        page = context.new_page()
        secret = first_access(page, service.address, service.first_code())
        append(service, samples())
        yield service, Session(context.storage_state(), secret)
        context.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose console must stay silent: a CSP refusal or a script error fails the test."""
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert [line for line in said if not line.startswith("log:")] == []


@dataclass(frozen=True)
class Session:
    """A signed-in browser's cookies, and its owner's TOTP secret."""

    state: StorageState
    secret: str


def append(service: Service, facts: Sequence[Evidence]) -> None:
    """Through the running signer, then published."""
    with open_ledger(service.home) as ledger:
        ledger.append_many(facts)
        ledger.publish()


def _violations_at(page: Page, url: str) -> list[str]:
    page.goto(url)
    return _violations(page)


def _violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def _enter(browser: Browser, session: Session, **screen: Any) -> Page:
    return browser.new_context(storage_state=session.state, **screen).new_page()


def test_first_access_then_second_factor_then_today(service: Service, page: Page) -> None:
    assert _violations_at(page, service.address) == []
    first_access(page, service.address, service.first_code())
    assert "Imprimez cette feuille" in page.inner_text("h1")
    assert page.locator(".codes li").count() == 10
    assert _violations(page) == []
    page.goto(service.address)
    assert page.inner_text("h1") == "Rien n'est encore prouvé."
    assert "SIMULATION" in page.inner_text(".band")
    assert "Mme Martin" in page.inner_text("header")
    assert "– non mesuré" in page.inner_text("table.figures")
    assert _violations(page) == []


def test_sign_in_by_ip_with_six_digits_or_a_paper_code_used_once(
    service: Service, browser: Browser, page: Page
) -> None:
    secret = first_access(page, service.address, service.first_code())
    paper = page.locator(".codes li").first.inner_text().strip()
    for code, status in (
        ("000000", "Donnez les six chiffres"),
        (six_digits(secret), "Rien n'est encore prouvé."),
        (six_digits(secret), "Donnez les six chiffres"),
        (paper, "Rien n'est encore prouvé."),
        (paper, "Donnez les six chiffres"),
    ):
        other = browser.new_context().new_page()
        sign_in(other, service.address, "claire.martin", code)
        assert status in other.inner_text("h1"), (code, status)
        other.context.close()


PAGES = (
    "",
    "preuves/",
    "preuves/3/",
    "machines/",
    "accords/",
    "accords/demander/vault.restore/",
    "delegations/",
    "delegations/nouvelle/",
    "joindre/",
    "comptes/",
    "comptes/1/",
    "compte/",
    "rien/",
)
DARK = ("", "accords/", "comptes/1/")


@pytest.mark.parametrize(
    ("path", "theme"), [*((path, "light") for path in PAGES), *((path, "dark") for path in DARK)]
)
def test_no_page_has_an_accessibility_violation(
    opened: tuple[Service, Session], browser: Browser, path: str, theme: Any
) -> None:
    service, session = opened
    page = _enter(browser, session, color_scheme=theme)
    assert _violations_at(page, service.address + path) == []
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_never_scrolls_sideways(
    opened: tuple[Service, Session], browser: Browser, path: str
) -> None:
    service, session = opened
    page = _enter(browser, session, viewport={"width": 390, "height": 844})
    page.goto(service.address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def test_every_target_is_large_enough_for_a_finger(
    opened: tuple[Service, Session], browser: Browser
) -> None:
    service, session = opened
    page = _enter(browser, session, viewport={"width": 390, "height": 844})
    for path in PAGES:
        page.goto(service.address + path)
        small = page.evaluate(
            """[...document.querySelectorAll("button, nav a, input:not([type=hidden]), select")]
            .filter(e => e.offsetParent)
            .filter(e => (e.closest("label") || e).getBoundingClientRect().height < 44)
            .map(e => e.outerHTML)"""
        )
        assert small == []
    page.context.close()


def test_a_new_proof_arrives_without_reload(
    opened: tuple[Service, Session], browser: Browser
) -> None:
    service, session = opened
    page = _enter(browser, session)
    with page.expect_response(lambda r: r.url.endswith("/evenements/") and r.ok):
        page.goto(service.address + "preuves/")
    page.wait_for_timeout(300)
    append(
        service, [evidence("vault.snapshot", 100, system="PC-NEUF-01", value=3, unit="fichiers")]
    )
    page.wait_for_selector("tbody tr:first-child >> text=PC-NEUF-01", timeout=10_000)
    page.context.close()


def test_each_printed_sheet_says_its_world_and_its_number(
    opened: tuple[Service, Session], browser: Browser
) -> None:
    service, session = opened
    page = _enter(browser, session)
    page.goto(service.address)
    with pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        boxes = [[round(float(side)) for side in sheet.mediabox] for sheet in pdf.pages]
    assert all(box == [0, 0, 595, 842] for box in boxes), boxes
    if shutil.which("pdftotext"):
        text = subprocess.run(
            ["pdftotext", "-layout", "-", "-"],
            input=page.pdf(prefer_css_page_size=True),
            capture_output=True,
            check=True,
        ).stdout.decode()
        for number, sheet in enumerate(text.split("\f")[: len(boxes)], 1):
            assert "SIMULATION" in sheet
            assert f"page {number}/{len(boxes)}" in sheet
    page.context.close()


def test_pages_say_the_same_without_javascript(
    opened: tuple[Service, Session], browser: Browser
) -> None:
    service, session = opened
    page = _enter(browser, session, java_script_enabled=False)
    page.goto(service.address)
    page.click("nav >> text=Preuves")
    page.click("tbody tr:last-child th a")
    assert "Preuve 0" in page.inner_text("h1")
    page.context.close()


def test_two_persons_at_two_workstations(service: Service, browser: Browser, page: Page) -> None:
    """The second person is named alone, the third privileged one takes an approval."""
    first_access(page, service.address, service.first_code())
    second_code = _open_account(page, service.address, "paul.diallo", "direction")
    third_code = _open_account(page, service.address, "anne.roche", "cellule")
    assert "attend l'accord d'une autre personne" in page.inner_text("h1")
    request_url = page.url

    second = browser.new_context().new_page()
    activate(second, service.address, "paul.diallo", second_code)
    secret = enrol_totp(second)
    second.goto(service.address)
    second.click("text=1 demande attend votre accord")
    second.click("section.request a")
    assert second.url == request_url
    assert "recevra le rôle « cellule de crise »" in second.inner_text("section.request")
    assert _violations(second) == []
    second.fill("#id_code", six_digits(secret))
    second.click("text=J'accorde")
    assert "Demande accordée" in second.inner_text("h1")

    third = browser.new_context().new_page()
    activate(third, service.address, "anne.roche", third_code)
    enrol_totp(third)
    third.goto(service.address)
    assert "Aujourd'hui" in third.inner_text("nav")
    assert third.goto(service.address + "preuves/").status == 403  # type: ignore[union-attr]
    for each in (second, third):
        each.context.close()


def _open_account(page: Page, address: str, login: str, role: str) -> str:
    page.goto(address + "comptes/")
    page.fill("#id_name", login)
    page.fill("#id_login", login)
    page.click("text=Ouvrir le compte")
    code = page.inner_text(".code").strip()
    page.click("text=Lui donner un rôle")
    page.select_option("#id_role", role)
    page.fill("#id_perimeter", "990000010")
    page.click("text=Donner ce rôle")
    return code
