"""The ten-minute screen on a phone, at 1 a.m.: above the fold, in few taps, without any name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState, ViewportSize

from releve.incident.steps import first_steps
from tests.conftest import CHROMIUM
from tests.web.conftest import Service, serve
from tests.web.persons import PASSWORD, first_access, six_digits

pytestmark = pytest.mark.browser
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass
class Hand:
    """A page and what a person did on it: what was filled, what was pressed."""

    page: Page
    filled: int = 0
    taps: int = 0

    def fill(self, field: str, text: str) -> None:
        self.page.fill(field, text)
        self.filled += 1

    def tap(self, target: str) -> None:
        self.page.click(target)
        self.taps += 1


@pytest.fixture(scope="module")
def night(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[Service, str, StorageState]]:
    """A service whose first administrator has a second factor; no crisis yet."""
    for service in serve(tmp_path_factory.mktemp("nuit")):
        context = browser.new_context()
        page = context.new_page()
        secret = first_access(page, service.address, service.first_code())
        yield service, secret, context.storage_state()
        context.close()


@pytest.fixture(scope="module")
def nameless(browser: Browser) -> Iterator[Browser]:
    """A browser that resolves no name at all and has no network but this machine's addresses."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    rules = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
    other = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=["--disable-gpu", rules, *sandbox]
    )
    yield other
    other.close()


def test_a_crisis_is_opened_from_the_login_page_in_six_taps_without_any_name(
    night: tuple[Service, str, StorageState], nameless: Browser
) -> None:
    service, secret, _ = night
    context = nameless.new_context(viewport=PHONE, has_touch=True, java_script_enabled=False)
    hand = Hand(context.new_page())
    asked: list[str] = []
    hand.page.on("request", lambda request: asked.append(request.url))
    hand.page.goto(service.address + "crise/")
    assert "/connexion/" in hand.page.url
    hand.fill("#id_login", "claire.martin")
    hand.fill("#id_password", PASSWORD)
    hand.tap("main form button")
    hand.fill("#id_code", six_digits(secret))
    hand.tap("main form button")
    hand.tap("text=Ouvrir la crise")
    assert hand.page.inner_text("#maintenant h1") == "Appelez le directeur de garde."
    assert (hand.filled, hand.taps) == (3, 3)
    assert all(url.startswith(service.address) for url in asked), asked
    context.close()


def _enter(browser: Browser, state: StorageState, **screen: Any) -> Page:
    page = browser.new_context(storage_state=state, **screen).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def test_answers_are_given_by_thumb_and_nothing_is_too_small_or_unnamed(
    night: tuple[Service, str, StorageState], browser: Browser
) -> None:
    service, _, state = night
    page = _enter(browser, state, viewport=PHONE, has_touch=True)
    page.goto(service.address + "crise/")
    if page.locator("#maintenant").count() == 0:
        page.click("text=Ouvrir la crise")
    page.fill("#dit-rancon", "sur PC-LABO-04")
    page.click("li:has(#q-rancon) button[value=oui]")
    assert "oui (sur PC-LABO-04)" in page.inner_text("#su")
    page.click("li:has(#q-donnees) button[value=inconnu]")
    assert "on ne sait pas" in page.inner_text("#savoir")
    page.click("#coupures li:has-text('Internet') button[value=fait]")
    assert "● coupé" in page.inner_text("#coupures")
    assert "Internet : coupé, à la main" in page.inner_text("#lignes")
    page.click("summary:has-text('Confier un acte')")
    page.select_option("#step", "samu")
    page.fill("#to", "M. Petit")
    page.click("button:has-text('Confier')")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate(
        """[...document.querySelectorAll("button, nav a, input:not([type=hidden]), summary")]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
        .map(e => e.outerHTML)"""
    )
    assert small == []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = Axe().run(page).response["violations"]
        assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found] == []
    page.context.close()


def test_each_act_stands_above_the_fold_with_its_buttons_and_all_is_told(
    night: tuple[Service, str, StorageState], browser: Browser
) -> None:
    service, _, state = night
    page = _enter(browser, state, viewport=PHONE, has_touch=True)
    page.goto(service.address + "crise/")
    if page.locator("#maintenant").count() == 0:
        page.click("text=Ouvrir la crise")
    low: list[tuple[str, float]] = []
    seen: list[str] = []
    while page.locator("#maintenant .answers").count() and len(seen) < 2 * len(first_steps()):
        seen.append(page.inner_text("#maintenant h1"))
        bottom = page.eval_on_selector(
            "#maintenant .answers button", "e => e.getBoundingClientRect().bottom"
        )
        if bottom > PHONE["height"]:
            low.append((seen[-1], bottom))
        page.click("#maintenant .answers button >> nth=0")
        page.wait_for_load_state()
    assert low == []
    assert set(seen) == {step.title for step in first_steps()}
    assert "ordre de reprise" in page.inner_text("#maintenant h1")
    assert page.inner_text("#dit").count("●") == sum(s.kind == "call" for s in first_steps())
    page.context.close()


def test_it_prints_as_it_stands(night: tuple[Service, str, StorageState], browser: Browser) -> None:
    service, _, state = night
    page = _enter(browser, state, viewport=PHONE)
    page.goto(service.address + "crise/")
    if page.locator("#maintenant").count() == 0:
        page.click("text=Ouvrir la crise")
    data = page.pdf(prefer_css_page_size=True)
    with pikepdf.open(BytesIO(data)) as pdf:
        boxes = [[round(float(side)) for side in sheet.mediabox] for sheet in pdf.pages]
    assert boxes and all(box == [0, 0, 595, 842] for box in boxes), boxes
    said = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()
    words = " ".join(said.split())
    for title in (step.title for step in first_steps()):
        assert title in words
    assert "Des données de patients sont-elles sorties ?" in words
    assert "Coupures, à la main" in words and "Dit à qui, quand" in words
    page.context.close()
