"""What may replace a good kit: decided from the last one published and the next one, no I/O.

An intruder's mass discharge, a half-empty restart of the hospital's system or erased allergies look
like news. Rule of the issue: a census that fell by more than 20 % and by two patients or more, a
section that vanished, a silent feed: the last good kit stays and says its age. A person may accept
the fall (a ward that closes), never the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from releve.care.sheet import SECTIONS, PatientSheet, State, WardSheet
from releve.kernel.units import duration, moment

_SHARE = 0.20
_AT_LEAST = 2
_WORDS = {
    "allergies": "les allergies",
    "treatments": "les traitements",
    "results": "les résultats",
    "documents": "les documents",
}


def fall(before: int, after: int) -> str | None:
    """Why a census of ``after`` patients must not replace one of ``before``, or None."""
    lost = before - after
    if lost >= _AT_LEAST and lost > _SHARE * before:
        return f"le service passe de {before} à {after} patients d'un kit au suivant"
    return None


def silence(as_of: datetime | None, now: datetime, longest: timedelta) -> str | None:
    """Why a sheet whose last message came at ``as_of`` must not pass for fresh, or None."""
    if as_of is None:
        return "aucun message n'a jamais été reçu"
    if now - as_of > longest:
        return f"la source est muette depuis {duration(now - as_of)} (le {moment(as_of)})"
    return None


def vanished(before: WardSheet, after: WardSheet) -> str | None:
    """Which sections were emptied for patients who are still there, or None. A row stopped by the
    source stays, struck through, so a section that empties is never ordinary care.
    """
    stayed = {patient.key: patient for patient in after.patients}
    pairs = [(old, stayed[old.key]) for old in before.patients if old.key in stayed]
    reasons = list(_emptied(pairs))
    return " ; ".join(reasons) or None


def _emptied(pairs: list[tuple[PatientSheet, PatientSheet]]) -> Iterator[str]:
    for name in SECTIONS:
        had = [(old, new) for old, new in pairs if old.section(name).state is not State.NEVER]
        lost = sum(
            new.section(name).state is State.NEVER
            or (bool(old.section(name).rows) and not new.section(name).rows)
            for old, new in had
        )
        if lost and (lost == len(had) or (lost >= _AT_LEAST and lost > _SHARE * len(had))):
            yield f"{_WORDS[name]} de {lost} patients sur {len(had)} ont disparu"
