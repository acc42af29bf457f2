"""``./run care quarantine``: which messages could not be read, and why. Nothing clinical."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from releve.cli.care_files import received_views
from releve.cli.options import HomeOption, JsonOption, open_home, printable, screen, write_json
from releve.kernel.clock import iso
from releve.kernel.units import moment, thousands

if TYPE_CHECKING:
    from typing import TextIO

    from releve.care.views import Quarantined, Views

_SHOWN = 40
_PAGE = 500


def quarantine(json: JsonOption = None, home: HomeOption = None) -> None:
    """Les messages gardés et non lus : rang, réception, émetteur, numéro (MSH-10), raison.

    Un message renvoyé lisible sous le même numéro n'y est plus. Le patient est l'identifiant de
    « care patient », quand le message en nomme un. Code de sortie : 0 aucun, 1 au moins un, 2
    aucune donnée.
    """
    waiting = _all(received_views(open_home(home)))
    _show(waiting, screen(json))
    write_json(json, {"count": len(waiting), "messages": [_figures(each) for each in waiting]})
    raise typer.Exit(1 if waiting else 0)


def _all(views: Views) -> list[Quarantined]:
    """Most recent first."""
    found = list(views.quarantine(_PAGE))
    while found and (older := views.quarantine(_PAGE, found[-1].source)):
        found += older
    return found


def _show(waiting: list[Quarantined], out: TextIO) -> None:
    if not waiting:
        print("Aucun message en quarantaine.", file=out)
        return
    print(f"Messages en quarantaine : {thousands(len(waiting))}.", file=out)
    for each in waiting[:_SHOWN]:
        control = printable(each.control) or "sans numéro"
        about = f" ; patient {each.patient}" if each.patient else ""
        print(
            f"  message {thousands(each.source)}, reçu {moment(each.received)},"
            f" {printable(each.sender) or 'émetteur illisible'}, {control} :"
            f" {printable(each.reason)}{about}",
            file=out,
        )
    if len(waiting) > _SHOWN:
        print(f"  … et {thousands(len(waiting) - _SHOWN)} autres (voir --json).", file=out)
    print("→ Faites corriger et renvoyer ces messages par leur émetteur, même numéro.", file=out)


def _figures(each: Quarantined) -> dict[str, object]:
    return {
        "index": each.source,
        "received": iso(each.received),
        "sender": each.sender,
        "control": each.control or None,
        "kind": each.kind or None,
        "reason": each.reason,
        "patient": each.patient,
    }
