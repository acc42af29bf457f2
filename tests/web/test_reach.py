"""« Comment joindre Relève quand tout est coupé », and the pages over https in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Error

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.pages.roles import Role
from releve.runtime import tls
from releve.runtime.addresses import parse
from releve.runtime.settings import remember_addresses
from tests.pages.people import EJ, WARD, person
from tests.runtime.test_tls import Served, serve_secured
from tests.web.persons import PASSWORD, enrol_totp, six_digits


def _text(browser: Client) -> str:
    answer = browser.get("/joindre/")
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


@pytest.mark.django_db
def test_it_says_address_and_fingerprint_or_that_there_is_none(records: Home) -> None:
    nurse = person("petit", (Role.CAREGIVER, WARD)).client
    assert "que sur sa propre machine" in _text(nurse)
    assert nurse.get("/joindre/autorite.crt").status_code == 404
    where = parse("127.0.0.2")
    remember_addresses(records, [str(where)])
    assert "certificat pas encore fait" in _text(nurse)
    held = tls.prepare(records, [where], timezone.now())
    page = _text(nurse)
    assert "https://127.0.0.2:8443/crise/" in page
    assert held.fingerprint in page and held.authority in page
    sent = nurse.get("/joindre/autorite.crt")
    assert sent.content == tls.authority_path(records).read_bytes()
    assert sent.headers["Content-Type"] == "application/x-x509-ca-cert"
    assert b"PRIVATE" not in sent.content
    assert Client().get("/joindre/autorite.crt").status_code == 200
    assert Client().get("/joindre/").status_code == 302
    assert "/joindre/" in person("roche", (Role.DSI, EJ)).client.get("/crise/").content.decode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = birth(tmp_path_factory.mktemp("joindre") / "home", World.REAL, SystemClock().now())
    yield from serve_secured(home)


@pytest.mark.browser
def test_a_browser_warns_first_then_signs_in_over_https_by_ip(
    served: Served, browser: Browser
) -> None:
    address = f"https://127.0.0.2:{served.port}/"
    careful = browser.new_context().new_page()
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        careful.goto(address)
    careful.context.close()
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": 390, "height": 844}, locale="fr"
    )
    page = context.new_page()
    assert served.part.process.stderr
    code = re.search(r"code ([0-9A-Z-]+)", served.part.process.stderr.readline())
    assert code
    page.goto(address)
    fields = {
        "code": code.group(1), "name": "Mme Martin", "login": "claire.martin",
        "password": PASSWORD, "entity": "750712184", "entity_name": "CH d'essai",
    }  # fmt: skip
    for name, text in fields.items():
        page.fill(f"#id_{name}", text)
    page.click("main form button")
    secret = enrol_totp(page)
    cookies = {each["name"]: each["secure"] for each in context.cookies()}
    assert cookies and all(cookies.values()), cookies
    page.click("button:has-text('Quitter')")
    page.goto(address + "connexion/?next=/joindre/")
    page.fill("#id_login", "claire.martin")
    page.fill("#id_password", PASSWORD)
    page.click("main form button")
    page.fill("#id_code", six_digits(secret, 1))
    page.click("main form button")
    assert page.inner_text("h1") == "Comment joindre Relève quand tout est coupé"
    assert f"https://127.0.0.2:{served.port}/crise/" in page.inner_text("main")
    assert "RÉEL" in page.inner_text(".band")
    assert page.locator(".qr svg").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found] == []
    with pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        assert len(pdf.pages) <= 2
    context.close()
