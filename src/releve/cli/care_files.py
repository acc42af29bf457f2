"""``./run care ward`` and ``./run care patient``: the census and a file, on the server's console.

Opening a file here is told to the ledger as on the pages; who is « console », the account of this
machine that the command runs under is not a person's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import SystemClock, iso
from releve.kernel.errors import ReleveError
from releve.kernel.home import Home
from releve.kernel.units import moment, thousands

if TYPE_CHECKING:
    from rich.console import Console

    from releve.care.sheet import PatientSheet, Section, Stay, Traits, WardSheet
    from releve.care.views import Views
    from releve.kernel.perimeter import Perimeter

_ORIGIN = "care.console"
_ASKED = 20


class NothingReceived(ReleveError):
    """Aucun message du dossier patient n'a été reçu dans {path}."""

    next_step = (
        "Branchez le flux (./run serve, ou ./run care listen), rejouez un fichier par"
        " ./run care replay FICHIER, ou donnez le bon dossier avec --home."
    )


class SeveralPatients(ReleveError):
    """« {text} » désigne {count} dossiers : {keys}."""

    next_step = "Donnez l'un de ces identifiants : ./run care patient IDENTIFIANT"
    exit_code = 1


def ward(
    code: Annotated[str, typer.Argument(metavar="W", help="Le code de l'unité (PV1-3 du flux).")],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Qui est dans ce service, dans l'ordre des lits.

    Code de sortie : 0 recensé, 1 service inconnu, 2 aucune donnée.
    """
    from rich.console import Console

    place = open_home(home)
    store = received_views(place)
    now = SystemClock().now()
    sheet = store.ward(code, now)
    console = Console(file=screen(json), highlight=False, markup=False)
    known = sorted(line.code for line in store.wards() if line.code)
    _show_ward(console, sheet, known, now)
    write_json(json, _ward_figures(sheet))
    raise typer.Exit(0 if sheet.patients or code in known else 1)


def patient(
    wanted: Annotated[
        str,
        typer.Argument(metavar="ID", help="Identifiant de dossier, IPP, numéro de séjour ou INS."),
    ],
    json: JsonOption = None,
    home: HomeOption = None,
) -> None:
    """Le dossier d'un patient ; chaque ouverture est inscrite au registre.

    Code de sortie : 0 trouvé, 1 personne (ou plusieurs), 2 aucune donnée.
    """
    from rich.console import Console

    place = open_home(home)
    store = received_views(place)
    now = SystemClock().now()
    console = Console(file=screen(json), highlight=False, markup=False)
    sheet = _sheet(store, wanted, now)
    if sheet is None:
        console.print(f"Aucun dossier pour « {printable(wanted)} ».")
        console.print("→ Cherchez-le par son service : ./run care ward SERVICE")
        raise typer.Exit(1)
    _tell_opened(place, sheet, now)
    _show_patient(console, sheet, now)
    write_json(json, _patient_figures(sheet))


def received_views(home: Home) -> Views:
    """The views of a home; raises :class:`NothingReceived`."""
    from releve.care.views import Views, views_path

    path = views_path(home)
    if not path.exists():
        raise NothingReceived(path=home.path)
    return Views(path)


def _sheet(store: Views, wanted: str, now: datetime) -> PatientSheet | None:
    """By key, else by a number that is exactly one of the patient's; raises
    :class:`SeveralPatients`.
    """
    direct = store.patient(wanted, now)
    if direct is not None:
        return direct
    sheets = (store.patient(found.key, now) for found in store.find(wanted, None, _ASKED))
    same = {sheet.key: sheet for sheet in sheets if sheet and wanted in _numbers(sheet)}
    if len(same) > 1:
        raise SeveralPatients(
            text=printable(wanted), count=thousands(len(same)), keys=", ".join(same)
        )
    return next(iter(same.values()), None)


def _numbers(sheet: PatientSheet) -> set[str]:
    visit = {sheet.stay.visit} if sheet.stay else set()
    return {sheet.traits.ipp, sheet.traits.ins, *sheet.merged, *visit} - {""}


def _tell_opened(home: Home, sheet: PatientSheet, now: datetime) -> None:
    """Durable before anything is shown. A number taken in the same microsecond: the next one."""
    from releve.care.opening import opened
    from releve.ledger.errors import NumberTaken
    from releve.runtime.ledger import open_ledger

    number = int(now.timestamp() * 1_000_000)
    where = _perimeter(home, sheet)
    with open_ledger(home) as ledger:
        while True:
            fact = opened(
                home,
                patient=sheet.key,
                where=where,
                who="console",
                door="console",
                when=now,
                origin=_ORIGIN,
                number=number,
            )
            try:
                ledger.append(fact)
            except NumberTaken:
                number += 1
            else:
                return


def _perimeter(home: Home, sheet: PatientSheet) -> Perimeter | None:
    """Where the file lies by the establishment's folder; None while none is loaded."""
    from releve.care.perimeters import wards_of
    from releve.establishment import stored
    from releve.kernel.perimeter import Perimeter

    known = stored(home)
    if known is None or not known.legal_entities:
        return None
    entity = Perimeter(known.legal_entities[0].finess)
    return wards_of(home, entity).at(sheet.stay.ward if sheet.stay else None).perimeter


def _show_ward(console: Console, sheet: WardSheet, known: Sequence[str], now: datetime) -> None:
    from rich.table import Table

    from releve.care import words
    from releve.pages.figures import age

    dated = f"données de {moment(sheet.as_of)} ({age(sheet.as_of, now)})" if sheet.as_of else "–"
    count = len(sheet.patients)
    console.print(
        f"{printable(sheet.ward)} · {thousands(count)} patient{'s' if count > 1 else ''} · {dated}"
    )
    if not sheet.patients:
        console.print("Aucun patient dans ce service, d'après les messages reçus.")
        console.print(f"→ Services connus : {printable(', '.join(known)) or 'aucun'}")
        return
    table = Table("lit", "nom", "né(e) le", "IPP", "allergies", "attention", box=None)
    for each in sheet.patients:
        section = each.section("allergies")
        texts = [row.values[0].text for row in section.rows if row.values and not row.ended]
        notes = (words.homonym_words(each.homonyms), words.unread_words(each.unread))
        said = words.short_state(section.name, section.state)
        table.add_row(
            printable(_bed(each.stay)),
            printable(_name(each.traits)),
            printable(each.traits.born),
            printable(each.traits.ipp),
            printable(" · ".join([part for part in (", ".join(texts), said) if part])),
            printable(" ; ".join(note for note in notes if note)),
        )
    console.print(table)


def _show_patient(console: Console, sheet: PatientSheet, now: datetime) -> None:
    from releve.care import words

    traits = sheet.traits
    console.print(
        f"{printable(_name(traits))} · {printable(traits.sex)} · né(e) {printable(traits.born)}"
        f" · IPP {printable(traits.ipp)} · INS {printable(traits.ins) or 'non qualifiée'}"
    )
    stay = sheet.stay
    where = f"{stay.ward} {_bed(stay)}, séjour {stay.visit}" if stay else "pas de séjour en cours"
    console.print(printable(where))
    for note in (words.homonym_words(sheet.homonyms), words.unread_words(sheet.unread)):
        if note:
            console.print(f"⚠ {printable(note)}")
    for section in sheet.sections:
        _show_section(console, section, now)


def _show_section(console: Console, section: Section, now: datetime) -> None:
    from releve.care import words
    from releve.pages.figures import age

    dated = f" (reçu {moment(section.as_of)}, {age(section.as_of, now)})" if section.as_of else ""
    console.print(f"\n{words.TITLES[section.name]}{dated}")
    said = words.state_words(section)
    if said:
        since = f" {moment(section.heard)}" if section.heard and section.rows else ""
        console.print(f"  {said}{since}")
    for row in section.rows:
        texts = "  ".join(value.text for value in row.values if value.text)
        word = words.status_word(section.name, row.status) or ("terminé" if row.ended else "")
        when = moment(row.when) if row.when else ""
        told = [printable(texts), f"[{printable(word)}]" if word else "", when]
        console.print("  " + "  ".join(part for part in told if part))


def _bed(stay: Stay | None) -> str:
    return (stay.bed or stay.room) if stay else ""


def _name(traits: Traits) -> str:
    return f"{traits.name} {traits.first_names}".strip()


def _ward_figures(sheet: WardSheet) -> dict[str, object]:
    """The census: traits and place; what the file holds is read by ``care patient``."""
    return {
        "ward": sheet.ward,
        "as_of": iso(sheet.as_of) if sheet.as_of else None,
        "until": sheet.until,
        "count": len(sheet.patients),
        "patients": [
            {
                **_identity(each),
                "states": {section.name: section.state.value for section in each.sections},
            }
            for each in sheet.patients
        ],
    }


def _identity(sheet: PatientSheet) -> dict[str, object]:
    traits, stay = sheet.traits, sheet.stay
    return {
        "key": sheet.key,
        "ipp": traits.ipp,
        "name": traits.name,
        "birth_name": traits.birth_name,
        "first_names": traits.first_names,
        "born": traits.born,
        "sex": traits.sex,
        "ins": traits.ins or None,
        "identity_status": traits.identity_status or None,
        "visit": stay.visit if stay else None,
        "ward": stay.ward if stay else None,
        "room": stay.room if stay else None,
        "bed": stay.bed if stay else None,
        "since": iso(stay.since) if stay and stay.since else None,
        "homonyms": list(sheet.homonyms),
        "unread": sheet.unread,
    }


def _patient_figures(sheet: PatientSheet) -> dict[str, object]:
    return {
        **_identity(sheet),
        "merged": list(sheet.merged),
        "sections": {section.name: _section_figures(section) for section in sheet.sections},
    }


def _section_figures(section: Section) -> dict[str, object]:
    return {
        "state": section.state.value,
        "as_of": iso(section.as_of) if section.as_of else None,
        "heard": iso(section.heard) if section.heard else None,
        "rows": [
            {
                "values": [
                    {"name": v.name, "text": v.text, "field": v.field, "message": v.source}
                    for v in row.values
                ],
                "when": iso(row.when) if row.when else None,
                "received": iso(row.received),
                "status": row.status or None,
                "ended": row.ended,
                "message": row.source,
            }
            for row in section.rows
        ],
    }
