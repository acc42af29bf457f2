"""``incident``: open, write, close and read the crisis from the server's console."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from releve.cli.binder import binder
from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import SystemClock
from releve.kernel.units import hour

app = typer.Typer(
    name="incident",
    help="La crise : l'ouvrir, écrire dans sa main courante, la lever, la lire.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("binder")(binder)
_CALM = "Aucune crise en cours.\n"


@app.command("open")
def open_(
    cause: Annotated[str, typer.Option("--cause", help="Ce que vous voyez.")] = "",
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Ouvre la crise ; si elle l'est déjà, dit depuis quand."""
    from releve.runtime import crisis

    incident = crisis.open_crisis(open_home(home), cause, SystemClock().now())
    screen(json).write(f"Crise {incident.pk} en cours depuis {hour(incident.opened_at)}.\n")
    write_json(json, crisis.figures(incident))


@app.command("log")
def log(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Une ligne de main courante.")],
    decided: Annotated[bool, typer.Option("--decided", help="Décidé, et non constaté.")] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="HH:MM", help="L'heure du fait ; sinon maintenant."),
    ] = None,
    corrects: Annotated[
        int | None, typer.Option("--corrects", metavar="N", help="La ligne que celle-ci corrige.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Écrit une ligne ; rien ne s'efface, et ceci pourra être lu par un juge."""
    from releve.runtime import crisis

    line = crisis.write(
        open_home(home), text, SystemClock().now(), decided=decided, at=at, corrects=corrects
    )
    sys.stdout.write(f"Ligne {line.number}, {line.nature} à {hour(line.moment)}.\n")


@app.command("close")
def close(
    why: Annotated[str, typer.Option("--why", help="Pourquoi la crise est finie.")] = "",
    false_alarm: Annotated[
        bool, typer.Option("--false-alarm", help="Fausse alerte : tout ce qui est écrit reste.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Lève la crise, avec des mots. Code de sortie 1 quand aucune n'est ouverte."""
    from releve.runtime import crisis

    now = SystemClock().now()
    incident = crisis.close(open_home(home), why, now, false_alarm=false_alarm)
    sys.stdout.write(f"Crise {incident.pk} levée à {hour(now)}, {incident.last} lignes gardées.\n")


@app.command("show")
def show(
    number: Annotated[
        int | None, typer.Argument(metavar="N", help="Une crise passée ; sinon celle en cours.")
    ] = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Montre la crise et sa main courante. Code de sortie 1 quand il n'y en a pas."""
    from releve.runtime import crisis

    found = crisis.find(open_home(home), number)
    if found is None:
        screen(json).write(f"La crise {number} n'existe pas.\n" if number else _CALM)
        write_json(json, {"crisis": None, "lines": [], "gates": []})
        raise typer.Exit(1)
    for line in crisis.told(found):
        screen(json).write(_printable(line) + "\n")
    write_json(json, crisis.figures(found))


def _printable(text: str) -> str:
    """What was typed was cleaned when it was written; narrow spaces go to the terminal as such."""
    return "".join(c if c in "\u00a0\u202f" else printable(c) for c in text)
