"""What the simulated hospital refuses or could not do."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class SimulatorFailed(ReleveError):
    """Le simulateur n'a pas pu jouer « {who} » : {why}."""

    next_step = "Relancez l'exercice ; si cela se répète, ./run doctor dit ce qui manque."


class AlreadyPlayed(ReleveError):
    """Un exercice a déjà été joué dans {path}."""

    next_step = "Donnez un dossier neuf, ou ôtez --home : chaque exercice a le sien."


class AttackRefused(ReleveError):
    """L'attaquant d'exercice refuse : {why}."""

    next_step = (
        "Il ne touche que le dossier créé et marqué par cet exercice ; rien n'a été modifié hors"
        " de ce dossier."
    )


class DoorClosed(ReleveError):
    """La page {page} n'a pas répondu comme prévu : {why}."""

    next_step = "Ouvrez cette page dans un navigateur : le message y est le même."
