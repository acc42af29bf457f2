"""What can stop a dossier from being printed."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class ThreatModelMissing(ReleveError):
    """Le modèle de menaces du projet (threat-model.md) ne se trouve pas avec ce programme."""

    next_step = "Réinstallez Relève : sans lui le dossier ne saurait dire ce qui n'est pas protégé."


class DossierRefused(ReleveError):
    """Le document « {name} » n'a pas pu être mis en page : {why}"""

    next_step = "Signalez-le avec ce message : rien n'a été écrit."


class FolderTaken(ReleveError):
    """Le dossier {path} existe et n'est pas vide."""

    next_step = "Donnez un dossier neuf ou vide : un dossier imprimé ne se mélange pas à un autre."
