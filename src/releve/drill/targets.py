"""The least targets of the package. A scenario may tighten them, never loosen.

Seconds are the hospital's patience, not this machine's speed (that belongs to ``bench``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from releve.drill.measures import Target
from releve.kernel.errors import ReleveError


class LooserTarget(ReleveError):
    """{where} : le but « {measure} {op} {asked} » est plus lâche que celui du programme ({least})."""

    next_step = "Resserrez-le ou ôtez la ligne : un scénario ne peut pas se rendre la tâche facile."


@dataclass(frozen=True)
class Aim:
    """A measure's id, its unit, and its least target given what the scenario and the night fix."""

    id: str
    unit: str
    seen_by: str


AIMS = {
    aim.id: aim
    for aim in (
        Aim("detect.seconds", "s", "simulateur et registre"),
        Aim("detect.files_lost", "fichiers", "journal de l'attaquant"),
        Aim("vault.destroy_attempts", "essais", "simulateur"),
        Aim("vault.destroy_refused", "essais", "simulateur"),
        Aim("vault.restored_files", "fichiers", "simulateur"),
        Aim("vault.restored_identical", "fichiers", "simulateur"),
        Aim("restore.p0_seconds", "s", "simulateur"),
        Aim("vault.acknowledged_lost", "objets", "simulateur (réseau)"),
        Aim("ledger.entries", "entrées", "vérificateur"),
        Aim("ledger.verified", "vrai/faux", "vérificateur"),
    )
}
LEAST_ATTEMPTS = 12
DETECTION_GRACE_SECONDS = 60.0


@dataclass(frozen=True)
class Context:
    """What the night itself fixes: how much there was to attempt and to restore."""

    period_seconds: float
    dmia_seconds: float
    attempts: int
    files: int


def least(context: Context) -> dict[str, Target | None]:
    """The least target of each measure; None = only reported."""
    return {
        "detect.seconds": Target("<=", context.period_seconds + DETECTION_GRACE_SECONDS),
        "detect.files_lost": None,
        "vault.destroy_attempts": Target(">=", LEAST_ATTEMPTS),
        "vault.destroy_refused": Target("==", context.attempts),
        "vault.restored_files": Target("==", context.files),
        "vault.restored_identical": Target("==", context.files),
        "restore.p0_seconds": Target("<=", context.dmia_seconds),
        "vault.acknowledged_lost": Target("<=", 0),
        "ledger.entries": None,
        "ledger.verified": Target("==", True),
    }


def tightened(
    targets: Mapping[str, Target | None], asked: Mapping[str, float], where: str
) -> dict[str, Target | None]:
    """The scenario's own targets over the least ones; raises :class:`LooserTarget`."""
    result = dict(targets)
    for measure, value in asked.items():
        target = result.get(measure)
        if target is None or target.op == "==":
            result[measure] = result.get(measure)
            continue
        looser = value > target.value if target.op == "<=" else value < target.value
        if looser:
            text = f"{target.op} {target.value}"
            raise LooserTarget(where=where, measure=measure, op=target.op, asked=value, least=text)
        result[measure] = Target(target.op, value)
    return result
