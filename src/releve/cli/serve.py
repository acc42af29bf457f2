"""``serve``: the one command of every day."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from releve.cli.options import HomeOption, open_home
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home


def serve(
    home: HomeOption = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port des pages (défaut : celui d'avant).")
    ] = 0,
    address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IP[:PORT]",
            help="Répond aussi à cette adresse, en https (retenu ; plusieurs possibles).",
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Le certificat de l'hôpital, PEM (retenu avec --key)."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sa clé, PEM, sans mot de passe.")
    ] = None,
    loopback: Annotated[
        bool,
        typer.Option("--loopback", help="Oublie ces adresses et ce certificat : ici seulement."),
    ] = False,
) -> None:
    """Met en marche registre, coffre, flux des patients et pages, et les relance s'ils tombent.

    Hors de cette machine, les pages ne répondent qu'en https ; l'empreinte à comparer est écrite.
    """
    from releve.runtime.supervisor import check_not_installed
    from releve.runtime.supervisor import serve as run

    place = open_home(home)
    check_not_installed(place)
    _place(place, address or [], certificate, key, loopback=loopback)

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    run(place, say, port)


def _place(
    home: Home, addresses: list[str], certificate: Path | None, key: Path | None, *, loopback: bool
) -> None:
    """Remember where the pages answer, before anything is started."""
    from releve.runtime import tls
    from releve.runtime.addresses import check, parse_all
    from releve.runtime.settings import remember_addresses

    if (certificate is None) is not (key is None):
        what, fix = "le certificat et sa clé vont ensemble", "Donnez --certificate et --key."
        raise BadInput(where="--certificate", what=what, fix=fix)
    if loopback:
        remember_addresses(home, ())
        tls.forget_given(home)
    found = parse_all(addresses)
    check(home, found, given=certificate is not None or tls.has_given(home))
    if certificate is not None and key is not None:
        now = SystemClock().now()
        tls.keep_given(home, certificate.read_bytes(), key.read_bytes(), now)
    if found:
        remember_addresses(home, [str(each) for each in found])
