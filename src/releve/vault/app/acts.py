"""Acts of the vault that need two people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from releve.kernel.clock import from_iso
from releve.kernel.errors import BadInput
from releve.kernel.ids import machine_name
from releve.kernel.perimeter import Perimeter
from releve.kernel.units import moment
from releve.pages.acts import Act, Effect, Field
from releve.pages.house import current_home, home_perimeter
from releve.pages.roles import Role
from releve.vault.app.tasks import restore_machine
from releve.vault.errors import NoCleanSnapshot, NotEnrolled
from releve.vault.state import read_state

RESTORE = "vault.restore"


def _prepare(answers: Mapping[str, str]) -> dict[str, Any]:
    """Each machine, in the order wanted, with the clean snapshot that is fixed at the request:
    nothing received between the request and the approval changes what is approved.
    """
    home = current_home()
    limit = _moment(answers.get("before", ""))
    chosen: list[dict[str, str]] = []
    for word in answers["machines"].replace(",", " ").split():
        machine = machine_name(word)
        state = read_state(home.path, machine)
        if state is None:
            raise NotEnrolled(machine=machine)
        line = state.last_clean_before(limit) if limit else state.last_clean
        if line is None:
            raise NoCleanSnapshot(machine=machine)
        chosen.append({"machine": machine, "snapshot": line.id, "received": moment(line.received)})
    if not chosen:
        fix = _("Écrivez un ou plusieurs noms de machines, séparés par des espaces.")
        raise BadInput(where="machines", what=_("aucune machine nommée"), fix=fix)
    return {"restores": chosen}


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return from_iso(text.strip())
    except ValueError as error:
        fix = _("Écrivez l'heure avec son fuseau : 2026-11-22T01:00:00+01:00.")
        raise BadInput(
            where=_("reçue avant"), what=f"« {text} » n'est pas une heure", fix=fix
        ) from error


def _words(act: Mapping[str, Any]) -> Sequence[str]:
    chosen = [
        f"{each['machine']} : sauvegarde saine {each['snapshot'][:8]}, reçue le {each['received']}."
        for each in act["restores"]
    ]
    return [
        *chosen,
        "Chacune sera restaurée dans un dossier neuf du coffre, puis vérifiée fichier par fichier.",
        "Aucune machine n'est modifiée, aucun fichier n'est écrasé.",
    ]


def at_entity(act: Mapping[str, Any]) -> Perimeter:
    """The home's legal entity; raises ``BadInput`` before it is declared."""
    where = home_perimeter()
    if where is None:
        fix = _("Ouvrez d'abord le premier accès : il demande le FINESS de l'établissement.")
        raise BadInput(where=RESTORE, what=_("l'établissement n'est pas déclaré"), fix=fix)
    return where


def _perform(act: Mapping[str, Any], requester: int) -> str:
    for each in act["restores"]:
        restore_machine.enqueue(each["machine"], each["snapshot"])
    return f"{len(act['restores'])} restauration(s) commencent."


RESTORE_ACT = Act(
    title=_("Restaurer des machines"),
    may_request=frozenset({Role.DSI, Role.CRISIS_CELL}),
    may_approve=frozenset({Role.DIRECTION, Role.DSI, Role.CRISIS_CELL}),
    words=_words,
    perimeter=at_entity,
    perform=_perform,
    prepare=_prepare,
    fields=(
        Field(
            "machines",
            _("Machines à restaurer"),
            _(
                "Leurs noms, séparés par des espaces, dans l'ordre voulu. C'est la dernière"
                " sauvegarde saine de chacune qui est prise."
            ),
        ),
        Field(
            "before",
            _("Reçue avant (facultatif)"),
            _(
                "Si l'attaque a commencé avant l'alarme : l'heure avec son fuseau, par exemple"
                " 2026-11-22T01:00:00+01:00."
            ),
            optional=True,
        ),
    ),
    effect=Effect.BESIDE,
    solo=True,
)
