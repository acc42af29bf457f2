"""How fast a ward of a thousand opens, and goes to paper. ``./run bench kits``.

References of the same run, in the row's id: a bare page of the same browser for the opening, one
patient's PDF repeated for the paper.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from datetime import timedelta
from pathlib import Path

from bench.rows import Row
from playwright.sync_api import Browser, sync_playwright
from tests.care.kit.wards import NOW, PERIOD, ward
from tests.conftest import CHROMIUM

from releve.care.kit import Names, publish, published_path, read_kit, window_of
from releve.care.kit.build import build
from releve.care.kit.page import Cover
from releve.care.kit.paper import to_pdf
from releve.care.kit.shown import shown
from releve.care.sheet import WardSheet
from releve.kernel.clock import SystemClock, iso
from releve.kernel.home import Home, birth
from releve.kernel.world import World

_CLOCK = SystemClock()
_PATIENTS = 1000
_TIMES = 5
#: From the click to the first painted frame that holds every patient.
_OPENED = """() => new Promise(done => {
    const began = performance.now();
    const shown = new MutationObserver(() => {
        if (document.body.dataset.state !== "open") return;
        shown.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
    });
    shown.observe(document.body, {attributes: true});
    document.querySelector("button#open").click();
})"""


def measure() -> list[Row]:
    """Opening in Chromium (load of the file, then code to patients), building, paper."""
    build()
    sheet = ward(_PATIENTS)
    with tempfile.TemporaryDirectory(prefix="releve-bench-kits-") as name:
        home = birth(Path(name) / "home", World.DRILL, NOW)
        built = _seconds(lambda: publish(home, sheet, NOW, PERIOD, names=Names("Banc", "Banc")))
        small = _seconds(lambda: publish(home, ward(24, "MED-A"), NOW, PERIOD))
        loaded, opened = _opening(home, "CHIR-B")
        rows = [
            Row("1 000 patients : fichier chargé", loaded, "ms", "<=", 1000),
            Row("1 000 patients : code → patients", opened, "ms", "<=", 1000),
            Row("1 000 patients : total", loaded + opened, "ms", "<=", 1000),
            Row("1 000 patients : kit fabriqué", built, "s", "<=", 20),
            Row("24 patients : kit fabriqué", small, "s", "<=", 1),
            Row("1 000 patients : taille", _size(home, "CHIR-B"), "Mio", "<=", 40),
            Row("1 000 patients : care open", _reopened(home, "CHIR-B"), "s", "<=", 3),
        ]
    return rows + _paper(sheet)


def _paper(sheet: WardSheet) -> list[Row]:
    cover = Cover("CHIR-B", "", "", "drill", 1, 1, iso(NOW), 300.0)
    one = shown(ward(1))
    to_pdf(cover, one, NOW)  # fonts are read once
    single = _seconds(lambda: to_pdf(cover, one, NOW))
    words = shown(sheet)
    whole = _seconds(lambda: to_pdf(cover, words, NOW))
    return [
        Row("1 000 feuilles PDF", whole, "s", "<=", 15),
        Row("1 000 feuilles ÷ 1 000 × une feuille", whole / (_PATIENTS * single), "", "<=", 1),
    ]


def _opening(home: Home, code: str) -> tuple[float, float]:
    window = window_of(home, code)
    assert window is not None
    assert window.code is not None
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--disable-gpu", *sandbox]
        )
        seen = [_once(browser, published_path(home, code), window.code) for _ in range(_TIMES)]
        browser.close()
    return statistics.median(a for a, _ in seen), statistics.median(b for _, b in seen)


def _once(browser: Browser, path: Path, code: str) -> tuple[float, float]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    page.fill("input#code", code)
    opened = page.evaluate(_OPENED)
    assert page.locator("[data-patient]").count() == _PATIENTS
    context.close()
    return float(loaded), float(opened)


def _size(home: Home, code: str) -> float:
    return published_path(home, code).stat().st_size / 1024**2


def _reopened(home: Home, code: str) -> float:
    window = window_of(home, code)
    assert window is not None
    secret = str(window.code)
    return _seconds(lambda: read_kit(published_path(home, code), secret))


def _seconds(work: object) -> float:
    assert callable(work)
    began = _CLOCK.monotonic()
    work()
    return timedelta(seconds=_CLOCK.monotonic() - began).total_seconds()
