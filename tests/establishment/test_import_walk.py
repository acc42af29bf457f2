"""The whole walk of an import in the real browser, its clicks counted."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl import Workbook
from playwright.sync_api import Browser, Page

from releve.establishment import stored
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from tests.pages.people import EJ

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Open:
    """The real web part, and the cookie of the chief's session."""

    home: Home
    address: str
    session: str


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """A home of which nothing is known yet; its DSI is signed in."""
    home = birth(tmp_path_factory.mktemp("import") / "home", World.DRILL, SystemClock().now())
    paths = os.pathsep.join(path for path in sys.path if path)
    around = {**os.environ, "RELEVE_HOME": str(home.path), "PYTHONPATH": paths}
    seat = [sys.executable, "-m", "tests.establishment.seat", str(home.path), f"chef=dsi@{EJ}"]
    said = subprocess.run(seat, check=True, capture_output=True, env=around).stdout
    serve = [sys.executable, "-m", "releve.runtime.web", "--home", str(home.path)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, env=around) as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["endpoints"]["web"]
            yield Open(home, str(address).rstrip("/"), json.loads(said)["chef"])
        finally:
            process.terminate()


def staff_list(phone: str) -> bytes:
    """Titles above, a merged header, a doubtful line."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "Liste du personnel au 1er novembre 2026"
    sheet.merge_cells("A1:E1")
    sheet.append([])
    sheet.append(["NOM", "Prénom", "Service", "Fonction", "Téléphone"])
    sheet.append(["ORCHIDÉE", "Jocelyn", "Urgences", "IDE", phone])
    sheet.append(["FENOUIL", "Nora", "Réanimation", "AS", 639980013])
    sheet.append(["MYOSOTIS", "Élise", "Réanimation", "PH", "voir le secrétariat"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def enter(opened: Open, browser: Browser, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900})
    cookie = {"name": "releve_session", "value": opened.session, "url": opened.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def _violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def _send(page: Page, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "personnel.xlsx"
    path.write_bytes(data)
    page.get_by_label("une liste du personnel").check()
    page.set_input_files("#file", path)
    page.get_by_role("button", name="Voir l'aperçu").click()


def test_a_well_formed_file_is_taken_in_four_clicks(
    opened: Open, browser: Browser, tmp_path: Path
) -> None:
    page = enter(opened, browser, 390)
    page.goto(f"{opened.address}/etablissement/")
    assert _violations(page) == []
    page.get_by_role("link", name="Importer ce que vous avez déjà").click()
    assert _violations(page) == []
    # kind, file, upload, confirm: four
    _send(page, tmp_path, staff_list("06.39.98.00.12 / poste 4521"))
    assert page.inner_text("h1") == "3 lignes à prendre, 1 à regarder"
    assert "voir le secrétariat" in page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert _violations(page) == []
    assert stored(opened.home) is None
    page.get_by_role("button", name="Confirmer l'import").click()
    assert page.inner_text("h1") == "C'est gardé."
    assert _violations(page) == []
    known = stored(opened.home)
    assert known is not None
    assert [(p.last_name, p.phone, p.other_phones) for p in known.people] == [
        ("ORCHIDÉE", "06 39 98 00 12", "4521"),
        ("FENOUIL", "06 39 98 00 13", ""),
        ("MYOSOTIS", "", ""),
    ]

    # A person corrects a line; the next import keeps it, and says so.
    page.get_by_role("link", name="Les personnes, et corriger une fiche").click()
    page.get_by_role("link", name="ORCHIDÉE Jocelyn").click()
    assert _violations(page) == []
    page.fill("#phone", "06 39 98 00 99")
    page.get_by_role("button", name="Corriger").click()
    assert "Aucun import ne l'écrasera" in page.inner_text("main")
    page.goto(f"{opened.address}/etablissement/importer/")
    _send(page, tmp_path, staff_list("06 39 98 00 55"))
    said = page.inner_text("main")
    assert "gardé tel que corrigé (« 06 39 98 00 99 ») : fichier dit « 06 39 98 00 55 »" in said
    page.get_by_role("button", name="Confirmer l'import").click()
    again = stored(opened.home)
    assert again is not None and again.people[0].phone == "06 39 98 00 99"
    page.context.close()
