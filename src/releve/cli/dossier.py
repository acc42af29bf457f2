"""``./run dossier DIR``: what an RSSI and a DPO ask for, printed from the program and the home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import SystemClock

if TYPE_CHECKING:
    from releve.dossier import Verb


def dossier(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Un dossier neuf ou vide.")],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Imprime architecture, flux, AIPD et registre (brouillons), exploitation, sécurité.

    Code de sortie 1 quand il manque quelque chose que le lecteur attend ; c'est écrit en tête.
    """
    from releve.dossier import write
    from releve.runtime.dossier import material_of

    material = material_of(open_home(home), verbs(context.find_root().command), SystemClock().now())
    made = write(material, folder)
    out = screen(json)
    for name in made.files:
        print(f"● {name}", file=out)
    for said in made.missing:
        print(f"○ {printable(said)}", file=out)
    print(f"{printable(str(folder))} : {len(made.files)} fichiers.", file=out)
    write_json(json, {"files": made.files, "missing": list(made.missing)})
    raise typer.Exit(1 if made.missing else 0)


def verbs(entrance: object) -> list[Verb]:
    """Every verb of the entrance (a group of commands), as its own help says it."""
    from releve.dossier import Verb

    found = []
    for name, command in getattr(entrance, "commands", {}).items():
        words = dict(getattr(command, "commands", {"": command}))
        if getattr(command, "invoke_without_command", False):
            words[""] = command
        for word, each in words.items():
            said = " ".join((each.help or "").split("\n\n")[0].split())
            found.append(Verb(f"{name} {word}".strip(), said))
    return sorted(found, key=lambda verb: verb.name)
