"""The « plan bleu numérique » in the real Chromium, without JavaScript: counted, printed, read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from releve.establishment import load
from releve.kernel.clock import SystemClock
from releve.kernel.home import birth
from releve.kernel.world import World
from tests.establishment.test_map import VALBRUME, Open
from tests.incident.esms.records import people, table
from tests.pages.people import EJ

pytestmark = pytest.mark.browser
HOME = "990000044"
AT = f"crise/plan-bleu/{HOME}/"
ANSWERS = {
    "address": "3 rue des Tilleuls, Valbrume",
    "residents": "60",
    "director": "Mme Orchidée, 06 39 98 10 01",
    "deputy": "M. Fenouil, 06 39 98 10 02",
    "night_nurse": "Mme Bleuet, 06 39 98 10 03",
    "doctor": "Dr Lilas, 01 99 00 41 10",
    "doctors": "Dr Genêt, 01 99 00 41 20\nDr Pervenche, 01 99 00 41 21",
    "pharmacy": "Pharmacie du Val, 01 99 00 41 12",
    "ght": "01 99 00 40 00",
    "ars": "01 99 00 50 00",
    "department": "01 99 00 51 00",
    "prefecture": "01 99 00 52 00",
    "families": "Mme Cassis appelle, liste dans le classeur rouge",
    "power": "Groupe, 8 h, M. Fenouil le lance",
    "internet": "Opérateur fictif, 01 99 00 60 00",
    "backup_phone": "06 39 98 10 09, tiroir de l'accueil",
    "supplier": "Dossier fictif SA, contrat 2026-12",
    "hotline": "01 99 00 61 00",
    "paper": "200 feuilles, armoire de la salle de soins",
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The real web part; the director of the care home alone, and nothing else of the hospital."""
    home = birth(tmp_path_factory.mktemp("plan") / "home", World.DRILL, SystemClock().now())
    load(home, VALBRUME, SystemClock().now())
    paths = os.pathsep.join(path for path in sys.path if path)
    around = {**os.environ, "RELEVE_HOME": str(home.path), "PYTHONPATH": paths}
    wanted = f"directrice=direction@{EJ}/{HOME}"
    seat = [sys.executable, "-m", "tests.establishment.seat", str(home.path), wanted]
    said = subprocess.run(seat, check=True, capture_output=True, env=around).stdout
    serve = [sys.executable, "-m", "releve.runtime.web", "--home", str(home.path)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, env=around) as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["endpoints"]["web"]
            yield Open(str(address), json.loads(said))
        finally:
            process.terminate()


def enter(opened: Open, browser: Browser, **screen: Any) -> Page:
    context = browser.new_context(**screen)
    session = opened.sessions["directrice"]
    cookie = {"name": "releve_session", "value": session, "url": opened.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def test_a_director_alone_prints_the_plan_from_one_form_and_one_pdf(
    opened: Open, browser: Browser, tmp_path: Path
) -> None:
    page = enter(opened, browser, viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page.goto(opened.address)
    clicks = 0
    for where in ("nav >> text=Crise", "text=Plan bleu numérique d'un EHPAD"):
        page.click(where)
        clicks += 1
    assert page.url == opened.address + AT, "the only home of her perimeter opens at once"
    assert page.input_value("#name") == "EHPAD Les Tilleuls" and page.input_value("#finess") == HOME
    fields = page.locator("form input:not([type=hidden]), form textarea").count() - 1  # the tongue
    record = tmp_path / "plan de soins.pdf"
    record.write_bytes(table(people(60)))
    page.set_input_files("#record", str(record))
    for name, words in ANSWERS.items():
        page.fill(f"#{name}", words)
    page.click("text=Faire le plan")
    assert page.inner_text("h1") == "60 résidents lus sur 60 annoncés"
    with page.expect_download() as waiting:
        page.click("text=Télécharger le plan")
    clicks += 3  # the file, make, download
    assert (clicks, len(ANSWERS) + 1) == (5, 20) and fields <= 25
    data = Path(waiting.value.path()).read_bytes()
    if kept := os.environ.get("RELEVE_PICTURES"):
        Path(kept, "plan-bleu.pdf").write_bytes(data)
        page.screenshot(path=str(Path(kept, "plan-fait.png")), full_page=True)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert all([round(float(x)) for x in p.mediabox] == [0, 0, 595, 842] for p in pdf.pages)
    with pypdfium2.PdfDocument(data) as pdf:
        said = [sheet.get_textpage().get_text_range() for sheet in pdf]
    assert "Les dix premiers appels" in said[0] and "06\u00a039\u00a098\u00a010\u00a001" in said[0]
    assert "Déclaration et essai annuel" in said[7] and "990000044" in said[7]
    assert "Annexe A" in said[8] and len(said) == 12
    page.context.close()


def test_the_pages_hold_on_a_phone_and_have_no_accessibility_violation(
    opened: Open, browser: Browser
) -> None:
    page = enter(opened, browser, viewport={"width": 390, "height": 844})
    kept = os.environ.get("RELEVE_PICTURES")
    for step in ("form", "made"):
        if step == "form":
            page.goto(opened.address + AT)
        else:
            page.click("text=Faire le plan")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        small = page.evaluate(
            """[...document.querySelectorAll("main button, main a, main input, main textarea")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
            .map(e => e.outerHTML)"""
        )
        assert small == []
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found] == []
        if kept:
            page.screenshot(path=str(Path(kept, f"plan-{step}.png")), full_page=True)
    page.context.close()
