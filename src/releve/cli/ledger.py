"""``ledger``: append one evidence, prove one entry, show the log, export it."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from releve import __version__
from releve.cli.options import HomeOption, JsonOption, open_home, write_json
from releve.kernel.clock import SystemClock, iso
from releve.kernel.errors import BadInput

app = typer.Typer(help="Le registre de preuve : ajouter, prouver, montrer, exporter.")
#: Larger than any evidence: what is refused for its size is first read.
_MAX_FILE = 1 << 20


@app.command()
def append(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Une preuve en JSON (« - » : entrée standard).")
    ],
    home: HomeOption = None,
) -> None:
    """Ajoute une preuve et imprime son index.

    Champs obligatoires : what, system, value, unit, finess, reality, kind. Peuvent manquer :
    when (maintenant), tool (ce programme), origin et number ensemble (un nom neuf).
    """
    from releve.ledger.evidence import from_fields, parse_object
    from releve.runtime.ledger import open_ledger

    evidence = from_fields(_with_defaults(parse_object(_read(file))))
    with open_ledger(open_home(home)) as ledger:
        print(ledger.append(evidence))


@app.command()
def prove(
    index: Annotated[int, typer.Argument(metavar="INDEX", help="Le numéro de l'entrée.")],
    home: HomeOption = None,
    json_file: JsonOption = None,
) -> None:
    """Imprime la preuve d'inclusion d'une entrée, que « verify.py inclusion » vérifie."""
    from releve.ledger.export import inclusion
    from releve.runtime.ledger import read_published

    head, tiles = read_published(open_home(home), at_least=index + 1)
    proof = inclusion(index, head, tiles)
    write_json(json_file, proof)
    if json_file != "-":
        print(json.dumps(proof))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Un dossier neuf.")],
    home: HomeOption = None,
    json_file: JsonOption = None,
) -> None:
    """Écrit tout le registre dans un dossier qui se vérifie sans Relève."""
    from releve.ledger import Place
    from releve.ledger.export import export as write_export
    from releve.runtime.ledger import open_ledger

    found = open_home(home)
    with open_ledger(found) as ledger:
        ledger.publish()
    head = write_export(found, folder)
    fingerprint = Place(found).public_key().fingerprint
    figures = {"size": head.size, "root": head.root.hex(), "fingerprint": fingerprint}
    write_json(json_file, figures)
    if json_file != "-":
        print(f"{head.size} entrées, racine {head.root.hex()}")
        print(f"empreinte de la clé, à comparer au papier : {fingerprint}")
        command = ["python3", "-I", str(folder / "verify.py"), str(folder)]
        print(f"vérifier : {shlex.join(command)}")


@app.command()
def show(
    since: Annotated[int, typer.Option("--since", metavar="INDEX", min=0)] = 0,
    home: HomeOption = None,
    json_file: JsonOption = None,
) -> None:
    """Montre les entrées, une par ligne, à partir d'un index."""
    from releve.ledger.evidence import encode
    from releve.runtime.ledger import read_entries

    entries = []
    for index, evidence in read_entries(open_home(home), since):
        if json_file:
            entries.append({"index": index, "evidence": json.loads(encode(evidence))})
        if json_file != "-":
            value = "" if evidence.value is None else f" = {evidence.value} {evidence.unit or ''}"
            print(
                f"{index:>6}  {iso(evidence.when)}  {evidence.reality.value}  {evidence.kind}"
                f"  {evidence.system} : {evidence.what}{value}"
            )
    write_json(json_file, entries)


def _read(file: str) -> bytes:
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_MAX_FILE + 1)
        elif file.startswith("fd:"):
            with os.fdopen(int(file[3:]), "rb") as given:
                data = given.read(_MAX_FILE + 1)
        else:
            with open(file, "rb") as given:
                data = given.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise BadInput(where=file, what=error, fix="Vérifiez le nom du fichier.") from error
    if len(data) > _MAX_FILE:
        raise BadInput(
            where=file,
            what="plus d'un Mio, alors qu'une preuve pèse au plus 65 535 octets",
            fix="Gardez le gros fichier à part et mettez son empreinte dans « sha256 ».",
        )
    return data


def _with_defaults(found: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "when": iso(SystemClock().now()),
        "tool": {"name": "releve", "version": __version__},
    }
    if "origin" not in found and "number" not in found:
        known |= {"origin": f"cli/{secrets.token_hex(8)}", "number": 1}
    return {**known, **found}
