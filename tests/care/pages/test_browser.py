"""Patients' pages in the real Chromium, on the real web part."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from releve.care.views import Views
from releve.kernel.home import Home
from tests.care.messages import Bed, Someone, a02, a28, oru
from tests.care.pages.hospital import B01, ELISE, ROSE, fill
from tests.care.pages.parts import born, seats, served
from tests.pages.people import EJ, SITE

pytestmark = pytest.mark.browser
WARD = "patients/service/CHIR-B/"


@dataclass(frozen=True)
class Open:
    """A service, its home, and the sessions of two nurses."""

    home: Home
    address: str
    sessions: dict[str, str]

    def file(self, name: str, ipp: str) -> str:
        found = Views(self.home.path / "care/views.sqlite3").find(name)
        return f"patients/dossier/{next(each.key for each in found if each.ipp == ipp)}/"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A nurse of surgery and one of the whole entity are signed in."""
    home = born(tmp_path_factory.mktemp("care"))
    sessions = seats(home, f"chirurgie={SITE}/CHIR-B", f"pool={EJ}")
    with served(home) as address:
        yield Open(home, address, sessions)


@pytest.fixture
def page(opened: Open, browser: Browser) -> Iterator[Page]:
    """The pool nurse's page; its console must stay silent."""
    page, said = enter(opened, browser, "pool"), []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.context.close()
    assert [line for line in said if not line.startswith("log:")] == []


def enter(opened: Open, browser: Browser, who: str, **screen: Any) -> Page:
    context = browser.new_context(**screen)
    cookie = {"name": "releve_session", "value": opened.sessions[who], "url": opened.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def addresses(opened: Open) -> tuple[str, ...]:
    return (
        "patients/",
        WARD,
        "patients/service/INCONNU/",
        opened.file("dupont", ELISE.ipp),
        opened.file("moreau", ROSE.ipp),
        opened.file("<script>", "800005"),
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(opened: Open, browser: Browser, theme: Any) -> None:
    page = enter(opened, browser, "pool", color_scheme=theme)
    for path in addresses(opened):
        page.goto(opened.address + path)
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found] == [], path
    page.context.close()


def test_a_phone_never_scrolls_sideways_and_keeps_the_traits_in_sight(
    opened: Open, browser: Browser
) -> None:
    page = enter(opened, browser, "pool", viewport={"width": 390, "height": 844})
    for path in addresses(opened):
        page.goto(opened.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        small = page.evaluate(
            """[...document.querySelectorAll("main button, main input:not([type=hidden])")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
            .map(e => e.outerHTML)"""
        )
        assert small == [], path
    page.goto(opened.address + opened.file("dupont", ELISE.ipp))
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    heading = page.locator(".traits h1")
    heading.wait_for(state="visible")  # a live line may be putting the file back in place
    top = heading.bounding_box()
    assert top is not None and 0 <= top["y"] < 400
    page.context.close()


def test_a_movement_and_a_result_arrive_without_reload(opened: Open, page: Page) -> None:
    with page.expect_response(lambda answer: "/direct/" in answer.url and answer.ok):
        page.goto(opened.address + WARD)
    page.evaluate("window.kept = true")
    fill(opened.home, [a02(ELISE, Bed("CHIR-B", "109", "B09", "S1"), "11")])
    page.wait_for_selector(".census .bed >> text=B09", timeout=10_000)
    assert page.evaluate("window.kept") is True
    with page.expect_response(lambda answer: "/direct/" in answer.url and answer.ok):
        page.goto(opened.address + opened.file("dupont", ELISE.ipp))
    fill(opened.home, [oru(ELISE, B01, "L7", "Lactates", "2.2", unit="mmol/L")])
    page.wait_for_selector("section.results >> text=Lactates", timeout=10_000)


def test_a_screen_goes_blank_of_news_when_the_patient_leaves_the_ward(
    opened: Open, browser: Browser
) -> None:
    who = Someone("800077", "PARTANT", "Luc", "19330303", "M")
    fill(opened.home, [a28(who), a02(who, Bed("CHIR-B", "1", "B20", "S77"), "77")])
    page = enter(opened, browser, "chirurgie")
    page.goto(opened.address + opened.file("partant", who.ipp))
    with page.expect_response(lambda answer: "/direct/" in answer.url):
        page.reload()
    away = Bed("MED-A", "2", "M20", "S77")
    fill(opened.home, [a02(who, away, "78", at="20261121040000")])
    page.wait_for_timeout(800)
    assert "M20" not in page.inner_text("body")
    answer = page.reload()
    assert answer is not None and answer.status == 403
    page.context.close()


def test_a_search_answers_in_place_and_back_brings_it_again(opened: Open, page: Page) -> None:
    page.goto(opened.address + "patients/")
    page.fill("#id_text", "moreau")
    page.click(".search button")
    page.wait_for_selector(".found >> text=MOREAU")
    assert "recherche/" in page.url and "moreau" not in page.url.lower()
    page.click(".found tbody a")
    page.wait_for_selector(".traits >> text=MOREAU")
    page.go_back()
    page.wait_for_selector(".found >> text=MOREAU")
    assert page.input_value("#id_text") == "moreau"


def test_pages_say_the_same_without_javascript(opened: Open, browser: Browser) -> None:
    page = enter(opened, browser, "chirurgie", java_script_enabled=False)
    page.goto(opened.address + "patients/")
    page.fill("#id_text", "dupont")
    page.click(".search button")
    assert "dupont" not in page.url.lower()
    page.click(".found tbody tr:first-child a")
    assert "DUPONT" in page.inner_text(".traits h1")
    page.click("text=Retour au service")
    assert page.locator(".census tbody tr").count() >= 3
    page.context.close()


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext manque (poppler-utils)")
def test_each_printed_sheet_carries_who_it_is_about(
    opened: Open, page: Page, tmp_path: Path
) -> None:
    many = [oru(ELISE, B01, f"N{n}", f"Examen {n:02}", str(n)) for n in range(60)]
    fill(opened.home, many)
    for path, wanted in (
        (
            opened.file("dupont", ELISE.ipp),
            ("DUPONT Élise", "12/04/1951", "800001", "CH de Valbrume"),
        ),
        (WARD, ("CH de Valbrume · Chirurgie B", "données de", "affiché le")),
    ):
        page.goto(opened.address + path)
        page.pdf(path=tmp_path / "a.pdf", prefer_css_page_size=True)
        said = subprocess.run(
            ["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, check=True
        ).stdout.decode()
        sheets = [" ".join(sheet.split()) for sheet in said.split("\f")[:-1]]
        for number, sheet in enumerate(sheets, 1):
            assert "SIMULATION" in sheet and f"page {number}/{len(sheets)}" in sheet
            assert all(words in sheet for words in wanted), (path, number)
        assert len(sheets) > 1 or path == WARD
