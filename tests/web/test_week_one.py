"""Week one, in the browser: from a home that knows nothing to a first binder, out of three
spreadsheets; fields and clicks are counted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from openpyxl import Workbook
from playwright.sync_api import Browser, Page

from releve.establishment import stored
from tests.web.conftest import Service, serve
from tests.web.persons import first_access

pytestmark = pytest.mark.browser
_STAFF = (
    ("Effectifs au 1er novembre 2026", "", "", "", ""),
    ("", "", "", "", ""),
    ("NOM", "Prénom", "Service", "Fonction", "Téléphone"),
    ("ORCHIDÉE", "Jocelyn", "Urgences", "cadre de santé", "06.39.98.00.01 / poste 4521"),
    ("FENOUIL", "Nora", "Urgences", "IDE", 639980002),
    ("MYOSOTIS", "Eulalie", "Médecine A", "IDE", "06 39 98 00 03"),
    ("ESTRAGON", "Perrine", "Direction", "directeur", "06 39 98 00 04"),
)
_SUPPLIERS = (
    ("Fournisseur", "Téléphone", "E-mail", "Contrat"),
    ("Éditeur fictif du dossier", "01 99 00 11 01", "astreinte@edit.example", "2026-0001"),
)
_CENSUS = (
    ("Service", "Lit", "Nom", "Prénom", "Né(e) le", "IPP"),
    ("Urgences", "B01", "DUPONT", "Élise", "12/04/1951", "80001"),
    ("Médecine A", "204", "DURAND", "Paul", "02.11.1987", "80002"),
)


@dataclass
class Hand:
    """A person's hand: what it fills and clicks."""

    page: Page
    acts: int = 0

    def click(self, what: str) -> None:
        self.acts += 1
        self.page.get_by_role("button", name=what).or_(
            self.page.get_by_role("link", name=what)
        ).first.click()

    def choose(self, label: str) -> None:
        self.acts += 1
        self.page.get_by_label(label).first.check()

    def give(self, field: str, path: Path) -> None:
        self.acts += 1
        self.page.set_input_files(field, path)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    yield from serve(tmp_path / "home")


def _sheet(path: Path, rows: tuple[tuple[str | int, ...], ...]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_first_binder_from_three_spreadsheets(
    service: Service, browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    first_access(page, service.address, service.first_code())
    hand = Hand(page)
    hand.click("Établissement")
    hand.click("Importer ce que vous avez déjà")
    for label, rows in (("une liste du personnel", _STAFF), ("fournisseurs", _SUPPLIERS)):
        hand.choose(label)
        hand.give("#file", _sheet(tmp_path / "liste.xlsx", rows))
        hand.click("Voir l'aperçu")
        hand.click("Confirmer l'import")
        assert page.inner_text("h1") == "C'est gardé."
        hand.click("Importer un autre fichier")
    known = stored(service.home)
    assert known is not None and len(known.people) == 4 and len(known.suppliers) == 1
    hand.click("Crise")
    hand.click("Classeur de crise")
    hand.give("#list", _sheet(tmp_path / "présents.xlsx", _CENSUS))
    with page.expect_download(timeout=120_000) as got:
        hand.click("Fabriquer le classeur")
    data = got.value.path().read_bytes()
    assert hand.acts <= 40
    with pikepdf.open(io.BytesIO(data)) as book:
        assert len(book.pages) > 20
    with pdfium.PdfDocument(data) as paper:
        told = " ".join(
            word for sheet in paper for word in sheet.get_textpage().get_text_bounded().split()
        )
    for word in ("06 39 98 00 01", "01 99 00 11 01", "DUPONT", "80002", "numéro de garde ARS non"):
        assert word in told, word
    page.context.close()
