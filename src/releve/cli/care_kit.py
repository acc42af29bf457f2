"""``./run care kit`` and ``./run care open``: make ward kits, and open one without a browser.

Plugged into ``./run care`` by ``cli/care.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

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
from releve.kernel.clock import SystemClock, iso
from releve.kernel.errors import BadInput, ReleveError
from releve.kernel.home import Home
from releve.kernel.units import duration, moment

if TYPE_CHECKING:
    from releve.care.kit import Failed, Opened, Published, Refused, Window
    from releve.care.ports import Fact
    from releve.care.views import Views
    from releve.establishment import Establishment

#: A kit asked for by a person is made whatever the silence: it says the age of its data.
_ANY_SILENCE = timedelta(days=3650)


class NothingReceived(ReleveError):
    """Aucun message du dossier patient n'a été reçu dans {path} : il n'y a rien à mettre en kit."""

    next_step = (
        "Branchez le flux (./run serve), rejouez un fichier (./run care replay FICHIER), ou donnez"
        " le bon dossier avec --home."
    )


class UnknownWard(ReleveError):
    """Personne n'est dans le service « {ward} »."""

    next_step = "Services connus : {known}."
    exit_code = 1


def kit(
    ward: Annotated[
        str | None, typer.Option("--ward", metavar="W", help="Le code d'un service.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Tous les services.")] = False,
    card: Annotated[
        bool, typer.Option("--card", help="Réécrit la carte (code, empreinte) à mettre sous clé.")
    ] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Brûle le code du service et en fait un neuf.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publie malgré une chute que vous avez vérifiée.")
    ] = False,
    thaw: Annotated[
        bool, typer.Option("--thaw", help="Lève d'abord le gel posé à l'ouverture d'une crise.")
    ] = False,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Fabrique le kit chiffré d'un service, ou de tous, s'il peut remplacer le dernier bon.

    Code de sortie : 0 tous publiés, 1 un refus au moins (le dernier bon reste), 2 impossible
    pour un service au moins, ou registre injoignable.
    """
    from releve.care.kit import Failed, publication, rounds, windows
    from releve.care.kit.facts import facts

    if (ward is None) is not every:
        fix = "Écrivez ./run care kit --ward SERVICE, ou ./run care kit --all."
        raise BadInput(where="care kit", what="il faut un service, ou tous", fix=fix)
    if renew and ward is None:
        fix = "Nommez le service dont un kit a été ouvert : --ward SERVICE --renew."
        raise BadInput(where="care kit", what="un code se change service par service", fix=fix)
    place = open_home(home)
    sheets, establishment = _views(place), _establishment(place)
    now = SystemClock().now()
    if ward is not None:
        _check_ward(place, ward, [line.code for line in sheets.wards()])
    if thaw:
        _thaw(place, now)
    if renew and ward is not None:
        publication.renew(place, ward, now)
    figures, status, trouble = [], 0, None
    for outcome in rounds.publish_all(
        place,
        sheets,
        now,
        rounds.PERIOD,
        only=ward,
        establishment=establishment,
        silence=_ANY_SILENCE,
        accepted=accept,
    ):
        trouble = _record(place, list(facts(outcome))) or trouble
        if isinstance(outcome, Failed):
            status = 2
            figures.append(_show_failed(outcome, screen(json)))
            continue
        opened = windows.window_of(place, outcome.ward)
        shown = card or (opened is not None and opened.since == now)
        figures.append(_show(place, outcome, opened if shown else None, screen(json)))
    write_json(json, {"kits": figures})
    if trouble is not None:
        raise trouble
    raise typer.Exit(status or int(not all(each["published"] for each in figures)))


def open_(
    path: Annotated[Path, typer.Argument(metavar="KIT", help="Le fichier .html du kit.")],
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help="Le code de la carte ; « - » : lu à l'entrée."),
    ] = None,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Écrit aussi le PDF, en clair.")
    ] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", metavar="F", help="Vérifie d'abord le .sig à côté."),
    ] = None,
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Ouvre un kit sans navigateur, et sans rien d'autre que sa carte.

    Code de sortie : 0 ouvert, 1 code faux ou signature d'une autre main, 2 illisible.
    """
    from releve.care.kit import read_kit, verify_kit
    from releve.care.kit.coding import ward_to_json

    del home  # every verb takes it; a kit needs none
    if fingerprint is not None:
        verify_kit(path, fingerprint)
    opened = read_kit(path, _ask(code))
    if pdf is not None:
        write_bytes(str(pdf), opened.pdf)
    _show_opened(opened, screen(json))
    figures = {
        "cover": opened.cover.to_json(),
        "count": len(opened.sheet.patients),
        "sheet": ward_to_json(opened.sheet),
    }
    write_json(json, figures)


def _ask(code: str | None) -> str:
    if code is not None and code != "-":
        return code
    if code is None and sys.stdin.isatty():
        return str(typer.prompt("Code de la carte", err=True))
    return sys.stdin.readline().strip()


def _views(home: Home) -> Views:
    from releve.care.views import Views, views_path

    path = views_path(home)
    if not path.exists():
        raise NothingReceived(path=home.path)
    return Views(path)


def _establishment(home: Home) -> Establishment | None:
    from releve.establishment import stored

    return stored(home)


def _check_ward(home: Home, ward: str, known: Sequence[str]) -> None:
    from releve.care.kit import wards_with_kits

    if ward not in known and ward not in wards_with_kits(home):
        names = ", ".join(printable(code) for code in sorted(known) if code)
        raise UnknownWard(ward=printable(ward), known=names or "aucun")


def _record(home: Home, facts: Sequence[Fact]) -> ReleveError | None:
    """What the ledger refused: said once every ward is done, for it must not stop the next ones."""
    from releve.runtime.care_facts import CareFacts

    try:
        if facts:
            CareFacts(home).record(facts)
    except ReleveError as error:
        return error
    return None


def _thaw(home: Home, now: datetime) -> None:
    from releve.care.kit import thaw, thawed
    from releve.care.kit.facts import thawed as thawed_fact
    from releve.runtime.care_facts import CareFacts

    thaw(home, now)
    last = thawed(home)
    if last is not None:
        CareFacts(home).record([thawed_fact(last)])


def _show_failed(failed: Failed, out: TextIO) -> dict[str, object]:
    error = failed.error
    remedy = error.remedy if isinstance(error, ReleveError) else "Libérez ou réparez ce dossier."
    lines = [f"{failed.ward} : non fait, {error}", f"  → {remedy}"]
    out.writelines(printable(line) + "\n" for line in lines)
    return {"ward": failed.ward, "published": False, "why": str(error)}


def _show(
    home: Home, outcome: Published | Refused, opened: Window | None, out: TextIO
) -> dict[str, object]:
    from releve.care.kit import KitKey, Published, published_path

    path = published_path(home, outcome.ward)
    done = isinstance(outcome, Published)
    held = outcome.held if isinstance(outcome, Published) else outcome.last
    figures: dict[str, object] = {
        "ward": outcome.ward,
        "published": done,
        "why": None if isinstance(outcome, Published) else outcome.why,
        "patients": held.patients if held else None,
        "kit": f"{held.window}-{held.generation}" if held else None,
        "built": iso(held.built) if held else None,
        "path": str(path) if held else None,
    }
    lines = _lines(outcome, path)
    if opened is not None and opened.code is not None:
        card = {"code": opened.code, "fingerprint": KitKey(home).fingerprint}
        figures |= {**card, "window": opened.number}
        lines += [
            f"  CARTE À METTRE SOUS CLÉ · service {outcome.ward} · fenêtre {opened.number}",
            f"    code       {card['code']}",
            f"    empreinte  {card['fingerprint']}",
        ]
    out.writelines(printable(line) + "\n" for line in lines)
    return figures


def _lines(outcome: Published | Refused, path: Path) -> list[str]:
    from releve.care.kit import Published

    if isinstance(outcome, Published):
        held = outcome.held
        number = f"{held.window}-{held.generation}"
        return [f"{outcome.ward} : {_patients(held.patients)}, kit n° {number}", f"  {path}"]
    refused = f"{outcome.ward} : refusé, {outcome.why}"
    last = outcome.last
    if last is None:
        return [refused, "  ce service n'a encore aucun kit"]
    age = duration(outcome.when - last.built)
    number = f"{last.window}-{last.generation}"
    stays = f"le dernier bon kit reste : n° {number}, {_patients(last.patients)}"
    return [refused, f"  {stays}, du {moment(last.built)} (il y a {age})", f"  {path}"]


def _show_opened(opened: Opened, out: TextIO) -> None:
    from releve.care.kit.shown import shown

    cover, words = opened.cover, shown(opened.sheet)
    told = cover.to_json()
    lines = [
        f"{told['band']} · {printable(cover.title)} · {_patients(len(opened.sheet.patients))}",
        f"kit n° {cover.number}, fabriqué le {told['built_words']}, {told['built_utc']}",
        f"données reçues jusqu'au {words['as_of_words'] or '– aucune donnée reçue'}",
    ]
    for patient in words["patients"]:
        lines += ["", f"{patient['bed']}  {patient['name']}"]
        lines.append(f"    né(e) le {patient['born']} · {patient['sex']} · IPP {patient['ipp']}")
        lines += [f"    ! {text}" for text in (*patient["attention"], *patient["notes"])]
        for section in patient["sections"]:
            lines.append(f"    {section['title']} : {section['said']}")
            lines += [f"      - {_row(row)}" for row in section["rows"]]
    out.writelines(printable(line) + "\n" for line in lines)


def _row(row: dict[str, Any]) -> str:
    rest = ", ".join(f"{name} {text}" for name, text in row["rest"])
    ended = f"[{row['ended_words']}] " if row["ended"] else ""
    return f"{ended}{row['main']}" + (f" ({rest})" if rest else "")


def _patients(count: int) -> str:
    return f"{count} patient{'s' if count > 1 else ''}"
