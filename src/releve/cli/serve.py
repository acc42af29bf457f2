"""``serve``: the one command of every day."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from releve.cli.options import HomeOption, open_home


def serve(
    home: HomeOption = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port des pages (défaut : celui d'avant).")
    ] = 0,
) -> None:
    """Met en marche registre, coffre, flux des patients et pages, et les relance s'ils tombent."""
    from releve.runtime.supervisor import serve as run

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    run(open_home(home), say, port)
