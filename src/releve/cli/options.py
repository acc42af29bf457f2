"""What every verb shares: ``--home``, ``--json``, and how figures and errors leave the program."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from releve.kernel.clock import SystemClock
from releve.kernel.home import Home, birth
from releve.kernel.world import World

#: Where ``./run`` lies: state goes under it unless told otherwise.
ROOT = Path(os.environ.get("RELEVE_ROOT", "."))
#: An installed program says where its home is.
DEFAULT_HOME = Path(os.environ.get("RELEVE_DEFAULT_HOME") or ROOT / "var/home")

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="Le dossier qui porte tout l'état (défaut : ./var/home)."
    ),
]
JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json", metavar="FILE", help="Écrit aussi les chiffres en JSON (« - » : sortie standard)."
    ),
]


def open_home(path: Path | None) -> Home:
    """Open the home of a verb other than ``drill``; a missing one is born real."""
    return birth(path or DEFAULT_HOME, World.REAL, SystemClock().now())


#: Spaces of French typography, which Python does not call printable.
_SPACES = frozenset("\u00a0\u202f\u2009")


def printable(text: str) -> str:
    """Control and direction characters are shown, never sent to the terminal."""
    return "".join(c if c.isprintable() or c in _SPACES else f"\\u{ord(c):04x}" for c in text)


def screen(json_target: str | None) -> TextIO:
    """Where people's words go: the error output when ``--json -`` has taken the standard one."""
    return sys.stderr if json_target == "-" else sys.stdout


def write_json(target: str | None, figures: object) -> None:
    """Write figures where ``--json`` says: a path, ``-``, or ``fd:N`` (a file the gate opened)."""
    if target is None:
        return
    text = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        write_bytes(target, text.encode())


def write_bytes(target: str, data: bytes) -> None:
    """Write a result where an option says: a path, or ``fd:N`` (a file the gate opened)."""
    if target.startswith("fd:"):
        with os.fdopen(int(target[3:]), "wb") as file:
            file.write(data)
    else:
        Path(target).write_bytes(data)
