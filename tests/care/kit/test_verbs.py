"""From messages to a kit opened by its card, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from releve.care.kit import KitKey, freeze, published_path
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.runtime.ledger import read_entries
from tests.care import messages

#: The verbs, whether or not the entrance lists them yet.
_PROGRAM = """
import sys
from releve.cli import care, main
if all(group.name != "care" for group in main.app.registered_groups):
    main.app.add_typer(care.app, name="care")
sys.exit(main.run())
"""


def care(*arguments: str, home: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """``./run care …``; its figures, when asked for by ``--json -``, on the standard output."""
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, "care", *arguments, "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
        input=typed,
    )


def feed(home: Home, folder: Path, wanted: Sequence[bytes]) -> None:
    """Replay messages through the real intake and projection."""
    path = folder / "messages.hl7"
    path.write_bytes(b"\n".join(wanted))
    done = care("replay", str(path), home=home.path)
    assert done.returncode == 0, done.stderr


def people(count: int) -> tuple[tuple[messages.Someone, messages.Bed], ...]:
    """Patients of CHIR-B, in beds B01 and up."""
    return tuple(
        (
            messages.Someone(f"9900{n:04d}", f"VALBRUME{n:02d}"),
            messages.Bed("CHIR-B", "1", f"B{n:02d}", f"V{n:04d}"),
        )
        for n in range(1, count + 1)
    )


@pytest.fixture
def fed(tmp_path: Path) -> Home:
    """Ten patients in CHIR-B, with a prescription for the first."""
    home = birth(tmp_path / "home", World.DRILL, SystemClock().now())
    admitted = [messages.a01(who, bed, f"M{who.ipp}") for who, bed in people(10)]
    who, bed = people(1)[0]
    feed(home, tmp_path, [*admitted, messages.rde(who, bed, "P1", "HÉPARINE 5000 UI")])
    return home


def _figures(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    figures = json.loads(done.stdout)
    assert isinstance(figures, dict)
    return figures


def test_a_card_opens_what_the_feed_said(fed: Home) -> None:
    made = care("kit", "--all", "--json", "-", home=fed.path)
    assert made.returncode == 0, made.stderr
    kit = _figures(made)["kits"][0]
    assert (kit["ward"], kit["published"], kit["patients"], kit["kit"]) == (
        "CHIR-B",
        True,
        10,
        "1-1",
    )
    assert f"code       {kit['code']}" in made.stderr
    assert kit["fingerprint"] == KitKey(fed).fingerprint
    again = care("kit", "--ward", "CHIR-B", "--json", "-", home=fed.path)
    assert "code" not in _figures(again)["kits"][0]
    card = care("kit", "--ward", "CHIR-B", "--card", "--json", "-", home=fed.path)
    assert _figures(card)["kits"][0]["code"] == kit["code"]
    path = str(published_path(fed, "CHIR-B"))
    shown = care(
        *("open", path, "--code", kit["code"], "--fingerprint", kit["fingerprint"]), home=fed.path
    )
    assert shown.returncode == 0, shown.stderr
    assert "CHIR-B · 10 patients" in shown.stdout
    assert "HÉPARINE 5000 UI" in shown.stdout
    assert "traitements non reçus : demander la feuille papier" in shown.stdout
    piped = care("open", path, "--json", "-", home=fed.path, typed=kit["code"] + "\n")
    names = [p["traits"]["name"] for p in _figures(piped)["sheet"]["patients"]]
    assert names == [who.name for who, _ in people(10)]


def test_what_goes_wrong_has_its_exit_status_and_its_remedy(fed: Home, tmp_path: Path) -> None:
    code = _figures(care("kit", "--all", "--json", "-", home=fed.path))["kits"][0]["code"]
    path = published_path(fed, "CHIR-B")
    broken = tmp_path / "coupé.html"
    broken.write_bytes(path.read_bytes()[:-5000])
    for arguments, status, said in (
        (("open", str(path), "--code", "0" * 20), 1, "n'ouvre pas ce kit"),
        (("open", str(path), "--code", code[:-1]), 1, "faute de frappe"),
        (("open", str(broken), "--code", code), 2, "incomplet"),
        (("open", str(tmp_path / "rien"), "--code", code), 2, "rien"),
        (("open", str(path), "--code", code, "--fingerprint", "A" * 24), 1, "carte"),
        (("kit",), 2, "il faut un service, ou tous"),
        (("kit", "--ward", "NULLE-PART"), 1, "CHIR-B"),
        (("kit", "--all", "--renew"), 2, "service par service"),
    ):
        done = care(*arguments, home=fed.path)
        assert done.returncode == status, (arguments, done.stderr)
        assert said in done.stderr, (arguments, done.stderr)
        assert "→" in done.stderr


def test_a_mass_discharge_is_refused_until_a_person_accepts_it(fed: Home, tmp_path: Path) -> None:
    code = _figures(care("kit", "--all", "--json", "-", home=fed.path))["kits"][0]["code"]
    gone = [
        messages.a03(who, bed, f"S{who.ipp}", at="20261121030000") for who, bed in people(10)[2:]
    ]
    feed(fed, tmp_path, gone)
    refused = care("kit", "--all", "--json", "-", home=fed.path)
    assert refused.returncode == 1
    assert "de 10 à 2 patients" in refused.stderr
    assert "le dernier bon kit reste : n° 1-1, 10 patients" in refused.stderr
    kept = care("open", str(published_path(fed, "CHIR-B")), "--code", code, home=fed.path)
    assert "10 patients" in kept.stdout
    accepted = care("kit", "--ward", "CHIR-B", "--accept", home=fed.path)
    assert accepted.returncode == 0, accepted.stderr
    told = [e.what for _, e in read_entries(fed) if e.what.startswith("care.kit")]
    assert told == ["care.kit.published", "care.kit.refused", "care.kit.published"]


def test_an_opened_kit_has_its_code_changed(fed: Home) -> None:
    old = _figures(care("kit", "--all", "--json", "-", home=fed.path))["kits"][0]["code"]
    renewed = care("kit", "--ward", "CHIR-B", "--renew", "--json", "-", home=fed.path)
    new = _figures(renewed)["kits"][0]["code"]
    assert new != old
    path = str(published_path(fed, "CHIR-B"))
    assert care("open", path, "--code", old, home=fed.path).returncode == 1
    assert care("open", path, "--code", new, home=fed.path).returncode == 0


def test_no_feed_no_kit(tmp_path: Path) -> None:
    done = care("kit", "--all", home=tmp_path / "neuf")
    assert done.returncode == 2
    assert "Aucun message du dossier patient" in done.stderr


def test_a_ward_that_cannot_be_made_is_said_and_a_thaw_is_told(fed: Home) -> None:
    assert care("kit", "--all", home=fed.path).returncode == 0
    shelf = fed.path / "care/kits/CHIR-B/shelf.json"
    good = shelf.read_text("ascii")
    shelf.write_text("{", "ascii")
    failed = care("kit", "--all", "--json", "-", home=fed.path)
    assert failed.returncode == 2
    assert not _figures(failed)["kits"][0]["published"]
    assert "CHIR-B : non fait" in failed.stderr
    assert "→ Renommez ce fichier" in failed.stderr
    shelf.write_text(good, "ascii")
    freeze(fed, SystemClock().now(), "essai")
    assert care("kit", "--all", "--thaw", home=fed.path).returncode == 0
    told = [e.what.removeprefix("care.kit.") for _, e in read_entries(fed) if "kit" in e.what]
    assert told == ["published", "refused", "thawed", "published"]
