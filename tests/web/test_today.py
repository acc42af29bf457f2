"""« Aujourd'hui » and « Preuves »: each figure has its entry, worlds never mix."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone, translation
from pytest_django import Settings

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.ids import Finess
from releve.kernel.world import Reality, World
from releve.ledger.evidence import Evidence
from releve.pages.models import Place
from releve.pages.roles import Role
from releve.runtime.ledger import open_ledger
from releve.runtime.records import make_secrets
from releve.web.cockpit import summarise
from releve.web.entries import Entries
from releve.web.lines import LedgerLines
from tests.pages.people import EJ, WARD, person
from tests.web.samples import evidence, samples


def _keep(home: Home, *facts: Evidence) -> None:
    with open_ledger(home) as ledger:
        ledger.append_many(facts)


def _text(client_answer: object) -> str:
    content: bytes = client_answer.content  # type: ignore[attr-defined]
    return re.sub(r"[ \n]+", " ", content.decode().replace("&#x27;", "'"))


def test_nothing_measured_says_so_everywhere(records: Home) -> None:
    page = _text(person("martin", (Role.DSI, EJ)).client.get("/"))
    assert "Rien n'est encore prouvé." in page
    assert page.count("non mesuré</td>") == 12
    assert "à jour" not in page


def test_each_figure_links_to_its_entry_and_says_its_age(records: Home) -> None:
    _keep(records, *(fact for fact in samples() if fact.kind != "alarm"))
    page = _text(person("martin", (Role.DSI, EJ)).client.get("/"))
    assert "2 sur 2" in page
    assert "4\u202f812\u202ffichiers" in page
    assert '<a href="/preuves/5/">preuve 5</a>' in page
    assert 'class="state old"' in page
    assert "la preuve a vieilli (il y a 75\u202fjours)" in page


def test_a_machine_never_backed_up_is_missing_not_hidden(records: Home) -> None:
    sound = [fact for fact in samples() if fact.kind != "alarm"]
    _keep(records, *sound, evidence("vault.enrolled", 99, system="PC-OUBLIE"))
    page = _text(person("martin", (Role.DSI, EJ)).client.get("/"))
    assert "2 sur 3" in page
    assert "À reprendre d'abord : machines sauvegardées" in page


def test_a_failed_check_is_missing(records: Home) -> None:
    _keep(records, evidence("ledger.verified", 1, value=False))
    page = _text(person("martin", (Role.DSI, EJ)).client.get("/"))
    assert "À reprendre d'abord : registre vérifié" in page


def test_an_alarm_comes_before_everything(records: Home) -> None:
    _keep(records, *samples())
    page = _text(person("martin", (Role.DSI, EJ)).client.get("/"))
    assert "<h1>Alarme sur PC-LABO-04 : 12\u202ffichiers illisibles.</h1>" in page
    assert 'class="state alarm"' in page


def test_a_ward_sees_that_the_figures_are_not_its_own(records: Home) -> None:
    _keep(records, *samples())
    page = _text(person("martin", (Role.CAREGIVER, WARD)).client.get("/"))
    assert "hors de votre périmètre" in page
    assert "4\u202f812" not in page
    assert "PC-LABO-04" not in page


def test_a_role_that_cannot_read_proofs_gets_no_dead_link(records: Home) -> None:
    _keep(records, *samples())
    page = _text(person("martin", (Role.CAREGIVER, EJ)).client.get("/"))
    assert "preuve 6" in page
    assert "/preuves/6/" not in page


def test_proofs_are_listed_newest_first_in_pages_of_fifty(records: Home) -> None:
    _keep(records, *(evidence("vault.snapshot", n, value=n, unit="f") for n in range(1, 70)))
    client = person("martin", (Role.AUDITOR, EJ)).client
    page = _text(client.get("/preuves/"))
    assert page.index("/preuves/69/") < page.index("/preuves/20/")
    assert "/preuves/19/" not in page
    older = _text(client.get("/preuves/?avant=20"))
    assert "/preuves/19/" in older
    assert "/preuves/20/" not in older
    for strange in ("-1", "x", "9" * 400, "²"):
        assert client.get("/preuves/", {"avant": strange}).status_code == 200


def test_a_proof_carries_what_verify_needs(records: Home, tmp_path: Path) -> None:
    import html
    import json
    import subprocess
    import sys

    from releve.ledger import verify

    _keep(records, *samples())
    page = person("martin", (Role.AUDITOR, EJ)).client.get("/preuves/5/").content.decode()
    block = next(b for b in page.split("<pre")[1:] if "leaf_hash" in b)
    proof = json.loads(html.unescape(block.split(">", 1)[1].split("</pre>")[0]))
    file = tmp_path / "preuve.json"
    command = [sys.executable, "-I", verify.__file__, "inclusion", str(file)]
    file.write_text(json.dumps(proof))
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    file.write_text(json.dumps({**proof, "index": 4}))
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_hostile_words_in_an_entry_come_out_inert(records: Home) -> None:
    nasty = '<script>alert(1)</script>" onmouseover=x'
    _keep(records, evidence("vault.alarm", 1, system=nasty, value=1, unit="<b>"))
    client = person("martin", (Role.DSI, EJ)).client
    for address in ("/", "/preuves/", "/preuves/1/"):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
    (line,) = LedgerLines().since(1, 5)
    assert "<script>" not in line.html


def test_a_real_home_shows_technical_figures_and_never_a_simulated_one(
    tmp_path: Path, settings: Settings, db: None
) -> None:
    home = birth(tmp_path / "reel", World.REAL, SystemClock().now())
    settings.HOME = home.path
    make_secrets(home)
    number = Finess("750712184")
    Place.objects.create(perimeter=number, name="Un hôpital")
    fact = evidence("vault.restored_identical", 1, value=7, unit="fichiers", finess=number)
    _keep(home, replace(fact, reality=Reality.TECHNICAL))
    page = _text(person("martin", (Role.DSI, number)).client.get("/"))
    assert "RÉEL" in page
    assert "SIMULATION" not in page
    assert "7\u202ffichiers" in page
    with pytest.raises(Exception, match="simulé"):
        _keep(home, evidence("vault.restored_identical", 2, value=8, unit="fichiers"))


def test_entries_of_the_other_world_are_left_out_of_every_count(records: Home) -> None:
    """Even if a ledger of the wrong world lay there, nothing of it would be shown."""
    _keep(records, *samples())
    swapped = replace(records, world=World.REAL)
    log = Entries(swapped)
    assert log.count() == 9
    assert log.all_latest() == []
    assert list(log.since(0, 50)) == []


@translation.override("fr")
def test_the_sentence_speaks_of_the_worst_first() -> None:
    from releve.pages.figures import Figure

    now = timezone.now()
    day = timedelta(days=1)
    fresh = Figure("restauration", 1, "s", now - 0.5 * day, 1, day)
    late = Figure("détection", 1, "s", now - 1.5 * day, 2, day)
    bad = Figure("registre", False, "", now, 3, day, good=False)
    assert "à temps" in summarise([fresh], now).first
    assert summarise([fresh, late], now).first.startswith("Détection")
    assert summarise([fresh, late, bad], now).first == "À reprendre d'abord : registre."
    assert summarise([fresh, Figure("x", period=day)], now).second == "Un chiffre n'est pas mesuré."
