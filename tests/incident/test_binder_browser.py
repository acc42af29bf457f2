"""The binder in the real Chromium: few clicks, legible on a phone, printable, accessible."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from releve.establishment import load
from releve.kernel.clock import SystemClock
from tests.incident import paper
from tests.web.conftest import Service, serve
from tests.web.persons import first_access

pytestmark = pytest.mark.browser
PAGES = ("crise/classeur/", "crise/exemplaires/", "etablissement/numeros/")
_LONG = "Mme de La Très Longue Dénomination, cadre de garde " * 3


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[Service, StorageState]]:
    """Valbrume, one copy handed over and one recalled."""
    for service in serve(tmp_path_factory.mktemp("classeur")):
        load(service.home, paper.VALBRUME, SystemClock().now())
        context = browser.new_context()
        page = context.new_page()
        first_access(page, service.address, service.first_code())
        clicks = _make(page, service.address)
        assert clicks <= 4
        page.goto(service.address + "crise/exemplaires/")
        page.fill("#why", "essai de rappel")
        page.click("text=Rappeler tous les exemplaires")
        _make(page, service.address)
        yield service, context.storage_state()
        context.close()


def _make(page: Page, address: str) -> int:
    """From the page « Crise » to a PDF; how many clicks."""
    page.goto(address + "crise/")
    page.click("text=Classeur de crise")
    page.fill("#holder", _LONG[:180])
    page.select_option("#ward", "URG")
    with page.expect_download(timeout=120_000) as got:
        page.click("text=Fabriquer le classeur")
    with pikepdf.open(BytesIO(got.value.path().read_bytes())) as book:
        assert len(book.pages) > 40
    return 3


def _enter(browser: Browser, state: StorageState, **screen: Any) -> Page:
    page = browser.new_context(storage_state=state, **screen).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


@pytest.mark.parametrize("path", PAGES)
def test_on_a_phone_nothing_hides_and_nothing_is_too_small(
    house: tuple[Service, StorageState], browser: Browser, path: str
) -> None:
    page = _enter(browser, house[1], viewport={"width": 390, "height": 844})
    page.goto(house[0].address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = page.evaluate(
        """[...document.querySelectorAll("button, nav a, select, .choice label,"
          + " input:not([type=hidden]):not([type=checkbox]):not([type=radio])")]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML)"""
    )
    assert small == []
    found = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found] == []
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_each_page_prints_on_a4(
    house: tuple[Service, StorageState], browser: Browser, path: str
) -> None:
    page = _enter(browser, house[1], java_script_enabled=False)
    page.goto(house[0].address + path)
    with pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        boxes = [[round(float(side)) for side in sheet.mediabox] for sheet in pdf.pages]
    assert boxes and all(box == [0, 0, 595, 842] for box in boxes), boxes
    page.context.close()
