"""What keeps an import from going on: the docstring is the message, ``next_step`` what to do."""

from __future__ import annotations

from releve.establishment.errors import EstablishmentError


class FileUnreadable(EstablishmentError):
    """{name} ne se lit pas : {why}."""

    next_step = (
        "Ouvrez-le dans le logiciel d'où il vient, enregistrez-le de nouveau (xlsx ou csv), puis"
        " redonnez-le. Rien n'a été changé."
    )


class NothingFound(EstablishmentError):
    """{name} ne contient rien que Relève reconnaisse pour « {kind} » : {why}."""

    next_step = (
        "Vérifiez que c'est le bon fichier et le bon genre ; sinon dites quelle colonne est quoi,"
        " sur la page d'aperçu ou par --map (docs/establishment.md)."
    )


class MapUnreadable(EstablishmentError):
    """Le fichier de correspondance {name} ne se lit pas : {why}."""

    next_step = "docs/establishment.md, « Importer », en donne le modèle."


class EntityNeeded(EstablishmentError):
    """Aucun établissement n'est encore gardé : il faut son numéro FINESS et son nom."""

    next_step = "Ajoutez --finess EJ,EG --name « Centre hospitalier de … »."


class PendingGone(EstablishmentError):
    """Ce fichier n'attend plus : il a été importé, abandonné, ou déposé il y a plus d'un jour."""

    next_step = "Redonnez-le sur la page « Importer »."


class NoSuchLine(EstablishmentError):
    """« {who} » n'est personne de l'établissement."""

    next_step = "Revenez à la liste des personnes."


class DirectoryRefused(EstablishmentError):
    """L'annuaire {address} n'a pas répondu comme il faut : {why}."""

    next_step = (
        "Vérifiez l'adresse (ldaps://…), la base et le compte de lecture ; ou exportez l'annuaire"
        " en LDIF ou en CSV et importez ce fichier."
    )
