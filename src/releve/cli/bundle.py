"""``bundle``: the offline installer, made on a connected machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from releve.cli.options import ROOT, JsonOption, screen, write_json


def bundle(
    sign: Annotated[
        Path | None,
        typer.Option("--sign", metavar="KEY", help="Clé Ed25519 (PEM) qui signe le manifeste."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Où l'écrire (défaut : ./var/bundles)."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Fabrique l'installeur hors réseau pour Debian 12 (paquets, inventaire, empreintes)."""
    from dataclasses import asdict

    from releve.runtime.bundle import make
    from releve.runtime.bundle.making import NAME

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    target = out or str(ROOT / "var" / "bundles" / f"{NAME}.tar")
    with _output(target) as file:
        made = make(ROOT.resolve(), file, sign, say)
    told = screen(json)
    where = made.name if target.startswith("fd:") else target
    print(f"{where} : {made.size / 1e6:.0f} Mo,", file=told, end=" ")
    print(f"{made.python_packages} paquets Python, {made.debian_packages} de Debian.", file=told)
    print(f"SHA-256 du fichier      {made.sha256}", file=told)
    print(f"Empreinte du manifeste  {made.manifest_sha256}", file=told)
    if made.signed_by:
        print(f"Signé par la clé        {made.signed_by}", file=told)
        print("Portez la clé publique (ou l'empreinte) par un autre chemin.", file=told)
    else:
        print("*** NON SIGNÉ *** : rien n'y prouve qui l'a fait (--sign KEY).", file=told)
        print("Notez l'empreinte du manifeste sur papier : elle seule en décidera.", file=told)
    write_json(json, asdict(made))


@contextmanager
def _output(target: str) -> Iterator[BinaryIO]:
    """The file to fill; one that could not be finished is not left behind."""
    if target.startswith("fd:"):
        with os.fdopen(int(target[3:]), "wb") as file:
            yield file
        return
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.partiel")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
