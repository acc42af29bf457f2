"""The map, the loss of a node, the recovery order: as each role sees them, drawn and in tables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from releve.establishment import Establishment, load, load_folder
from releve.establishment.app.seen import restricted
from releve.establishment.app.told import DRAWN, alone
from releve.establishment.drawing import MOST, State, draw_map, states
from releve.establishment.graph import Graph, blast, single_points
from releve.establishment.recovery import foreseen, plan
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.perimeter import perimeter
from releve.kernel.world import World
from releve.pages.roles import Role
from tests.pages.conftest import records
from tests.pages.people import EJ, SITE, person

__all__ = ["records"]
VALBRUME = Path(__file__).parents[2] / "examples/valbrume"
AULNES = f"{EJ}/990000036"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><script>alert(1)</script>&'


@pytest.fixture(scope="module")
def valbrume() -> Establishment:
    return load_folder(VALBRUME)


# --- the drawing -----------------------------------------------------------------------------


def _drawn(svg: str) -> dict[str, str]:
    """Node → the class of its box, read back from the picture."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):  # noqa: S314
        title = group.findtext(f"{SVG}title") or ""
        found[title.partition(",")[0]] = group.get("class", "")
    return found


def test_the_drawing_holds_every_node_but_workstations(valbrume: Establishment) -> None:
    seen = _drawn(draw_map(valbrume))
    posts = {m.id for m in valbrume.machines if m.kind == "workstation"}
    needed = {each.needs for each in valbrume.dependencies}
    idle = {s.id for s in valbrume.suppliers} - needed
    assert seen.keys() == valbrume.names.keys() - posts - idle
    assert set(seen.values()) == {"plain"}


@pytest.mark.parametrize("node", ["SRV-BASE", "SW-COEUR-1", "DPI", "service:URG", "OPER-NET"])
def test_what_is_drawn_fallen_is_what_the_graph_says(valbrume: Establishment, node: str) -> None:
    reach = blast(valbrume, node)
    seen = _drawn(draw_map(valbrume, highlight=node))
    assert seen.pop(node) == "lost"
    assert {n for n, ink in seen.items() if ink == "stopped"} == set(reach.stopped) & seen.keys()
    held = set(reach.reached) - set(reach.stopped)
    assert {n for n, ink in seen.items() if ink == "holds"} == held & seen.keys()
    hindered = {f"service:{code}" for code in reach.hindered}
    assert {n for n, ink in seen.items() if ink == "hindered"} == hindered


def test_two_losses_stop_what_neither_stops_alone_and_what_is_back_stops_nothing(
    valbrume: Establishment,
) -> None:
    graph = Graph.of(valbrume)
    both = ("SW-COEUR-1", "SW-COEUR-2")
    fallen = states(valbrume, graph, both)
    assert {fallen[service.node] for service in valbrume.services} == {State.STOPPED}
    eased = states(valbrume, graph, both, back=["SW-COEUR-2"])
    assert State.STOPPED not in eased.values() and eased["SW-COEUR-2"] is State.BACK
    svg = draw_map(valbrume, lost=both, back={"SW-COEUR-2": "01:12"})
    assert "✓ 01:12 SW-COEUR-2" in svg and _drawn(svg)["SW-COEUR-2"] == "back"


def test_lost_workstations_are_counted_beside_their_service(valbrume: Establishment) -> None:
    lost = [m.id for m in valbrume.machines if m.service == "LABO"][:3]
    assert "55 postes (3 ✕)" in draw_map(valbrume, lost=lost)


def test_a_hostile_name_is_text_in_the_drawing_and_its_links(valbrume: Establishment) -> None:
    first = replace(valbrume.services[0], name=HOSTILE + "\u202e")
    svg = draw_map(
        replace(valbrume, services=(first, *valbrume.services[1:])), address='/x"/', highlight="DPI"
    )
    tree = ElementTree.fromstring(svg)  # noqa: S314
    assert {e.tag.removeprefix(SVG) for e in tree.iter()} <= {
        "svg", "g", "a", "title", "rect", "text", "path",
    }  # fmt: skip
    assert any((e.text or "").startswith('■ "><script>') for e in tree.iter(f"{SVG}text"))
    assert "\u202e" not in svg
    assert not any(name.startswith(("on", "style")) for e in tree.iter() for name in e.attrib)


def test_a_large_hospital_says_what_it_leaves_to_the_table(valbrume: Establishment) -> None:
    model = valbrume.applications[0]
    more = tuple(replace(model, id=f"APP-{n}", services=()) for n in range(300))
    large = replace(valbrume, applications=(*valbrume.applications, *more))
    svg = draw_map(large, highlight="APP-299")
    assert "et 260 autres, au tableau" in svg
    assert _drawn(svg)["APP-299"] == "lost"
    assert sum(node in large.names for node in _drawn(svg)) <= 4 * MOST


# --- what a perimeter leaves -----------------------------------------------------------------


def _within(*wheres: str) -> Any:
    held = [perimeter(where) for where in wheres]
    return lambda where: any(each.contains(where) for each in held)


def test_a_site_sees_its_services_and_what_they_need_and_nothing_else(
    valbrume: Establishment,
) -> None:
    mine = restricted(valbrume, _within(AULNES))
    graph = Graph.of(valbrume)
    assert [service.code for service in mine.services] == ["SSR"]
    assert graph.needed_by("service:SSR") <= mine.names.keys()
    assert {a.id for a in mine.applications} == {
        a.id for a in valbrume.applications if "SSR" in (*a.services, *a.used_by)
    }
    assert {code for a in mine.applications for code in (*a.services, *a.used_by)} == {"SSR"}
    assert {m.service for m in mine.machines} == {"", "SSR"}
    assert not {"SRV-LABO-01", "SRV-URG-01", "PC-LABO-02"} & mine.names.keys()
    assert mine.people == () and mine.watches == ()


def test_a_site_s_plan_has_the_same_gates_and_the_same_first_step(valbrume: Establishment) -> None:
    mine = restricted(valbrume, _within(AULNES))
    lost = ["SRV-SSR-01", "SRV-IDENTITE"]
    clean = {"zone propre": "Mme Martin"}
    for closed in ({}, clean, {**clean, "identité assainie": "M. Diallo"}):
        ours, theirs = plan(mine, lost, 1, closed), plan(valbrume, lost, 1, closed)
        assert ours.order == theirs.order
        assert [w.gates for w in ours.waiting] == [w.gates for w in theirs.waiting]


# --- the pages -------------------------------------------------------------------------------


@pytest.fixture
def hospital(records: Home) -> Home:
    """Valbrume is loaded."""
    load(records, VALBRUME, SystemClock().now())
    return records


@pytest.fixture
def chief(hospital: Home) -> Client:
    return person("diallo", (Role.DSI, EJ)).client


def text(browser: Client, address: str = "/etablissement/", status: int = 200) -> str:
    """What the page says, without its tags."""
    answer = browser.get(address)
    assert answer.status_code == status, address
    return words_of(answer.content.decode())


def words_of(html: str) -> str:
    """A page as it is read; a name marked French is part of its sentence."""
    bare = re.sub(r"</?bdi[^>]*>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def nodes_of(page: str) -> set[str]:
    """Every node that the page links to."""
    return {unescape(found) for found in re.findall(r"\?noeud=([^\"&]+)", page)}


def closed_by_hand() -> Mapping[str, str]:
    """As ``settings.RELEVE_GATES`` gives them; the second is not of this hospital."""
    return {"zone propre": "Mme Martin", "autre porte": "personne"}


def all_closed_by_hand() -> Mapping[str, str]:
    """Every gate of Valbrume."""
    return {"zone propre": "Mme Martin", "identité assainie": "M. Diallo"}


@pytest.mark.django_db
def test_without_an_establishment_the_page_says_what_to_do(records: Home) -> None:
    page = text(person("diallo", (Role.DSI, EJ)).client)
    assert "Aucun établissement n'est chargé." in page
    assert "./run establishment load DIR" in page


@pytest.mark.django_db
def test_the_first_sentence_is_what_stops_most_and_the_tables_say_what_is_drawn(
    chief: Client, valbrume: Establishment
) -> None:
    page = chief.get("/etablissement/").content.decode()
    assert "Si SRV-IDENTITE (Annuaire principal) tombe, 11 services" in words_of(page)
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    tables = page[page.index("</figure>") :]
    assert len(nodes_of(svg)) > 110 and nodes_of(svg) == nodes_of(tables)
    said = text(chief)
    for told in ("70 lits, 5 patients/h, 110 postes", "SRV-AD-02 ou SRV-IDENTITE", "900 postes"):
        assert told in said


@pytest.mark.django_db
def test_a_node_says_services_beds_patients_and_whom_to_call(chief: Client) -> None:
    page = text(chief, "/etablissement/?noeud=SRV-BASE")
    assert "6 services s'arrêtent : 300 lits, 29 patients par heure." in page
    assert "Gênés : Bloc opératoire, Pharmacie à usage intérieur" in page
    assert "DMIA exigée 3 h 10, à cause de Urgences" in page
    assert "01 99 00 11 01" in text(chief, "/etablissement/?noeud=DPI")
    held = text(chief, "/etablissement/?noeud=SW-COEUR-1")
    assert "tombe, aucun service ne s'arrête." in held and "Tiennent par un secours" in held
    assert "postes ne servent plus" in text(chief, "/etablissement/?noeud=SRV-IDENTITE")
    assert "Urgences et UHCD" in text(chief, "/etablissement/?noeud=URG")
    wrong = text(chief, "/etablissement/?noeud=SRV-BAS", status=400)
    assert "Vouliez-vous SRV-BASE" in wrong


@pytest.mark.django_db
def test_the_order_stops_at_an_open_gate_and_goes_on_when_a_person_closed_it(
    chief: Client, settings: Settings
) -> None:
    address = "/etablissement/reprise/?perdus=SRV-BASE%20SRV-IDENTITE,SRV-FICHIERS&equipes=2"
    shut = text(chief, address)
    assert "Rien ne commence avant la porte « zone propre ». La ferme : DSI." in shut
    assert "3 attendent une porte" in shut and "0 h 00 →" not in shut
    settings.RELEVE_GATES = f"{__name__}.closed_by_hand"
    going = text(chief, address)
    assert "Commencez par SRV-IDENTITE (Annuaire principal)." in going
    assert "fermée par Mme Martin" in going
    assert "attend la porte « identité assainie » (gardien : RSSI) SRV-BASE, SRV-FICHIERS" in going
    assert "autre porte" not in going


@pytest.mark.django_db
def test_what_waits_is_listed_apart_in_the_order_to_prepare(
    chief: Client, valbrume: Establishment, settings: Settings
) -> None:
    lost = ["SRV-BASE", "SRV-IDENTITE", "SW-COEUR-1"]
    address = f"/etablissement/reprise/?perdus={','.join(lost)}&equipes=2"
    page = chief.get(address).content.decode()
    start = page.index('<section class="foreseen"')
    apart, rest = page[start : page.index("</section>", start)], page[:start]
    after = foreseen(valbrume, lost, 2)
    assert after is not None and set(after.order) == set(lost)
    waiting = [node for node in after.order if node != "SW-COEUR-1"]
    assert re.findall(r"\?noeud=([^\"]+)", apart) == waiting
    assert "préparez, ne rebranchez pas" in words_of(apart) and "30 min" in apart
    assert nodes_of(rest[rest.index('id="t-steps"') :]) == {"SW-COEUR-1"}
    settings.RELEVE_GATES = f"{__name__}.all_closed_by_hand"
    assert "À préparer" not in text(chief, address)


@pytest.mark.django_db
def test_the_page_lists_the_single_points_of_the_verb_and_says_the_others_apart(
    hospital: Home, valbrume: Establishment
) -> None:
    found = alone(valbrume, Graph.of(valbrume))
    assert [p.node for p in found.vital] == [p.node for p in single_points(valbrume)]
    page = person("diallo", (Role.DSI, EJ)).client.get("/etablissement/").content.decode()
    table = page[page.index('id="t-points"') :]
    table, after = table[: table.index("</table>")], table[table.index("</table>") :]
    first = [p.node for p in single_points(valbrume)][:9]
    assert re.findall(r"\?noeud=([^\"]+)", table) == first
    assert "Et 29 autres, moins lourds" in words_of(after)
    assert "10 autres arrêtent seuls un service sans en arrêter de vital" in words_of(after)
    assert "DUI" in words_of(after[: after.index("<section")])


def test_every_text_the_drawing_asks_for_is_one_the_catalogue_is_told_of(
    valbrume: Establishment,
) -> None:
    asked: set[str] = set()

    def say(words: str) -> str:
        asked.add(words)
        return words

    model = valbrume.applications[0]
    more = tuple(replace(model, id=f"APP-{n}", services=()) for n in range(MOST))
    large = replace(valbrume, applications=(*valbrume.applications, *more))
    draw_map(large, lost=["SRV-IDENTITE", "service:URG"], say=say)
    titles = {"Services", "Applications", "Serveurs", "Socle"}
    assert asked - titles - {state.value for state in State} == set(DRAWN)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("perdus=SRV-BAS", "Vouliez-vous SRV-BASE"),
        ("perdus=SRV-BASE&equipes=0", "Il faut au moins une équipe"),
        ("perdus=SRV-BASE&equipes=deux", "nombre entre 1 et 1000"),
        ("perdus=%3Cscript%3Ealert(1)%3C/script%3E", "n'est le nom d'aucun nœud"),
    ],
)
def test_a_wrong_answer_is_kept_beside_its_remedy(chief: Client, query: str, said: str) -> None:
    answer = chief.get(f"/etablissement/reprise/?{query}")
    page = unescape(answer.content.decode())
    assert answer.status_code == 400 and said in page
    assert "<script>alert" not in answer.content.decode()
    assert 'name="perdus"' in page


@pytest.mark.django_db
def test_the_word_for_all_servers_is_every_machine_but_workstations(chief: Client) -> None:
    assert "60 éléments perdus" in text(chief, "/etablissement/reprise/?perdus=serveurs")


@pytest.mark.django_db
def test_an_account_of_one_site_sees_that_site_only(hospital: Home) -> None:
    browser = person("aulnes", (Role.DIRECTION, AULNES)).client
    page = browser.get("/etablissement/").content.decode()
    assert "le reste de l'établissement n'est ni montré ni compté" in unescape(page)
    for hidden in ("Urgences", "SRV-LABO-01", "Maternité", "900 postes", "timedelta"):
        assert hidden not in page, hidden
    assert "Si SRV-IDENTITE (Annuaire principal) tombe, 1 service" in words_of(page)
    assert "SRV-IDENTITE" in nodes_of(page) and "service:SSR" in unescape(page).replace("%3A", ":")
    whole = load_folder(VALBRUME)
    hidden_names = whole.names.keys() - restricted(whole, _within(AULNES)).names.keys()
    for address in ("?noeud=SRV-LABO-01", "reprise/?perdus=SRV-LABO-01"):
        refused = text(browser, f"/etablissement/{address}", status=400)
        assert "« SRV-LABO-01 » n'est le nom d'aucun nœud" in refused
        hint = re.search(r"Vouliez-vous ([^?]+)\?", refused)
        assert hint and not hidden_names & set(hint[1].replace(",", " ").split())
    outside = person("ailleurs", (Role.DSI, f"{EJ}/990000044/AUTRE")).client
    assert "Aucun service de votre périmètre" in text(outside)


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_repair_decide_or_audit_open_it(hospital: Home, role: Role) -> None:
    browser = person("qui", (role, SITE)).client
    allowed = role is not Role.CAREGIVER
    for address in ("/etablissement/", "/etablissement/reprise/", "/etablissement/?noeud=DPI"):
        assert browser.get(address).status_code == (200 if allowed else 403)
    assert Client().get("/etablissement/").status_code == 302


# --- in the real browser ---------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A service and the sessions of its accounts."""

    address: str
    sessions: dict[str, str]


PATHS = (
    "etablissement/",
    "etablissement/?noeud=SRV-BASE",
    "etablissement/?noeud=SW-COEUR-1",
    "etablissement/reprise/",
    "etablissement/reprise/?perdus=SRV-BASE,SRV-IDENTITE,SW-COEUR-1&equipes=2",
    "etablissement/reprise/?perdus=XX",
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The real web part on Valbrume; the chief of the whole entity is signed in."""
    home = birth(tmp_path_factory.mktemp("carte") / "home", World.DRILL, SystemClock().now())
    load(home, VALBRUME, SystemClock().now())
    paths = os.pathsep.join(path for path in sys.path if path)
    around = {**os.environ, "RELEVE_HOME": str(home.path), "PYTHONPATH": paths}
    seat = [sys.executable, "-m", "tests.establishment.seat", str(home.path), f"chef=dsi@{EJ}"]
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
    cookie = {"name": "releve_session", "value": opened.sessions["chef"], "url": opened.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation(opened: Open, browser: Browser, theme: Any) -> None:
    page, said = enter(opened, browser, color_scheme=theme), []
    page.on("console", lambda line: said.append(line.text))
    for path in PATHS:
        page.goto(opened.address + path)
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html']}" for v in found] == [], path
    assert [line for line in said if "status of 400" not in line] == []
    page.context.close()


@pytest.mark.browser
def test_a_phone_never_scrolls_sideways_and_fingers_find_every_button(
    opened: Open, browser: Browser
) -> None:
    page = enter(opened, browser, viewport={"width": 390, "height": 844})
    for path in PATHS:
        page.goto(opened.address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        small = page.evaluate(
            """[...document.querySelectorAll("main button, main input, main textarea")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
            .map(e => e.outerHTML)"""
        )
        assert small == [], path
    page.context.close()


@pytest.mark.browser
def test_a_click_on_the_map_shows_the_loss_without_javascript(
    opened: Open, browser: Browser
) -> None:
    page = enter(opened, browser, java_script_enabled=False)
    page.goto(opened.address + "etablissement/")
    page.click("svg.map a text:text-is('SRV-BASE-02')")
    assert page.inner_text("h1").startswith("Si SRV-BASE-02 (Bases de données 2) tombe, 4 services")
    assert page.locator("svg.map g.stopped").count() > 5
    page.click("text=Dans quel ordre le reconstruire ?")
    page.fill("#equipes", "1")
    page.click("text=Donner l'ordre")
    assert "porte" in page.inner_text("h1")
    page.context.close()


@pytest.mark.browser
def test_no_label_leaves_its_box_whatever_the_font(opened: Open, browser: Browser) -> None:
    page = enter(opened, browser)
    page.goto(opened.address + "etablissement/?noeud=SRV-IDENTITE")
    out = page.evaluate(
        """[...document.querySelectorAll("svg.map g")].filter(g => {
          const box = g.querySelector("rect").getBoundingClientRect();
          return [...g.querySelectorAll("text")].some(t => {
            const at = t.getBoundingClientRect();
            return at.left < box.left || at.right > box.right + 1;
          });
        }).map(g => g.textContent)"""
    )
    assert out == []
    page.context.close()


@pytest.mark.browser
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext manque (poppler-utils)")
def test_the_loss_prints_on_a4_with_the_whole_drawing_on_one_sheet(
    opened: Open, browser: Browser
) -> None:
    page = enter(opened, browser)
    page.goto(opened.address + "etablissement/?noeud=SRV-BASE")
    data = page.pdf(prefer_css_page_size=True)
    page.context.close()
    with pikepdf.open(BytesIO(data)) as pdf:
        boxes = {tuple(round(float(side)) for side in sheet.mediabox) for sheet in pdf.pages}
    assert boxes == {(0, 0, 595, 842)}
    told = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True
    )
    sheets = told.stdout.decode().split("\f")
    assert "6 services" in " ".join(sheets[0].split())
    drawn = [sheet for sheet in sheets if "Socle (29)" in sheet]
    assert len(drawn) == 1 and "OPER-NET" in drawn[0] and "✕ SRV-BASE" in drawn[0]
    assert all("SIMULATION" in sheet for sheet in sheets if sheet.strip())
    assert "Que se passe-t-il" not in told.stdout.decode()


@pytest.mark.browser
def test_the_whole_map_prints_on_few_sheets(opened: Open, browser: Browser) -> None:
    page = enter(opened, browser)
    page.goto(opened.address + "etablissement/")
    with pikepdf.open(BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        assert len(pdf.pages) <= 5
    page.context.close()
