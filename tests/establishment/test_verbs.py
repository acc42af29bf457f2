"""``./run establishment check | load | save | blast | demands | plan`` as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from releve.kernel.clock import SystemClock
from releve.kernel.home import birth
from releve.kernel.world import World
from releve.runtime.ledger import read_entries
from tests.establishment.sample import changed, write


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "releve.cli", "establishment", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_says_clean_faulty_or_unreadable(tmp_path: Path) -> None:
    clean = run("check", str(write(tmp_path / "clean")))
    assert (clean.returncode, "Rien à redire" in clean.stdout) == (0, True), clean.stderr
    bad = write(tmp_path / "bad", changed("people.csv", "P002;DIALLO", "P001;DIALLO"))
    faulty = run("check", str(bad), "--json", str(tmp_path / "faults.json"))
    assert faulty.returncode == 1
    assert "people.csv:3" in faulty.stdout
    figures = json.loads((tmp_path / "faults.json").read_text("utf-8"))
    assert [(f["file"], f["line"], f["kind"]) for f in figures["faults"]] == [
        ("oncall.ics", 4, "person"),
        ("people.csv", 3, "duplicate"),
    ]
    assert all(f["remedy"] for f in figures["faults"])
    missing = run("check", str(tmp_path / "nothing"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "→" in missing.stderr


def test_load_then_save_then_the_stored_one_answers(tmp_path: Path) -> None:
    home = birth(tmp_path / "home", World.DRILL, SystemClock().now())
    at = ("--home", str(home.path))
    folder = write(tmp_path / "d")
    for _ in range(2):
        loaded = run("load", str(folder), *at)
        assert loaded.returncode == 0, loaded.stderr
    told = [e for _, e in read_entries(home) if e.what == "establishment.loaded"]
    assert [(e.kind, e.number, e.finess) for e in told] == [("decision", 1, "990000010")]
    assert run("save", str(tmp_path / "back"), *at).returncode == 0
    for file in folder.iterdir():
        assert (tmp_path / "back" / file.name).read_bytes() == file.read_bytes()
    assert run("save", str(tmp_path / "back"), *at).returncode == 2
    blast = run("blast", "SW-COEUR", "--json", "-", *at)
    assert blast.returncode == 0, blast.stderr
    figures = json.loads(blast.stdout)
    assert [s["code"] for s in figures["services"]] == ["URG", "MED-A"]
    assert (figures["beds"], figures["single_point"]) == (42, True)
    refused = run("load", str(write(tmp_path / "bad", changed("people.csv", "P003", "P001"))), *at)
    assert refused.returncode == 1
    assert "check" in refused.stderr


def test_a_refused_load_leaves_no_newborn_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run("load", str(write(tmp_path / "d")), "--home", str(home))
    assert (done.returncode, done.stdout) == (2, "")
    assert "./run drill" in done.stderr
    assert not home.exists()


def test_plan_needs_a_named_person_at_each_gate(tmp_path: Path) -> None:
    folder = str(write(tmp_path / "d"))
    lost = ("--teams", "2", "--lost", "SRV-AD-01,SRV-AD-02", "--lost", "SRV-DPI-01")
    held = run("plan", folder, *lost, "--json", "-")
    assert held.returncode == 0, held.stderr
    figures = json.loads(held.stdout)
    assert [step["node"] for step in figures["steps"]] == ["SRV-AD-01", "SRV-AD-02"]
    assert figures["waiting"][0]["gates"] == ["identité assainie"]
    nobody = run("plan", folder, *lost, "--closed", "identité assainie")
    assert (nobody.returncode, "personne nommée" in nobody.stderr) == (2, True)
    passed = run("plan", folder, *lost, "--closed", "identité assainie=Mme Roux")
    assert passed.returncode == 0
    assert "SRV-DPI-01" in passed.stdout
    assert "fermée par Mme Roux" in passed.stdout.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "{d}", "--lost", "SRV-AD-9"), "SRV-AD-9"),
        (("plan", "{d}"), "--lost"),
        (("plan", "{d}", "--lost", "tout", "--teams", "0"), "équipe"),
        (("blast", "{d}", "SRV-AD-9"), "SRV-AD-9"),
        (("blast", "{d}", "a", "b"), "blast"),
        (("save", "{d}", "--home", "{home}"), "Aucun établissement"),
    ],
)
def test_a_bad_question_is_refused_with_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    folder = write(tmp_path / "d")
    places = {"{d}": str(folder), "{home}": str(tmp_path / "home")}
    done = run(*(places.get(each, each) for each in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_hole_in_a_rota_does_not_stop_a_plan_but_an_unknown_node_does(tmp_path: Path) -> None:
    end = "DTEND;TZID=Europe/Paris:20261109T080000"
    hole = write(tmp_path / "hole", changed("oncall.ics", end, end.replace("T08", "T06")))
    planned = run("plan", str(hole), "--lost", "SW-COEUR")
    assert planned.returncode == 0, planned.stderr
    assert "check" in planned.stderr
    broken = write(tmp_path / "broken", changed("dependencies.csv", "DPI;SRV", "DPY;SRV"))
    refused = run("plan", str(broken), "--lost", "SW-COEUR")
    assert (refused.returncode, refused.stdout) == (1, "")


def test_demands_says_single_points_groups_and_dmia(tmp_path: Path) -> None:
    done = run("demands", str(write(tmp_path / "d")), "--json", "-")
    figures = json.loads(done.stdout)
    assert figures["groups"] == [["SRV-DNS-01", "SRV-AD-01"]]
    assert [point["node"] for point in figures["single_points"]][:2] == ["DPI", "SW-COEUR"]
    required = {each["node"]: each["dmia_minutes"] for each in figures["required"]}
    assert required["SW-COEUR"] == 240 - 30 - 50 - 40 - 10


def test_interviews_lists_every_service_and_what_its_head_said(tmp_path: Path) -> None:
    home = birth(tmp_path / "home", World.DRILL, SystemClock().now())
    at = ("--home", str(home.path))
    nothing = run("interviews", *at)
    assert (nothing.returncode, "establishment load" in nothing.stderr) == (2, True)
    assert run("load", str(write(tmp_path / "d")), *at).returncode == 0
    listed = run("interviews", "--json", "-", *at)
    assert listed.returncode == 0, listed.stderr
    assert "0 service(s) sur 3" in listed.stderr and "○ à faire" in listed.stderr
    rows = {row["service"]: row for row in json.loads(listed.stdout)["interviews"]}
    assert rows["URG"] == {
        "service": "URG",
        "name": "Urgences",
        "priority": "P0",
        "state": "missing",
        "folder_dmia_seconds": 14400,
        "folder_pdma_seconds": 900,
    }
    signed = f"""
from pathlib import Path
from releve.kernel.home import read
from releve.runtime.records import use_records
use_records(read(Path({str(home.path)!r})))
from releve.establishment.app.interview_rights import service_named
from releve.establishment.app.interviews import keep, sign
from releve.kernel.clock import SystemClock
from releve.pages.models import Account
now = SystemClock().now()
who = Account.objects.create(login='cadre', name='Mme Orchidée')
found, service = service_named('URG')
said = {{'60': {{'impact': 'late'}}, '240': {{'impact': 'danger'}}}}
keep(who, 'URG', {{'horizons': said, 'pdma': '15'}}, now)
sign(who, service, found.perimeter(service), ('Mme Orchidée', 'cadre'), now, on_behalf=True)
"""
    subprocess.run([sys.executable, "-c", signed], check=True)
    again = run("interviews", "--json", str(tmp_path / "said.json"), *at)
    assert "1 service(s) sur 3" in again.stdout and "● répondu" in again.stdout
    (urg,) = (
        row
        for row in json.loads((tmp_path / "said.json").read_text("utf-8"))["interviews"]
        if row["service"] == "URG"
    )
    assert (urg["dmia_seconds"], urg["pdma_seconds"], urg["on_behalf"]) == (3600, 900, True)
    assert (urg["version"], urg["by"], urg["state"]) == (1, "Mme Orchidée", "fresh")
