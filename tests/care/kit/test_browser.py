"""The kit in the real Chromium, from the disk, with no server and no network."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from releve.care.kit import read_kit
from releve.care.kit.codes import new_code
from releve.care.kit.page import read_page, write_page
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from tests.care.kit.conftest import Kit, make_kit
from tests.care.kit.wards import HOSTILE, MARKER, NOW, hostile_ward, patient, ward
from tests.conftest import CHROMIUM

pytestmark = pytest.mark.browser
OPEN = 'body[data-state="open"]'
SOON = timedelta(minutes=2)


@dataclass
class Tab:
    """A page whose console must stay silent and whose requests are counted."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def go(self, path: Path, at: timedelta = SOON) -> Page:
        """Load a kit with this machine's clock ``at`` after :data:`NOW`."""
        self.page.clock.set_fixed_time(NOW + at)
        self.page.goto(path.as_uri())
        return self.page

    def open(self, path: Path, code: str, at: timedelta = SOON) -> Page:
        """Load a kit, type the code, wait for the ward."""
        page = self.go(path, at)
        page.fill("input#code", code)
        page.click("button#open")
        page.wait_for_selector(OPEN)
        return page


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    tab = Tab(context.new_page())
    tab.page.on("console", lambda message: tab.said.append(f"{message.type}: {message.text}"))
    tab.page.on("pageerror", lambda error: tab.said.append(str(error)))
    context.on("request", lambda request: tab.asked.append(request.url))
    yield tab
    context.close()
    assert tab.said == []


def _violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def _altered(data: bytes, at: int) -> bytes:
    other = b"A" if data[at : at + 1] != b"A" else b"B"
    return data[:at] + other + data[at + 1 :]


def test_a_kit_opens_alone_in_bed_order_without_a_request(tab: Tab, kit: Kit) -> None:
    page = tab.open(kit.path, kit.code.lower().replace("-", " "))
    shown = page.locator("[data-patient]")
    numbers = [p.traits.ipp for p in ward().patients]
    assert shown.evaluate_all("all => all.map(a => a.dataset.ipp)") == numbers
    assert MARKER in page.locator('[data-ipp="99000005"]').inner_text()
    assert page.inner_text("h1#title") == "Chirurgie B (CHIR-B) · 12 patients"
    assert page.locator("#census tbody tr").count() == 12
    assert page.inner_text("#band") == "SIMULATION"
    assert tab.asked == [kit.path.as_uri()]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_the_policy_refuses_a_request_even_from_the_kit_itself(tab: Tab, kit: Kit) -> None:
    page = tab.open(kit.path, kit.code)
    tries = """async address => {
        const said = [];
        for (const url of [address, "data:text/plain,x", location.href])
            said.push(await fetch(url).then(() => "passed", () => "refused"));
        const image = new Image();
        image.src = address + "x.png";
        said.push(await new Promise(done => {
            image.onload = () => done("passed");
            image.onerror = () => done("refused");
        }));
        return said;
    }"""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert page.evaluate(tries, address) == ["refused"] * 4
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert tab.said
    tab.said.clear()


def test_the_four_states_homonyms_and_unread_messages_are_words(tab: Tab, kit: Kit) -> None:
    page = tab.open(kit.path, kit.code)
    text = page.inner_text("#patients")
    assert "traitements non reçus : demander la feuille papier" in text
    assert "« aucune allergie » affirmé par la source, reçu le" in text
    assert "source muette depuis le 21 nov. 2026 à 18:12 (il y a 7 h 02)" in text
    assert "documents jamais reçus" in text
    first = page.locator("article").first
    assert "HOMONYME EN B02" in first.inner_text()
    titles = ["Allergies", "Traitements", "Résultats", "Documents"]
    assert first.locator("h3").all_inner_texts() == titles
    assert first.locator("s.main").inner_text() == "HÉPARINE 5002 UI"
    assert "1 message non lu : appelez" in page.locator("article").nth(2).inner_text()
    assert "IPP 99000999" in page.locator("article").nth(3).inner_text()


def test_every_value_on_the_screen_is_that_of_its_field(tab: Tab, kit: Kit) -> None:
    page = tab.open(kit.path, kit.code)
    for each in ward().patients:
        article = page.locator(f'[data-ipp="{each.traits.ipp}"]')
        texts = set(article.locator(".main, .value").all_text_contents())
        values = {v.text for s in each.sections for row in s.rows for v in row.values}
        assert values <= texts


def test_search_by_name_date_bed_and_number(tab: Tab, kit: Kit) -> None:
    page = tab.open(kit.path, kit.code)
    for typed, kept in (
        (MARKER.lower(), 1),
        ("elise", 12),
        ("B07", 1),
        ("99000003", 1),
        ("martin", 1),
        ("12/04/1951 dupont-0002", 1),
        ("personne", 0),
        ("", 12),
    ):
        page.fill("#search", typed)
        assert page.locator("article:visible").count() == kept, typed
        assert page.locator("#census tbody tr:visible").count() == kept, typed


def test_a_wrong_code_a_slip_and_another_kits_code_are_told_apart(tab: Tab, kit: Kit) -> None:
    page = tab.go(kit.path)
    slip = ("A" if kit.code[0] != "A" else "B") + kit.code[1:]
    for typed, said in (
        (slip, "Faute de frappe"),
        ("ABC", "il faut 20 signes, vous en avez tapé 3"),
        ("U" * 20, "n'existe dans aucun code"),
        (new_code(), "Ce code n'ouvre pas ce kit. Vérifiez que la carte"),
    ):
        page.fill("#code", typed)
        page.press("#code", "Enter")
        page.locator("#message", has_text=said).wait_for()
        assert page.locator("body").get_attribute("data-state") == "closed"
    assert page.locator("[data-patient]").count() == 0


def test_a_cut_file_says_so_and_what_to_do(tab: Tab, kit: Kit, tmp_path: Path) -> None:
    data = kit.path.read_bytes()
    sealed = data.index(b'id="sealed">') + 12
    for cut in (sealed + 5000, sealed - 400):
        page = tab.go(kit.copy(tmp_path, data[:cut]))
        assert "incomplet" in page.inner_text("#message")
        assert "autre copie" in page.inner_text("#message")
    page = tab.go(kit.copy(tmp_path, data[: data.index(b"<script>") + 900]))
    assert "le fichier est incomplet" in page.inner_text("#broken")


def test_an_altered_file_shows_nobody(tab: Tab, kit: Kit, tmp_path: Path) -> None:
    data = kit.path.read_bytes()
    sealed = data.index(b'id="sealed">') + 12
    for at in (sealed + 30, sealed + 2000):
        page = tab.go(kit.copy(tmp_path, _altered(data, at)))
        page.fill("#code", kit.code)
        page.press("#code", "Enter")
        page.locator("#message", has_text="abîmé ou a été modifié").wait_for()
        assert "autre copie" in page.inner_text("#message")
        assert page.locator("[data-patient]").count() == 0


def test_a_damaged_end_is_told_beside_the_patients(tab: Tab, kit: Kit, tmp_path: Path) -> None:
    data = kit.path.read_bytes()
    path = kit.copy(tmp_path, _altered(data, data.rindex(b"</script>") - 1000))
    page = tab.open(path, kit.code)
    page.locator("#saved", has_text="Le PDF de ce kit est abîmé").wait_for()
    assert page.locator("[data-patient]").count() == 12
    assert page.locator("#pdf").is_disabled()


def test_a_cover_that_lies_is_flagged(tab: Tab, kit: Kit, tmp_path: Path) -> None:
    outside = read_page(kit.path)
    later = replace(outside.cover, built="2026-11-22T00:14:00.000000Z", ward_name="Chirurgie A")
    page = tab.open(kit.copy(tmp_path, write_page(later, outside.lock, outside.sealed)), kit.code)
    said = page.inner_text("#state")
    assert "a été modifié : le nom du service, l'heure de fabrication" in said
    assert "à 01:12" in said
    assert "Chirurgie B" in page.inner_text("h1#title")


@pytest.mark.parametrize(
    ("at", "said", "unsaid", "stale"),
    [
        (SOON, "00:12 UTC, il y a 2 min.", "ancien", False),
        (timedelta(minutes=25), "Ce kit est ancien", "montre", True),
        (timedelta(days=365), "il y a 365 jours", "fausse", True),
        (timedelta(days=365), "comparez avec une montre", "fausse", True),
        (timedelta(days=-2), "L'horloge de ce poste est fausse", "il y a", True),
    ],
)
def test_the_clock_of_this_machine_is_not_believed_blindly(
    tab: Tab, kit: Kit, at: timedelta, said: str, unsaid: str, stale: bool
) -> None:
    page = tab.open(kit.path, kit.code, at)
    state = page.inner_text("#state")
    assert "dimanche 22 novembre 2026 à 01:12 (heure de Paris, UTC+1)" in state
    assert said in state
    assert unsaid not in state
    assert page.locator("body.stale").count() == stale
    assert page.locator("#state .old").count() == stale
    assert ("il y a" in page.inner_text("#patients")) is (at > timedelta(0))


def test_hostile_names_do_nothing_and_are_read(tab: Tab, home: Home) -> None:
    kit = make_kit(home, hostile_ward())
    page = tab.open(kit.path, kit.code)
    assert page.title().startswith("Kit Chirurgie B")
    assert page.locator("[data-patient]").count() == len(HOSTILE)
    assert page.locator("main img, main svg, #patients script").count() == 0
    assert "⟨U+202E⟩" in page.inner_text("#census")
    assert "\u202e" not in page.locator("main").inner_text()
    assert tab.asked == [kit.path.as_uri()]


def test_two_worlds_never_look_alike(tab: Tab, tmp_path: Path) -> None:
    kit = make_kit(birth(tmp_path / "réel", World.REAL, NOW), ward(2))
    page = tab.open(kit.path, kit.code)
    assert page.inner_text("#band") == "RÉEL"
    assert page.locator("body.real").count() == 1


def test_the_pdf_comes_out_whole(tab: Tab, kit: Kit, tmp_path: Path) -> None:
    page = tab.open(kit.path, kit.code)
    with page.expect_download() as download:
        page.click("#pdf")
    saved = tmp_path / "kit.pdf"
    download.value.save_as(saved)
    assert download.value.suggested_filename == "kit-CHIR-B-1-1.pdf"
    assert saved.read_bytes() == read_kit(kit.path, kit.code).pdf
    assert "n'est plus chiffré" in page.inner_text("#saved")


def test_traits_stand_on_each_printed_page_of_a_long_file(
    tab: Tab, home: Home, tmp_path: Path
) -> None:
    long = tuple(patient(n, rows=70) for n in (1, 3))
    kit = make_kit(home, replace(ward(1), patients=long))
    page = tab.open(kit.path, kit.code)
    path = tmp_path / "print.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    sheets = [" ".join(text.split()) for text in done.stdout.decode().split("\f")[:-1]]
    assert len(sheets) >= 7
    for sheet in sheets[1:]:
        mine = [p for p in long if f"IPP {p.traits.ipp}" in sheet]
        assert len(mine) == 1, sheet
        assert mine[0].traits.name in sheet
        assert "SIMULATION" in sheet
        assert "kit n° 1-1, fabriqué le dimanche 22 novembre 2026 à 01:12" in sheet


def test_one_patient_prints_alone(tab: Tab, kit: Kit, tmp_path: Path) -> None:
    page = tab.open(kit.path, kit.code)
    page.emulate_media(media="print")
    watch = """() => { window.print = () => {
        const drawn = [...document.querySelectorAll("article, #census, #state")];
        window.printed = drawn.filter(e => e.offsetParent).map(e => e.dataset.ipp ?? e.id);
    }; }"""
    page.evaluate(watch)
    page.evaluate("document.querySelectorAll('article button')[4].click()")
    assert page.evaluate("window.printed") == ["99000005"]
    page.evaluate("document.querySelector('#print').click()")
    assert len(page.evaluate("window.printed")) == 14


def test_traits_stay_at_the_top_while_scrolling(tab: Tab, home: Home) -> None:
    kit = make_kit(home, replace(ward(1), patients=(patient(1, rows=60), patient(3))))
    page = tab.open(kit.path, kit.code)
    page.get_by_role("button", name="DUPONT-0001").click()
    page.evaluate("window.scrollBy(0, 1500)")
    place = page.locator("article").first.locator(".traits").bounding_box()
    assert place is not None
    assert abs(place["y"]) < 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_accessible_and_within_the_screen(
    browser: Browser, home: Home, scheme: str, width: int
) -> None:
    for kit in (make_kit(home, ward()), make_kit(home, hostile_ward())):
        context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        tab = Tab(context.new_page())
        page = tab.go(kit.path)
        assert _violations(page) == []
        page = tab.open(kit.path, kit.code, timedelta(hours=3))
        assert _violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()


def test_by_keyboard_alone(tab: Tab, kit: Kit) -> None:
    page = tab.go(kit.path)
    page.keyboard.type(kit.code)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1#title:focus")
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("DUPONT-0001")
    page.keyboard.press("Enter")
    assert "DUPONT-0001" in page.evaluate("document.activeElement.textContent")
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_nothing_is_left_on_the_machine_once_closed(
    browser: Browser, kit: Kit, tmp_path: Path
) -> None:
    profile = tmp_path / "profil"
    context = browser.browser_type.launch_persistent_context(
        profile,
        executable_path=str(CHROMIUM),
        args=["--no-sandbox"] if os.geteuid() == 0 else [],
    )
    page = context.new_page()
    page.goto(kit.path.as_uri())
    page.fill("#code", kit.code)
    page.press("#code", "Enter")
    page.wait_for_selector(OPEN)
    page.fill("#search", MARKER)
    page.locator("article:visible").first.wait_for()
    context.close()
    files = [path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        for trace in (MARKER, kit.code, kit.code.replace("-", ""), "HÉPARINE"):
            for form in (trace.encode("utf-8"), trace.encode("utf-16-le")):
                assert form not in data, (path, trace)
