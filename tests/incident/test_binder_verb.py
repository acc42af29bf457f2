"""``./run incident binder`` in a process of its own: status, files, figures, what is refused."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

from releve.establishment import load
from releve.kernel.clock import SystemClock
from releve.kernel.home import Home
from releve.ledger.evidence import from_json
from tests.incident import paper


def _run(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "releve.cli", "incident", "binder", *words]
    return subprocess.run(
        [*command, "--home", str(home.path)], capture_output=True, text=True, check=False
    )


def test_a_binder_from_the_console(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "classeur"
    none = _run(home, str(folder))
    assert (none.returncode, folder.exists()) == (2, False)
    assert "→ Chargez-le" in none.stderr
    load(home, paper.VALBRUME, SystemClock().now())
    census = tmp_path / "recensement.csv"
    census.write_text("Service;Lit;Nom;Né le;IPP\nURG;1;DUPONT;12/04/1951;1\nURG;2;\x1b[31mX;;2\n")
    made = _run(
        home,
        str(folder),
        "--census",
        str(census),
        "--ward",
        "URG",
        "--holder",
        "Cadre",
        "--json",
        "-",
    )
    assert made.returncode == 1, made.stderr
    assert "\x1b" not in made.stderr
    assert "○ manque : numéro de garde ARS non renseigné" in made.stderr
    assert "◐ recensement, ligne 3" in made.stderr
    figures = json.loads(made.stdout)
    assert figures["patients"] == 2
    assert {each["what"] for each in figures["missing"]} >= {
        "numéro de garde ARS non renseigné", "numéro de l'assureur non renseigné",
    }  # fmt: skip
    assert [each["line"] for each in figures["doubtful"]] == [3]
    assert sorted(figures["files"]) == sorted(path.name for path in folder.iterdir())
    whole = folder / "classeur.pdf"
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert len(paper.said(whole.read_bytes())) == figures["pages"]
    again = _run(home, str(folder))
    assert again.returncode == 2 and "n'est pas vide" in again.stderr
    assert len(list(folder.iterdir())) == len(figures["files"])
    bad = tmp_path / "bad.csv"
    bad.write_text("a;b\n1;2\n")
    refused = _run(home, str(tmp_path / "autre"), "--census", str(bad))
    assert refused.returncode == 2 and "ne se lit pas" in refused.stderr
    assert _told(home) == [("access", 2, "console")]


def _told(home: Home) -> list[tuple[str, object, object]]:
    """Facts about copies that wait in the records."""
    import sqlite3

    with sqlite3.connect(home.path / "records.sqlite3") as base:
        rows = base.execute("SELECT payload FROM ledger_outbox").fetchall()
    facts = [from_json(payload) for (payload,) in rows]
    return [
        (one.kind, one.detail["patients"], one.detail["by"])
        for one in facts
        if one.what == "incident.copy.made"
    ]
