"""« Machines »: what is backed up, how old it is, what alarmed, and restores by two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from releve.kernel.errors import ReleveError
from releve.kernel.ids import machine_name
from releve.pages.house import current_home
from releve.pages.rights import at_home, needs
from releve.pages.roles import Role
from releve.vault.restored import read_restored
from releve.vault.state import MachineState, read_state, read_states

#: Who sees machines: they hold file names, so neither wards nor other entities.
READERS = (Role.DIRECTION, Role.DSI, Role.CRISIS_CELL, Role.AUDITOR)
#: A machine whose last backup is older is « à vérifier ».
PERIOD = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """A machine in words: a mark, a word, and since when."""

    state: MachineState
    mark: str
    word: str
    moment: datetime | None


@needs(*READERS, perimeter=at_home)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All machines, those that need somebody first."""
    rows = sorted(
        (describe(state, timezone.now()) for state in read_states(current_home().path)),
        key=lambda row: (row.mark == "●", row.state.machine),
    )
    return render(request, "vault/machines.html", {"rows": rows, "first": _sentence(rows)})


@needs(*READERS, perimeter=at_home)
@require_safe
def machine(request: HttpRequest, name: str) -> HttpResponse:
    """One machine: its snapshots, its alarm, what was refused, its last restore."""
    home = current_home()
    try:
        state = read_state(home.path, machine_name(name))
    except ReleveError as error:
        raise Http404(str(error)) from error
    if state is None:
        raise Http404(_("Cette machine n'est pas inscrite."))
    context = {
        "row": describe(state, timezone.now()),
        "snapshots": state.snapshots[::-1][:50],
        "restored": read_restored(home, state.machine),
        "refusals": sorted(state.refusals.items()),
        "garbage": sorted(state.garbage.items()),
    }
    return render(request, "vault/machine.html", context)


def describe(state: MachineState, now: datetime) -> Row:
    """The state of a machine, as words before colour."""
    if state.alarm is not None:
        return Row(state, "○", _("alarme : fichiers illisibles"), state.alarm.at)
    clean = state.last_clean
    if clean is None:
        return Row(state, "–", _("jamais sauvegardée"), None)
    if now - clean.received > PERIOD:
        return Row(state, "◐", _("à vérifier"), clean.received)
    if state.last is not None and state.last.verdict != "clean":
        return Row(state, "◐", _("dernière sauvegarde douteuse"), clean.received)
    return Row(state, "●", _("à jour"), clean.received)


def _sentence(rows: Sequence[Row]) -> str:
    if not rows:
        return _("Aucune machine n'est inscrite.")
    alarmed = sum(row.mark == "○" for row in rows)
    late = sum(row.mark in "◐–" for row in rows)
    counts = {"alarmed": alarmed, "late": late, "known": len(rows)}
    if alarmed:
        said = ngettext(
            "Une machine en alarme, sur %(known)s.",
            "%(alarmed)s machines en alarme, sur %(known)s.",
            alarmed,
        )
    elif late:
        said = ngettext(
            "Une machine à vérifier, sur %(known)s.",
            "%(late)s machines à vérifier, sur %(known)s.",
            late,
        )
    else:
        said = ngettext(
            "Une machine, avec une sauvegarde saine de moins d'un jour.",
            "%(known)s machines, toutes avec une sauvegarde saine de moins d'un jour.",
            len(rows),
        )
    return said % counts
