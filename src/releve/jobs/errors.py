"""What can go wrong before or beside a job; a handler's own errors are kept on its job."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class ArgumentsNotJson(ReleveError):
    """Le travail « {task} » a reçu des arguments que JSON ne rend pas à l'identique : {why}."""

    next_step = "Donnez du texte, des nombres, des listes : un identifiant, pas un objet."


class TaskNotImportable(ReleveError):
    """La fonction {function} ne peut pas être un travail : un autre processus ne la retrouverait
    pas.
    """

    next_step = "Déclarez @task sur une fonction de premier niveau d'un module."


class TaskNotFound(ReleveError):
    """Le travail « {task} » est inconnu de ce programme : {why}."""

    next_step = "Mettez à jour ce programme, ou relancez le travail une fois la tâche rétablie."


class LeaseTooShort(ReleveError):
    """Un bail de {lease} s ne survit pas à l'attente de la base, qui peut durer {timeout} s."""

    next_step = "Donnez un bail d'au moins {least} s, ou réduisez « timeout » dans les réglages."


class DateWithoutZone(ReleveError):
    """Le travail « {task} » devait partir à {run_at}, une date sans fuseau horaire."""

    next_step = "Donnez une date avec fuseau (UTC)."


class Interrupted(ReleveError):
    """Le travail a mis fin {times} fois à son processus sans rendre de verdict."""

    next_step = "Cherchez dans le journal du système ce qui arrête le processus, puis relancez-le."
