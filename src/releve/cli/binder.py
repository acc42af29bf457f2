"""``./run incident binder``: the crisis binder on paper, and what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from releve.kernel.units import PARIS, duration

if TYPE_CHECKING:
    from releve.incident.binder.material import Census
    from releve.runtime.binder import Bound

_NO_WARD: list[str] = []
_VARIANTS = ("cellule", "service")


def binder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Un dossier neuf ou vide.")],
    census: Annotated[
        Path | None,
        typer.Option("--census", metavar="FILE", help="CSV, XLSX ou ODS : qui est dans quel lit."),
    ] = None,
    own_census: Annotated[
        bool, typer.Option("--own-census", help="Le recensement que Relève a reçu.")
    ] = False,
    variant: Annotated[
        str,
        typer.Option("--variant", metavar="cellule|service", help="service : sans les mobiles."),
    ] = "cellule",
    holder: Annotated[
        str, typer.Option("--holder", metavar="QUI", help="À qui il est remis.")
    ] = "",
    ward: Annotated[
        list[str], typer.Option("--ward", metavar="CODE", help="Ce service seulement.")
    ] = _NO_WARD,
    json: JsonOption = None,
    home: HomeOption = None,
) -> int:
    """Fabrique un exemplaire du classeur de crise : un PDF par document, et classeur.pdf.

    Code de sortie : 0 complet, 1 il manque quelque chose (c'est écrit, et imprimé à sa place),
    2 rien n'a été fait.
    """
    from datetime import timedelta

    from releve.incident import Author
    from releve.incident.binder.material import Variant
    from releve.runtime.binder import Asked, bind, check_folder, write

    if variant not in _VARIANTS:
        fix = "Écrivez --variant cellule ou --variant service"
        raise BadInput(where="--variant", what=f"« {printable(variant)} » est inconnu", fix=fix)
    check_folder(folder)
    place, now = open_home(home), SystemClock().now()
    patients = _census(place, census, own=own_census)
    asked = Asked(Variant(variant), holder, tuple(ward), patients)
    bound = bind(place, asked, now, Author("console du serveur"))
    write(bound, folder)
    seconds = round(bound.seconds, 2)
    told = screen(json)
    print(
        f"Exemplaire n° {bound.copy.pk} ({variant}) : {bound.made.pages} pages en"
        f" {duration(timedelta(seconds=seconds))}, dans {printable(str(folder))}",
        file=told,
    )
    for each in _lines(bound, patients):
        print(printable(each), file=told)
    write_json(json, _figures(bound, patients, seconds))
    return 1 if bound.made.missing or (patients is not None and patients.doubts) else 0


def _census(home: Home, file: Path | None, *, own: bool) -> Census | None:
    from releve.establishment import stored
    from releve.incident.binder.census import MAX_BYTES, read_census
    from releve.incident.binder.errors import NoEstablishment
    from releve.runtime.binder import census_of

    if file is not None and own:
        fix = "Gardez --census FILE ou --own-census"
        raise BadInput(where="--census", what="deux recensements à la fois", fix=fix)
    if own:
        return census_of(home, SystemClock().now())
    if file is None:
        return None
    establishment = stored(home)
    if establishment is None:
        raise NoEstablishment()
    with file.open("rb") as read:
        data = read.read(MAX_BYTES + 1)
    today = SystemClock().now().astimezone(PARIS).date()
    return read_census(printable(file.name), data, establishment, today=today)


def _lines(bound: Bound, census: Census | None) -> list[str]:
    """What is missing, then the census's doubtful lines, each with its remedy."""
    lines = [f"○ manque : {each.said}\n    → {each.remedy}" for each in bound.made.missing]
    lines += [
        f"◐ recensement{f', ligne {doubt.line}' if doubt.line else ''} : {doubt.what}"
        f"\n    → {doubt.remedy}"
        for doubt in (census.doubts if census else ())
    ]
    return [part for line in lines for part in line.split("\n")] or ["● Rien ne manque."]


def _figures(bound: Bound, census: Census | None, seconds: float) -> dict[str, object]:
    made = bound.made
    return {
        "copy": bound.copy.pk,
        "variant": bound.copy.variant,
        "pages": made.pages,
        "parts": dict(made.parts),
        "files": [f"{slug}.pdf" for slug in made.files],
        "patients": len(census.patients) if census else 0,
        "missing": [
            {"what": each.what, "which": list(each.which), "remedy": each.remedy}
            for each in made.missing
        ],
        "doubtful": [
            {"line": doubt.line, "what": doubt.what, "remedy": doubt.remedy}
            for doubt in (census.doubts if census else ())
        ],
        "seconds": seconds,
    }
