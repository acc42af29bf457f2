"""What the field exercise refuses, and what the reader should do about it."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class NotInADrill(ReleveError):
    """L'exercice avec les équipes se joue dans le dossier réel, pas dans une simulation."""

    next_step = "Ouvrez le service de l'établissement lui-même ; ./run drill joue la simulation."


class RealCrisisOpen(ReleveError):
    """Une crise RÉELLE est ouverte : aucun exercice ne peut se jouer."""

    next_step = "Allez à la page « Crise ». L'exercice reste prêt pour un autre jour."


class AnotherRuns(ReleveError):
    """L'exercice {number} est déjà en cours."""

    next_step = "Terminez-le d'abord : un seul exercice à la fois."


class NoExercise(ReleveError):
    """Aucun exercice ne correspond."""

    next_step = "Voyez la liste : page « Exercices », ou ./run drill field list."
    exit_code = 1


class WrongMoment(ReleveError):
    """L'exercice est {state} : cet acte ne se fait plus, ou pas encore."""

    next_step = "Rechargez la page : elle montre ce qui peut se faire maintenant."


class AlreadySigned(ReleveError):
    """Le rapport est signé : ses chiffres ne changent plus."""

    next_step = "Écrivez ce qui manque comme une action à suivre, ou au prochain exercice."


class ReportChanged(ReleveError):
    """Le rapport a changé depuis qu'il vous a été montré : il n'est pas signé."""

    next_step = "Relisez-le tel qu'il est maintenant, puis signez."


class TooShort(ReleveError):
    """L'exercice n'a été joué que {played} min : en dessous de {least} min, rien ne se signe."""

    next_step = (
        "Gardez ce rapport comme brouillon et rejouez l'exercice : une observation si courte ne"
        " vaut pas preuve « terrain »."
    )


class OneWitness(ReleveError):
    """Votre compte a pointé seul tous les lieux : il ne peut pas aussi signer ce rapport."""

    next_step = (
        "Faites signer une autre personne (direction, DSI ou cellule de crise), depuis son propre"
        " compte, avec son propre code."
    )


class UnknownGesture(ReleveError):
    """Ce geste n'est pas observé ici : « {slug} »."""

    next_step = "Rechargez la page : elle montre les gestes de cet exercice."


class BeforeStart(ReleveError):
    """{hour} tombe avant le début de l'exercice, ou n'est pas encore passée."""

    next_step = "Écrivez l'heure du geste, entre le début et la fin de l'exercice."


class MissingWords(ReleveError):
    """Il manque : {what}."""

    next_step = "Complétez, puis recommencez : rien n'a été écrit."


class BadFigure(ReleveError):
    """« {text} » ne convient pas pour : {what}."""

    next_step = "Il faut un nombre entre {least} et {most}."


class UnknownWard(ReleveError):
    """Aucun service de l'établissement n'a le code « {code} »."""

    next_step = "Choisissez parmi : {known}."


class CodeClosed(ReleveError):
    """Ce code n'ouvre rien : il est faux, remplacé, ou l'exercice est fini."""

    next_step = "Recopiez celui de votre feuille, ou écrivez les heures sur cette feuille."


class PaperRefused(ReleveError):
    """La mise en page a échoué : {why}."""

    next_step = "Vérifiez que fonts-dejavu-core est installé, puis recommencez : rien n'est perdu."
