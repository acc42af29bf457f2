"""``drill``: plays the bad night on real processes and prints what was measured; ``drill field``
is the exercise with people (:mod:`releve.cli.drill_field`).
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from releve.cli import drill_field
from releve.cli.options import ROOT, JsonOption, write_json
from releve.kernel.clock import SystemClock
from releve.kernel.home import birth
from releve.kernel.world import World

app = typer.Typer(name="drill", invoke_without_command=True, rich_markup_mode=None)
app.add_typer(drill_field.app, name="field")


@app.callback()
def drill(
    context: typer.Context,
    scenario: Annotated[
        str, typer.Option(help="Un scénario fourni, ou un fichier .toml.")
    ] = "nuit-de-dimanche",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Graine du tirage (défaut : tirée au sort).")
    ] = None,
    fleet: Annotated[int | None, typer.Option(min=2, max=40, help="Nombre de postes.")] = None,
    sabotage: Annotated[
        str | None,
        typer.Option(help="Défaut introduit exprès ; un nom faux donne la liste."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Dossier neuf (défaut : ./var/drills/…)."),
    ] = None,
    json_file: JsonOption = None,
) -> int:
    """Joue la mauvaise nuit et rend un rapport mesuré. 0 = tout est tenu, 1 = un but est manqué."""
    if context.invoked_subcommand is not None:
        return 0
    from rich.console import Console

    from releve.drill.engine import Drill
    from releve.drill.live import Live
    from releve.drill.live_page import LivePage
    from releve.drill.measures import Happening
    from releve.drill.report import complete, to_json, write_report
    from releve.drill.scenario import load
    from releve.drill.simulator.sabotage import find
    from releve.runtime.platform import HomePlatform

    clock = SystemClock()
    played = load(scenario)
    chosen = find(sabotage)
    drawn = secrets.randbelow(10_000) if seed is None else seed
    stamp = clock.now().strftime("%Y%m%dT%H%M%S%f")[:-3]
    folder = home or ROOT / "var/drills" / f"{stamp}-{drawn}"
    born = birth(folder, World.DRILL, clock.now())
    platform = HomePlatform(born, played.finess, clock)
    console = Console(stderr=json_file == "-", highlight=False)
    length = timedelta(seconds=played.timeline[-1].at_s)
    with (
        Live(played.name, drawn, played.start, length, console) as live,
        LivePage(played.name, drawn) as page,
    ):
        live.note(f"En direct dans un navigateur : {page.url}")

        def show(happening: Happening) -> None:
            live.happened(happening)
            page.happened(happening)

        drill = Drill(played, drawn, fleet, platform, clock, chosen, show, live.progress)
        result = complete(drill.play())
        page.finish(result)
        files = write_report(result, born.path / "report")
        live.finish(result, files.html)
    write_json(json_file, to_json(result))
    return 0 if result.ok else 1
