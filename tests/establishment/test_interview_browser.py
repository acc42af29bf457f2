"""The interview in the real Chromium: on a phone, without JavaScript, and its sheet on A4."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from releve.establishment import load
from releve.kernel.clock import SystemClock
from releve.kernel.home import birth
from releve.kernel.world import World
from tests.establishment.test_map import VALBRUME, Open
from tests.establishment.walk import Hand, answer
from tests.pages.people import EJ

pytestmark = pytest.mark.browser
WARD = f"{EJ}/990000028/URG"
PHONE = {"width": 390, "height": 844}
PATHS = (
    "etablissement/entretiens/",
    "etablissement/entretiens/URG/",
    "etablissement/entretiens/URG/dependances/",
    "etablissement/entretiens/URG/relire/",
    "etablissement/mode-degrade/URG/",
    "etablissement/mode-degrade/REA/",
    "etablissement/bilan/",
    "etablissement/contradictions/",
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The real web part on Valbrume; the CIO, and the head of the emergency ward."""
    home = birth(tmp_path_factory.mktemp("entretien") / "home", World.DRILL, SystemClock().now())
    load(home, VALBRUME, SystemClock().now())
    paths = os.pathsep.join(path for path in sys.path if path)
    around = {**os.environ, "RELEVE_HOME": str(home.path), "PYTHONPATH": paths}
    wanted = (f"chef=dsi@{EJ}", f"cadre=soignant@{WARD}")
    seat = [sys.executable, "-m", "tests.establishment.seat", str(home.path), *wanted]
    said = subprocess.run(seat, check=True, capture_output=True, env=around).stdout
    serve = [sys.executable, "-m", "releve.runtime.web", "--home", str(home.path)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, env=around) as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["endpoints"]["web"]
            yield Open(str(address), json.loads(said))
        finally:
            process.terminate()


def enter(opened: Open, browser: Browser, who: str, **screen: Any) -> Page:
    context = browser.new_context(**screen)
    cookie = {"name": "releve_session", "value": opened.sessions[who], "url": opened.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


@pytest.fixture(scope="module")
def walked(opened: Open, browser: Browser) -> Hand:
    """The head of the emergency ward has answered, on a phone that runs no script."""
    page = enter(opened, browser, "cadre", viewport=PHONE, java_script_enabled=False)
    return answer(page, opened.address, "Urgences")


def test_a_service_whose_needs_are_known_is_answered_in_25_acts(walked: Hand) -> None:
    assert walked.acts <= 25, (walked.taps, walked.fields)
    said = walked.page.inner_text("main")
    assert "tient 4 h sans logiciel ; pas davantage" in walked.page.inner_text("h1")
    assert "Dossier patient informatisé" in said and "cadre de santé" in said
    assert "version 1" in said


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(
    opened: Open, walked: Hand, browser: Browser, theme: Any
) -> None:
    page = enter(opened, browser, "chef", color_scheme=theme)
    for path in PATHS:
        page.goto(opened.address + path)
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found] == [], path
    page.context.close()


def test_a_phone_never_scrolls_sideways_and_thumbs_find_every_target(
    opened: Open, walked: Hand, browser: Browser
) -> None:
    page = enter(opened, browser, "chef", viewport=PHONE)
    for path in PATHS:
        page.goto(opened.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        small = page.evaluate(
            """[...document.querySelectorAll("main button, main a, .choice, select, summary")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
            .map(e => e.outerHTML)"""
        )
        assert small == [], path
    page.context.close()


def test_the_sheet_is_one_page_of_a4(opened: Open, walked: Hand, browser: Browser) -> None:
    page = enter(opened, browser, "chef")
    page.goto(opened.address + "etablissement/mode-degrade/URG/")
    data = page.pdf(prefer_css_page_size=True)
    if kept := os.environ.get("RELEVE_PICTURES"):
        Path(kept, "fiche.pdf").write_bytes(data)
    with pikepdf.open(BytesIO(data)) as pdf:
        boxes = [[round(float(side)) for side in sheet.mediabox] for sheet in pdf.pages]
    assert boxes == [[0, 0, 595, 842]]
    page.context.close()
