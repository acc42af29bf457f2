"""« Crise » in the real Chromium, on the real web part: one act, one line and Enter, live, A4."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from tests.web.conftest import Service, serve
from tests.web.persons import first_access

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=document.title='perdu'> \u202eexe.fic " + "N" * 120


@pytest.fixture(scope="module")
def night(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[Service, StorageState]]:
    """A service with a crisis open, told by hand."""
    for service in serve(tmp_path_factory.mktemp("crise")):
        context = browser.new_context()
        page = context.new_page()
        first_access(page, service.address, service.first_code())
        page.goto(service.address + "crise/")
        assert page.inner_text("h1") == "Aucune crise en cours."
        assert _violations(page) == []
        page.click("text=Ouvrir la crise")
        for said in ("Écran rouge au laboratoire", HOSTILE, "Les urgences passent au papier"):
            page.fill("#text", said)
            page.press("#text", "Enter")
        yield service, context.storage_state()
        context.close()


def _enter(browser: Browser, state: StorageState, **screen: Any) -> Page:
    page = browser.new_context(storage_state=state, **screen).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def _violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["crise/", "crise/?corrige=2", "crise/1/"])
def test_no_page_has_an_accessibility_violation(
    night: tuple[Service, StorageState], browser: Browser, path: str, theme: Any
) -> None:
    page = _enter(browser, night[1], color_scheme=theme)
    page.goto(night[0].address + path)
    assert _violations(page) == []
    page.context.close()


@pytest.mark.parametrize("path", ["crise/", "crise/?corrige=2", "crise/1/"])
def test_a_phone_never_scrolls_sideways_and_fingers_find_every_target(
    night: tuple[Service, StorageState], browser: Browser, path: str
) -> None:
    page = _enter(browser, night[1], viewport={"width": 390, "height": 844})
    page.goto(night[0].address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        """[...document.querySelectorAll("button, nav a, input:not([type=hidden]), summary")]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML)"""
    )
    assert small == []
    page.context.close()


def test_a_line_of_somebody_else_arrives_while_one_types(
    night: tuple[Service, StorageState], browser: Browser
) -> None:
    service, state = night
    reader, writer = _enter(browser, state), _enter(browser, state)
    with reader.expect_response(lambda r: r.url.endswith("/evenements/") and r.ok):
        reader.goto(service.address + "crise/")
    reader.fill("#text", "je tape encore")
    writer.goto(service.address + "crise/")
    writer.fill("#text", "Internet coupé")
    writer.click("button:has-text('Décidé')")
    reader.wait_for_selector("#lignes >> text=Internet coupé", timeout=10_000)
    assert reader.input_value("#text") == "je tape encore"
    assert reader.locator("#lignes tbody tr").first.inner_text().count("décidé") == 1
    for page in (reader, writer):
        page.context.close()


def test_without_javascript_the_night_is_told_all_the_same(
    night: tuple[Service, StorageState], browser: Browser
) -> None:
    page = _enter(browser, night[1], java_script_enabled=False)
    page.goto(night[0].address)
    page.click("nav >> text=Crise en cours depuis")
    before = page.inner_text("#maintenant h1")
    page.click("#maintenant button.quiet >> nth=0")
    assert page.inner_text("#maintenant h1") != before
    page.fill("#text", "Sans script")
    page.click("button:has-text('Constaté')")
    assert "Sans script" in page.inner_text("#lignes tbody tr >> nth=0")
    page.context.close()


def test_the_log_prints_on_a4_with_its_world_and_numbers(
    night: tuple[Service, StorageState], browser: Browser
) -> None:
    page = _enter(browser, night[1])
    page.goto(night[0].address + "crise/1/")
    with pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        boxes = [[round(float(side)) for side in sheet.mediabox] for sheet in pdf.pages]
    assert boxes and all(box == [0, 0, 595, 842] for box in boxes), boxes
    page.context.close()
