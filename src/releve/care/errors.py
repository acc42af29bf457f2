"""What can go wrong with the patient feed; nothing that was acknowledged is dropped silently."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class MonthKeyDamaged(ReleveError):
    """La clé du mois {month} ({file}) n'est pas lisible : {why}."""

    next_step = (
        "Remettez ce fichier depuis la copie des secrets du dossier ; sans lui, les messages de ce"
        " mois ne se lisent plus. N'effacez rien."
    )


class RecordAltered(ReleveError):
    """L'enregistrement {index} du journal des messages ne se déchiffre pas : {why}."""

    next_step = (
        "Quelqu'un a réécrit le journal : n'effacez rien, copiez le dossier, prévenez la personne"
        " chargée de la preuve. Les autres messages restent lisibles."
    )


class RecordTooNew(ReleveError):
    """L'enregistrement {index} est au format {found}, ce programme s'arrête au {known}."""

    next_step = "Installez une version de Relève au moins aussi récente que celle qui l'a écrit."


class BadMonth(ReleveError):
    """« {text} » n'est pas un mois."""

    next_step = "Écrivez l'année et le mois de réception (heure UTC), par exemple 2026-11."


class MonthIsCurrent(ReleveError):
    """Refusé : des messages arrivent encore sous la clé du mois {month}."""

    next_step = (
        "Attendez la fin du mois ; ou arrêtez le service, puis ajoutez --yes-this-month si tout ce"
        " mois doit vraiment disparaître."
    )


class MonthUnknown(ReleveError):
    """Aucune clé pour le mois {month} : {why}."""

    next_step = "Mois qui ont une clé : {known}."


class ViewsAhead(ReleveError):
    """Les vues connaissent {cursor} messages, le journal n'en a que {count}."""

    next_step = (
        "Le journal vient d'une copie plus ancienne : remettez le bon, ou reconstruisez les vues"
        " à partir de celui-ci par ./run care rebuild."
    )


class BadSenders(ReleveError):
    """{file} : {what}"""

    next_step = (
        'Une table par émetteur, par exemple [sender."LABO|CHV"] puis unreadable = "AE" ("AA" ou'
        ' "AE").'
    )


class NotTaken(ReleveError):
    """L'émetteur n'a pas pu remettre ses messages à {where} : {why}."""

    next_step = "Vérifiez que le service est en marche (./run serve ou ./run care listen)."


class UnreadableFeed(ReleveError):
    """{file} : {what}"""

    next_step = (
        "Il faut des messages HL7 v2 : un ou plusieurs, segments séparés par CR, LF ou CRLF, avec"
        " ou sans trames MLLP ou enveloppe FHS/BHS."
    )
