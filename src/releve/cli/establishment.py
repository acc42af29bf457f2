"""``./run establishment``: check, load, save the hospital's folder; what falls, in which order to
rebuild.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.establishment_import import import_
from releve.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    open_home,
    printable,
    screen,
    write_json,
)
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, read_world
from releve.kernel.units import thousands
from releve.kernel.world import World

if TYPE_CHECKING:
    from rich.console import Console

    from releve.establishment import Establishment, Generation, Reading

app = typer.Typer(
    name="establishment",
    help="L'établissement : vérifier son dossier, le garder, ce qui tombe, l'ordre de reprise.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_FOLDER_HELP = "Le dossier de l'établissement (docs/establishment.md)."
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help=_FOLDER_HELP)]
_PLACE_HELP = "Le dossier ; sans lui, l'établissement gardé par load."
_NO_PLACE: list[str] = []
app.command("import")(import_)


@app.command("check")
def check(folder: FolderArgument, json: JsonOption = None, home: HomeOption = None) -> int:
    """Vérifie un dossier : chaque défaut avec son fichier, sa ligne et son remède.

    Code de sortie : 0 rien à redire, 1 des défauts, 2 dossier illisible.
    """
    from releve.establishment import read_folder

    del home  # every verb takes it; this one keeps no state
    reading = read_folder(folder)
    told = _console(json)
    for fault in reading.faults:
        told.print(f"{printable(fault.place)} : {printable(fault.what)}")
        told.print(f"    → {printable(fault.remedy)}")
    for note in reading.notes:
        place = f"{note.file}:{note.line}" if note.line else note.file
        told.print(f"note · {printable(place)} : {printable(note.what)}")
    told.print(_counts(reading.establishment))
    faults = len(reading.faults)
    told.print(f"{thousands(faults)} défaut(s)." if faults else "● Rien à redire.")
    write_json(json, _check_figures(folder, reading))
    return 1 if faults else 0


@app.command("load")
def load(folder: FolderArgument, json: JsonOption = None, home: HomeOption = None) -> None:
    """Vérifie un dossier et le garde, tout ou rien ; l'ancien reste s'il a un défaut.

    Code de sortie : 0 gardé, 1 des défauts (rien n'a changé), 2 illisible ou refusé.
    """
    from releve.establishment import load as keep
    from releve.establishment import read_for

    if read_world(home or DEFAULT_HOME) is None:  # a refused folder leaves no newborn home
        read_for(World.REAL, folder)
    place = open_home(home)
    generation, establishment = keep(place, folder, SystemClock().now())
    _tell_ledger(place, establishment, generation)
    done = "gardé" if generation.fresh else "déjà gardé, à l'octet près"
    print(f"Établissement {done} (version {generation.number}).", file=screen(json))
    print(_counts(establishment), file=screen(json))
    figures = {
        "generation": generation.number,
        "fresh": generation.fresh,
        "fingerprint": generation.fingerprint,
        "files": dict(generation.files),
    }
    write_json(json, figures)


@app.command("save")
def save(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Un dossier neuf.")],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Rend les fichiers gardés dans un dossier neuf, à l'octet près."""
    from releve.establishment import save as write_back

    names = write_back(open_home(home), folder)
    print(f"{len(names)} fichiers rendus dans {printable(str(folder))}", file=screen(json))
    write_json(json, {"files": list(names)})


@app.command("blast")
def blast(
    places: Annotated[
        list[str], typer.Argument(metavar="[DIR] NŒUD", help="Le dossier (facultatif), le nœud.")
    ],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Ce que la perte d'un nœud atteint : services, lits, patients par heure."""
    from releve.cli import establishment_told as told
    from releve.establishment.graph import Graph
    from releve.establishment.graph import blast as find

    if len(places) > 2:
        what, fix = "un dossier et un nœud, pas davantage", "./run establishment blast DIR NŒUD"
        raise BadInput(where="blast", what=what, fix=fix)
    establishment = _establishment(Path(places[0]) if len(places) == 2 else None, home)
    graph = Graph.of(establishment)
    found = find(establishment, places[-1], graph)
    told.tell_blast(_console(json), establishment, graph, found)
    write_json(json, told.blast_figures(establishment, graph, found))


@app.command("demands")
def demands(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help=_PLACE_HELP)] = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """La DMIA exigée de chaque machine, les points uniques, les groupes et leur démarrage."""
    from releve.cli import establishment_told as told
    from releve.establishment.graph import Graph

    establishment = _establishment(folder, home)
    graph = Graph.of(establishment)
    told.tell_demands(_console(json), establishment, graph)
    write_json(json, told.demands_figures(establishment, graph))


@app.command("plan")
def plan(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help=_PLACE_HELP)] = None,
    teams: Annotated[int, typer.Option("--teams", metavar="N", help="Équipes disponibles.")] = 2,
    lost: Annotated[
        list[str],
        typer.Option("--lost", metavar="A,B", help="Nœuds perdus ; « tout » : machines de salle."),
    ] = _NO_PLACE,
    closed: Annotated[
        list[str],
        typer.Option("--closed", metavar="PORTE=PERSONNE", help="Porte fermée, et par qui."),
    ] = _NO_PLACE,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Dans quel ordre reconstruire ce qui est perdu, et pourquoi ; aucune porte n'est franchie."""
    from releve.cli import establishment_told as told
    from releve.establishment.recovery import foreseen
    from releve.establishment.recovery import plan as make

    establishment = _establishment(folder, home)
    nodes, gates = _lost(establishment, lost), _closed(closed)
    made = make(establishment, nodes, teams, gates)
    told.tell_plan(_console(json), establishment, made)
    after = foreseen(establishment, nodes, teams, gates) if made.waiting else None
    if after is not None:
        told.tell_foreseen(_console(json), after)
    write_json(json, told.plan_figures(made, after))


@app.command("interviews")
def interviews(json: JsonOption = None, home: HomeOption = None) -> None:
    """Les entretiens de service : qui a répondu, quand, la DMIA et la PDMA dites."""
    from releve.cli import establishment_told as told
    from releve.runtime.interviews import figures, known

    now = SystemClock().now()
    establishment, sheets = known(open_home(home))
    told.tell_interviews(_console(json), establishment, sheets, now)
    write_json(json, {"interviews": figures(establishment, sheets, now)})


def _establishment(folder: Path | None, home: Path | None) -> Establishment:
    """The folder's, or the one that the home keeps. Faults that leave the graph whole (a hole in a
    rota…) do not stop a plan on the night; the others do.
    """
    from releve.establishment import read_folder, stored
    from releve.establishment.errors import FolderFaulty, NothingStored

    if folder is None:
        kept = stored(open_home(home))
        if kept is None:
            raise NothingStored()
        return kept
    reading = read_folder(folder)
    broken = [fault for fault in reading.faults if fault.breaks_graph]
    if broken:
        first = printable(f"{broken[0].place} : {broken[0].what}")
        raise FolderFaulty(path=printable(str(folder)), count=len(broken), first=first)
    if reading.faults:
        aside = f"{len(reading.faults)} défaut(s) sans effet sur ce calcul"
        print(f"{aside} : ./run establishment check les dit.", file=screen("-"))
    return reading.establishment


def _lost(establishment: Establishment, written: Sequence[str]) -> list[str]:
    from releve.establishment import MachineKind

    names = [name.strip() for each in written for name in each.split(",") if name.strip()]
    if not names:
        fix = "Écrivez --lost SRV-AD-01,SRV-DPI-01 ou --lost tout"
        raise BadInput(where="--lost", what="il faut dire ce qui est perdu", fix=fix)
    if "tout" not in names:
        return names
    rooms = (m.id for m in establishment.machines if m.kind is not MachineKind.WORKSTATION)
    return [*(name for name in names if name != "tout"), *rooms]


def _closed(written: Sequence[str]) -> dict[str, str]:
    from releve.establishment.errors import NobodyNamed

    found = {}
    for each in written:
        gate, equals, person = each.partition("=")
        if not equals or not person.strip():
            raise NobodyNamed(gate=printable(gate.strip()))
        found[gate.strip()] = person.strip()
    return found


def _tell_ledger(home: Home, establishment: Establishment, generation: Generation) -> None:
    """A load is a decision, told once by its number; a load of the same bytes tells it again."""
    from releve import __version__
    from releve.kernel.world import Reality
    from releve.ledger import Evidence, NumberTaken, Tool
    from releve.runtime.ledger import open_ledger

    drill = home.world is World.DRILL
    evidence = Evidence(
        what="establishment.loaded",
        when=generation.loaded,
        system="établissement",
        value=len(establishment.names),
        unit="nœuds",
        tool=Tool("releve establishment", __version__),
        finess=establishment.legal_entities[0].finess,
        reality=Reality.SIMULATED if drill else Reality.TECHNICAL,
        kind="decision",
        origin="establishment.loads",
        number=generation.number,
        sha256=generation.fingerprint,
    )
    with open_ledger(home) as ledger, suppress(NumberTaken):
        ledger.append(evidence)


def _console(json: str | None) -> Console:
    """People read the error output when figures go to the standard one."""
    from rich.console import Console

    return Console(stderr=json == "-", highlight=False, markup=False)


def _counts(establishment: Establishment) -> str:
    counts = (
        (len(establishment.sites), "sites"),
        (sum(site.beds for site in establishment.sites), "lits"),
        (len(establishment.services), "services"),
        (len(establishment.applications), "applications"),
        (len(establishment.machines), "machines"),
        (len(establishment.people), "personnes"),
        (len(establishment.suppliers), "fournisseurs"),
        (len(establishment.dependencies), "dépendances"),
    )
    return ", ".join(f"{thousands(n)} {word if n > 1 else word[:-1]}" for n, word in counts)


def _check_figures(folder: Path, reading: Reading) -> dict[str, object]:
    names = ("file", "line", "kind", "what", "remedy")
    return {
        "folder": str(folder),
        "clean": not reading.faults,
        "faults": [{name: getattr(fault, name) for name in names} for fault in reading.faults],
        "notes": [{"file": n.file, "line": n.line, "what": n.what} for n in reading.notes],
    }
