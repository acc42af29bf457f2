"""``./run incident``: the crisis from the server's console, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from releve.kernel.home import Home
from releve.runtime.ledger import read_entries


def _run(home: Home, *words: str, status: int = 0) -> str:
    said = subprocess.run(
        [sys.executable, "-m", "releve.cli", "incident", *words, "--home", str(home.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == status, said.stderr
    return said.stdout if status == 0 else said.stdout + said.stderr


def _show(home: Home, *words: str) -> Any:
    return json.loads(_run(home, "show", *words, "--json", "-"))


def test_a_crisis_told_on_the_console_from_end_to_end(home: Home) -> None:
    assert "Aucune crise en cours." in _run(home, "show", status=1)
    assert "Ouvrez la crise d'abord" in _run(home, "log", "vu", status=1)
    assert "Crise 1 en cours depuis" in _run(home, "open", "--cause", "écran \x1b[31mrouge")
    assert "Crise 1 en cours depuis" in _run(home, "open")
    assert "Ligne 2, décidé" in _run(home, "log", "On coupe Internet", "--decided")
    assert "Ligne 3, constaté" in _run(home, "log", "Coupé à demi", "--corrects", "2")
    assert "n'est pas une heure" in _run(home, "log", "x", "--at", "midi", status=2)
    assert "La ligne 9 n'existe pas" in _run(home, "log", "x", "--corrects", "9", status=2)
    shown = _run(home, "show")
    assert "\x1b" not in shown and "\\u001b[31mrouge" in shown
    assert "corrige 2 : Coupé à demi (console du serveur)" in shown
    assert "Il manque les mots" in _run(home, "close", status=2)
    assert "4 lignes gardées" in _run(home, "close", "--why", "tout est revenu")
    crisis = _show(home, "1")
    assert crisis["state"] == "closed"
    assert [line["number"] for line in crisis["lines"]] == [1, 2, 3, 4]
    assert crisis["lines"][2]["corrects"] == 2
    told = [evidence for _, evidence in read_entries(home, 1)]
    assert [each.what for each in told] == [
        "incident.opened",
        *["incident.log.written"] * 4,
        "incident.closed",
    ]
    assert "Internet" not in str(told)
