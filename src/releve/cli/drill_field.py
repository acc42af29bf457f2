"""``drill field``: the exercise with people, from the server's console, without a browser."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import (
    HomeOption,
    JsonOption,
    open_home,
    printable,
    screen,
    write_bytes,
    write_json,
)
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.units import PARIS, hour, moment

if TYPE_CHECKING:
    from releve.drill.field.plan import WardPlan

app = typer.Typer(
    name="field",
    help="L'exercice avec les équipes : préparer, imprimer, lancer, suivre, rapporter.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_NUMBER_HELP = "Un exercice ; sans lui, celui qui court, sinon le prochain."
NumberArgument = Annotated[int | None, typer.Argument(metavar="N", help=_NUMBER_HELP)]
NumberOption = Annotated[int | None, typer.Option("--exercise", metavar="N", help=_NUMBER_HELP)]


@app.command("prepare")
def prepare(
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan", metavar="FILE", help="Tout dans un fichier TOML (docs/exercice.md)."
        ),
    ] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", help="Un scénario fourni, ou un fichier .toml.")
    ] = "ecrans-noirs",
    at: Annotated[
        str, typer.Option("--at", metavar="AAAA-MM-JJ HH:MM", help="Le jour et l'heure, à Paris.")
    ] = "",
    minutes: Annotated[
        int, typer.Option("--minutes", min=0, help="La durée ; 0 : celle du scénario.")
    ] = 0,
    animator: Annotated[str, typer.Option("--animator", help="Qui anime.")] = "",
    ward: Annotated[
        list[str] | None,
        typer.Option("--ward", metavar="CODE[=OBSERVATEUR]", help="Un service (répétable)."),
    ] = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Prépare un exercice dans le dossier réel, et donne son numéro."""
    from releve.drill.field.plan import Plan, read_plan
    from releve.runtime import field

    if plan is not None:
        wanted = read_plan(plan)
    else:
        wards = tuple({each.code: each for each in map(_ward, ward or [])}.values())
        wanted = Plan(scenario, _moment(at), minutes, animator, wards)
    row = field.prepare(open_home(home), wanted, SystemClock().now())
    said = f"Exercice {row.pk} prêt : {row.title}, le {moment(row.planned_at)}.\n"
    screen(json).write(printable(said.rstrip("\n")) + "\n")
    screen(json).write(
        f"→ Imprimez ses papiers : ./run drill field papers DIR --exercise {row.pk}\n"
    )
    write_json(json, field.figures(row))


@app.command("papers")
def papers(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Un dossier neuf ou vide.")],
    number: NumberOption = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Écrit les papiers : livret, cartes, feuilles, émargement, affiche, bilan."""
    from releve.runtime import field

    written = field.write_papers(open_home(home), number, folder, SystemClock().now())
    for path in written:
        screen(json).write(f"{printable(path.name)}\n")
    write_json(json, {"papers": [path.name for path in written]})


@app.command("start")
def start(number: NumberArgument = None, json: JsonOption = None, home: HomeOption = None) -> None:
    """Lance l'exercice. Refusé pendant une crise réelle."""
    from releve.runtime import field

    row = field.start(open_home(home), number, SystemClock().now())
    screen(json).write(f"Exercice {row.pk} en cours depuis {_hour(row.started_at)}.\n")
    write_json(json, field.figures(row))


@app.command("stop")
def stop(json: JsonOption = None, home: HomeOption = None) -> None:
    """Termine l'exercice en cours ; code de sortie 1 quand il n'y en a pas."""
    from releve.runtime import field

    row = field.stop(open_home(home), SystemClock().now())
    screen(json).write(f"Exercice {row.pk} terminé à {_hour(row.ended_at)}.\n")
    write_json(json, field.figures(row))


@app.command("watch")
def watch(number: NumberArgument = None, home: HomeOption = None) -> int:
    """Suit l'exercice en direct ; une alarme réelle y met fin et sonne. Code de sortie 1 alors."""
    from releve.runtime import field

    alarm = False
    for news in field.watch(open_home(home), number, SystemClock()):
        alarm = alarm or news.alarm
        if news.alarm:
            sys.stdout.write("\a" + "!" * 78 + "\n")
        sys.stdout.write(printable(news.text) + "\n")
        if news.alarm:
            sys.stdout.write("→ Page « Crise », ou ./run incident show.\n" + "!" * 78 + "\a\n")
        sys.stdout.flush()
    return 1 if alarm else 0


@app.command("report")
def report(
    number: NumberArgument = None,
    pdf: Annotated[
        str | None, typer.Option("--pdf", metavar="FILE", help="Écrit aussi le rapport en PDF.")
    ] = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Le rapport d'un exercice joué : temps humains, émargement, actions."""
    from releve.runtime import field

    found = field.report(open_home(home), number, SystemClock().now())
    out = screen(json)
    for sentence in found.values["sentences"]:
        out.write(printable(sentence) + "\n")
    for each in found.values["times"]:
        got = each["median_minutes"]
        said = "– non mesuré" if got is None else f"{str(got).replace('.', ',')} min"
        out.write(
            printable(f"  {each['words']} : {said} (visé {each['target_minutes']} min)") + "\n"
        )
    out.write(f"Empreinte (SHA-256) : {found.sha256}\n")
    write_json(json, {**found.values, "sha256": found.sha256})
    if pdf:
        write_bytes(pdf, found.pdf())


@app.command("list")
def list_(json: JsonOption = None, home: HomeOption = None) -> None:
    """Les exercices, et les actions qu'ils ont laissées ouvertes."""
    from releve.runtime import field

    opened = open_home(home)
    rows, actions = field.listed(opened), field.open_actions(opened)
    out = screen(json)
    if not rows:
        out.write("Aucun exercice. → ./run drill field prepare --help\n")
    for row in rows:
        out.write(
            printable(f"{row.pk:3} {moment(row.planned_at)} · {row.title} · {row.state}") + "\n"
        )
    for action in actions:
        who = f"{action['owner']}, avant le {action['due']}"
        said = f"    action {action['number']} : {action['what']} ({who})"
        out.write(printable(said) + "\n")
    figures = [field.figures(row) for row in rows]
    write_json(json, {"exercises": figures, "open_actions": actions})


def _ward(text: str) -> WardPlan:
    from releve.drill.field.plan import WardPlan

    code, _, observer = text.partition("=")
    return WardPlan(code.strip(), observer.strip())


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M").replace(tzinfo=PARIS)
    except ValueError as error:
        fix = "Écrivez --at '2026-12-01 08:00' (heure de Paris)."
        raise BadInput(
            where="--at", what=f"« {text} » n'est pas un jour et une heure", fix=fix
        ) from error


def _hour(when: datetime | None) -> str:
    return hour(when) if when else "?"
