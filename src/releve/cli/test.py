"""``test``: the whole suite, or one long fault campaign."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from releve.cli.options import ROOT, JsonOption

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


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
        scratch = root / "var/tests"
        command = [sys.executable, "-m", "pytest", f"--basetemp={scratch / str(os.getpid())}"]
        gate = os.environ.get("RELEVE_GATE")  # the fault rig asks it for its disk
        handed = (int(gate),) if gate else ()
        done = subprocess.run([*command, *context.args], check=False, pass_fds=handed)
        status = done.returncode
        return 0 if status == 0 else 1
    sys.path.insert(0, str(root))
    from tests.rig import main

    arguments = [long, "--points", str(points), "--seed", str(seed), *(["--mutant"] * mutant)]
    return main([*arguments, *(["--json", json_file] if json_file else [])])
