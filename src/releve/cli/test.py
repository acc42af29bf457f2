"""``test``: the whole suite, or one long fault campaign."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from releve.cli.options import ROOT, JsonOption

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


#: They play whole nights or cut disks: they use every core by themselves, and the root parent's
#: door, which is handed to one process only.
_APART = ("tests/acceptance", "tests/rig")


def _whole_suite() -> int:
    """Two rounds; a first one that fails is the last thing said."""
    first = _pytest("-n", "2", "--dist", "loadfile", *(f"--ignore={path}" for path in _APART))
    return first or _pytest(*_APART)


def _pytest(*arguments: str) -> int:
    scratch = ROOT.resolve() / "var/tests" / str(os.getpid())
    command = [sys.executable, "-m", "pytest", f"--basetemp={scratch}", *arguments]
    gate = os.environ.get("RELEVE_GATE")  # the fault rig asks it for its disk
    handed = (int(gate),) if gate else ()
    return int(subprocess.run(command, check=False, pass_fds=handed).returncode != 0)


def test(
    context: typer.Context,
    long: Annotated[
        str | None,
        typer.Option("--long", metavar="WRITER", help="Campagne de pannes sur un écrivain."),
    ] = None,
    points: Annotated[int, typer.Option(min=1, help="Nombre de pannes tirées.")] = 10,
    seed: Annotated[int, typer.Option(help="Graine du tirage.")] = 1,
    mutant: Annotated[
        bool, typer.Option("--mutant", help="La même sans fsync : doit perdre.")
    ] = False,
    json_file: JsonOption = None,
) -> int:
    """Passe les tests (arguments de pytest acceptés), ou une campagne de pannes avec --long."""
    root = ROOT.resolve()
    os.chdir(root)
    if long is None:
        return _pytest(*context.args) if context.args else _whole_suite()
    sys.path.insert(0, str(root))
    from tests.rig import main

    arguments = [long, "--points", str(points), "--seed", str(seed), *(["--mutant"] * mutant)]
    return main([*arguments, *(["--json", json_file] if json_file else [])])
