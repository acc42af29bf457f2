"""The report in the real Chromium: read by a screen reader, on a telephone, on paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from releve.drill.measures import Result
from releve.drill.report import write_report
from tests.drill import sample
from tests.drill.test_report_pages import pdf_text

CHROMIUM = Path("/usr/bin/chromium")
RESULTS = {"held": sample.held(), "missed": sample.missed(), "hostile": sample.hostile()}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="apt install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=list(RESULTS))
def result(request: pytest.FixtureRequest) -> Result:
    return RESULTS[request.param]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1100, "light")])
def test_nothing_stands_in_a_readers_way(
    width: int, scheme: str, result: Result, browser: Browser, tmp_path: Path
) -> None:
    html = write_report(result, tmp_path / "r").html
    page = browser.new_page(
        viewport={"width": width, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(html.as_uri())
    report = Axe().run(page)
    assert report.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("heading", level=1).is_visible()
    assert requests == [html.as_uri()]
    assert complaints == []
    page.close()


def test_each_printed_sheet_carries_the_band(
    result: Result, browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    page.goto(write_report(result, tmp_path / "r").html.as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        assert len(pdf.pages) > 2
        for sheet in pdf.pages:
            assert [round(float(x)) for x in sheet.mediabox] == [0, 0, 595, 842]
    (tmp_path / "printed.pdf").write_bytes(printed)
    for number in range(1, len(pdf.pages) + 1):
        assert "SIMULATION" in pdf_text(tmp_path / "printed.pdf", number)
