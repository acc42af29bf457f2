"""``./run establishment import``: what the hospital already has, as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping as Table
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home
from releve.kernel.ids import DRILL_FINESS, Finess, finess
from releve.kernel.world import World

if TYPE_CHECKING:
    from releve.establishment.imports.book import Book
    from releve.establishment.imports.lines import State, Told
    from releve.establishment.imports.mapping import Mapping
    from releve.establishment.imports.standing import Entity, Proposal

_KIND_HELP = "staff, rota, suppliers, glpi, rvtools, ad ou procedures (docs/establishment.md)."
_FILE_HELP = "Le fichier ; pour procedures, aussi un dossier ou un zip."
_SHOWN = 40


def import_(
    kind: Annotated[str, typer.Argument(metavar="GENRE", help=_KIND_HELP)],
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help=_FILE_HELP)] = None,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Quelle colonne est quoi (TOML)."),
    ] = None,
    map_out: Annotated[
        str | None,
        typer.Option("--map-out", metavar="FILE", help="Écrit la correspondance reconnue."),
    ] = None,
    sheet: Annotated[
        str, typer.Option("--sheet", metavar="NOM", help="La feuille à lire, si ce n'est la bonne.")
    ] = "",
    numbers: Annotated[
        str,
        typer.Option(
            "--finess", metavar="EJ[,EG]", help="Premier import : les FINESS de l'hôpital."
        ),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="NOM", help="Premier import : le nom de l'hôpital.")
    ] = "",
    remove: Annotated[
        bool, typer.Option("--remove-gone", help="Retirer ce qui n'est plus dans le fichier.")
    ] = False,
    look: Annotated[
        bool, typer.Option("--dry-run", help="Montrer l'aperçu, ne rien garder.")
    ] = False,
    ldap: Annotated[
        str, typer.Option("--ldap", metavar="URL", help="ad : lire l'annuaire (ldaps://SERVEUR).")
    ] = "",
    base: Annotated[str, typer.Option("--base", metavar="DN", help="ad : où chercher.")] = "",
    user: Annotated[str, typer.Option("--user", metavar="DN", help="ad : compte de lecture.")] = "",
    json: JsonOption = None,
    home: HomeOption = None,
) -> int:
    """Importe ce que l'hôpital a déjà : tout ou rien, jamais ce qu'une personne a corrigé.

    Code de sortie : 0 tout est pris, 1 des lignes sont douteuses, 2 illisible.
    """
    from releve.establishment.imports.pending import purge
    from releve.establishment.imports.prepare import KINDS

    if kind not in KINDS:
        fix = f"Au choix : {', '.join(KINDS)}."
        raise BadInput(where="establishment import", what=f"« {printable(kind)} » inconnu", fix=fix)
    if (file is None) is not bool(ldap):
        fix = "./run establishment import ad --ldap ldaps://SERVEUR --base DN --user DN"
        what = "il faut un fichier" if file is None else "un fichier ou --ldap, pas les deux"
        raise BadInput(where="establishment import", what=what, fix=fix)
    place = open_home(home)
    now = SystemClock().now()
    purge(place, now)
    if kind == "procedures":
        return _procedures(place, file or Path(), json, look=look)
    book, called, sha = _book(place, kind, file, ldap, base, user)
    given_map = _chosen(map_, sheet)
    from releve.establishment.imports.keeping import proposed
    from releve.establishment.imports.prepare import Given

    entity = _entity(place, numbers, name)
    given = Given(kind, called, sha, book, given_map, now, remove, entity)
    proposal = proposed(place, given)
    _tell(proposal.told, proposal.notes, json)
    if map_out:
        _write_map(map_out, kind, proposal)
    generation = None
    if not look:
        generation = _keep(place, proposal, given_map)
    _conclude(proposal, generation, json, look=look)
    return 1 if proposal.doubtful else 0


def _book(
    home: Home, kind: str, file: Path | None, ldap: str, base: str, user: str
) -> tuple[Book, str, str]:
    """(tables, name, SHA-256 of what was read)."""
    from releve.establishment.imports.prepare import TABS
    from releve.establishment.imports.reading import read_book

    if file is not None:
        book = read_book(file, file.name, TABS.get(kind, ()))
        digest = sha256()
        with file.open("rb") as opened:
            while chunk := opened.read(1 << 20):
                digest.update(chunk)
        return book, file.name, digest.hexdigest()
    if kind != "ad":
        fix = "./run establishment import ad --ldap ldaps://SERVEUR --base DN --user DN"
        raise BadInput(where="--ldap", what="seul « ad » se lit dans un annuaire", fix=fix)
    from releve.establishment.imports.ldap import read_ldap

    password = typer.prompt("Mot de passe du compte de lecture", hide_input=True, err=True)
    return read_ldap(ldap, base, user, password, home.world)


def _chosen(path: Path | None, sheet: str) -> Mapping:
    from dataclasses import replace

    from releve.establishment.imports.mapping import MAX_BYTES, Mapping, parse_mapping

    chosen = Mapping()
    if path is not None:
        with path.open("rb") as opened:
            chosen = parse_mapping(opened.read(MAX_BYTES + 1), path.name)
    return replace(chosen, sheet=sheet) if sheet else chosen


def _entity(home: Home, numbers: str, name: str) -> Entity | None:
    """Who the establishment is: as typed, else as the drill or the first access says."""
    from releve.establishment.imports.standing import Entity

    if numbers:
        first, _, second = numbers.partition(",")
        ej = finess(first.strip())
        eg = finess(second.strip()) if second.strip() else ej
        return Entity(ej, eg, name.strip() or f"Établissement {ej}")
    if home.world is World.DRILL:
        return Entity(DRILL_FINESS, Finess("990000028"), name or "Centre hospitalier de Valbrume")
    if not (home.path / "records.sqlite3").exists() and "RELEVE_DATABASE" not in os.environ:
        return None
    from releve.runtime.records import use_records

    use_records(home)
    from releve.pages.house import legal_entity

    found = legal_entity()
    if found is None:
        return None
    return Entity(Finess(found.perimeter), Finess(found.perimeter), name.strip() or found.name)


def _tell(told: tuple[Told, ...], notes: tuple[str, ...], json: str | None) -> None:
    from releve.establishment.imports.lines import State, counted

    out = screen(json)
    for note in notes:
        print(f"note · {printable(note)}", file=out)
    words = (
        (State.DOUBTFUL, "DOUTEUX"),
        (State.KEPT, "gardé"),
        (State.GONE, "disparu"),
        (State.REMOVED, "retiré"),
        (State.CHANGED, "changé"),
        (State.LEFT_OUT, "laissé"),
        (State.NEW, "nouveau"),
    )
    counts = counted(told)
    for state, word in words:
        most = counts[state] if state is State.DOUBTFUL else _SHOWN
        for each in [each for each in told if each.state is state][:most]:
            where = f"ligne {each.line} · " if each.line else ""
            who = f"{each.who} : " if each.who else ""
            print(f"{word} · {printable(f'{where}{who}{each.what}')}", file=out)
            if each.remedy:
                print(f"    → {printable(each.remedy)}", file=out)
        if counts[state] > most:
            print(f"{word} · et {counts[state] - most} autres (--json les donne tous)", file=out)


def _write_map(target: str, kind: str, proposal: Proposal) -> None:
    from releve.cli.options import write_bytes
    from releve.establishment.imports.mapping import Mapping, write_mapping

    layout = proposal.layouts[0] if proposal.layouts else None
    made = Mapping(
        kind,
        layout.sheet if layout else "",
        layout.header if layout else (),
        "",
        {column.label: column.field for column in layout.columns} if layout else {},
        hours=proposal.hours,
    )
    write_bytes(target, write_mapping(made))


def _keep(home: Home, proposal: Proposal, chosen: Mapping) -> int | None:
    """Write it, and tell the ledger once by the generation's number."""
    from releve import __version__
    from releve.establishment import stored
    from releve.establishment.imports.keeping import fact, keep
    from releve.ledger import NumberTaken
    from releve.runtime.ledger import open_ledger

    now = SystemClock().now()
    generation, _ = keep(home, proposal, chosen, now)
    if generation is None or not proposal.files:
        return None
    known = stored(home)
    number = known.legal_entities[0].finess if known and known.legal_entities else None
    told = fact(
        home, proposal.kind, dict(proposal.counts), proposal.sha256, now,
        finess=number, number=generation.number, version=__version__,
    )  # fmt: skip
    with open_ledger(home) as ledger, suppress(NumberTaken):
        ledger.append(told)
    return generation.number


def _conclude(proposal: Proposal, generation: int | None, json: str | None, *, look: bool) -> None:
    from releve.establishment.imports.lines import State, as_plain

    out = screen(json)
    counts = proposal.counts
    said: Table[State, str] = {
        State.NEW: "nouveaux",
        State.CHANGED: "changés",
        State.SAME: "inchangés",
        State.KEPT: "gardés tels que corrigés",
        State.GONE: "disparus du fichier, gardés",
        State.REMOVED: "retirés",
        State.LEFT_OUT: "laissés de côté",
        State.DOUBTFUL: "douteux",
    }
    line = ", ".join(f"{counts[state]} {word}" for state, word in said.items() if counts[state])
    print(line or "Rien dans ce fichier.", file=out)
    if look:
        print("Aperçu seulement : rien n'est gardé.", file=out)
    elif generation is None:
        print("Rien n'a changé.", file=out)
    else:
        print(f"Gardé (version {generation} de l'établissement).", file=out)
    write_json(
        json,
        {
            "kind": proposal.kind,
            "generation": generation,
            "sha256": proposal.sha256,
            "counts": {str(state): count for state, count in counts.items()},
            "services": [each.code for each in proposal.services],
            "notes": list(proposal.notes),
            "lines": as_plain(proposal.told),
        },
    )


def _procedures(home: Home, path: Path, json: str | None, *, look: bool) -> int:
    from releve.establishment import stored
    from releve.establishment.imports.documents import from_path, gather, keep
    from releve.establishment.imports.lines import State, as_plain, counted

    now = SystemClock().now()
    known = stored(home)
    gathered = gather(home, from_path(path), known, now)
    _tell(gathered.told, (), json)
    kept = 0 if look else keep(home, gathered)
    counts = counted(gathered.told)
    if kept:
        _tell_procedures(home, dict(counts), gathered.sha256)
    out = screen(json)
    print(f"{kept} procédure(s) gardée(s), {counts[State.SAME]} déjà là.", file=out)
    figures = {
        "kind": "procedures",
        "kept": kept,
        "counts": {str(state): count for state, count in counts.items()},
        "lines": as_plain(gathered.told),
    }
    write_json(json, figures)
    if not gathered.documents and not counts[State.SAME]:
        return 1 if counts[State.DOUBTFUL] else 2
    return 1 if counts[State.DOUBTFUL] else 0


def _tell_procedures(home: Home, counts: dict[State, int], sha: str) -> None:
    """Told under the number of documents kept so far: each import adds to it."""
    from dataclasses import replace

    from releve import __version__
    from releve.establishment import stored
    from releve.establishment.imports.keeping import fact
    from releve.establishment.procedures import listed
    from releve.ledger import NumberTaken
    from releve.runtime.ledger import open_ledger

    known = stored(home)
    number = known.legal_entities[0].finess if known and known.legal_entities else None
    if number is None and home.world is World.DRILL:
        number = DRILL_FINESS
    told = fact(
        home, "procedures", counts, sha, SystemClock().now(),
        finess=number, number=len(listed(home)), version=__version__,
    )  # fmt: skip
    with open_ledger(home) as ledger, suppress(NumberTaken):
        ledger.append(replace(told, origin="establishment.procedures"))
