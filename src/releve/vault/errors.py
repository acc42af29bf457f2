"""The vault's errors: the docstring is the message, ``next_step`` what to do now."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class VaultError(ReleveError):
    """Le coffre n'a pas pu faire ce qui était demandé."""


class Unreadable(VaultError):
    """{what} n'est pas lisible : {why}."""

    next_step = (
        "L'objet est gardé mais n'est jamais rendu à la machine ; voyez ./run vault list NOM."
    )


class Absent(Unreadable):
    """{what} manque : {why}."""


class AlreadyEnrolled(VaultError):
    """La machine {machine} est déjà inscrite au coffre."""

    next_step = (
        "Choisissez un autre nom : les identifiants d'une machine ne sont montrés qu'une fois."
    )


class NotEnrolled(VaultError):
    """La machine {machine} n'est pas inscrite au coffre."""

    next_step = "Voyez ./run vault list ; pour l'inscrire : ./run vault enrol {machine}"


class NoCleanSnapshot(VaultError):
    """Aucune sauvegarde saine n'est connue pour {machine}."""

    next_step = "Voyez ./run vault list {machine} et choisissez avec --snapshot."


class UnknownSnapshot(VaultError):
    """{machine} n'a pas de sauvegarde « {snapshot} » que le coffre ait lue comme valable."""

    next_step = "Voyez ./run vault list {machine} et donnez au moins huit caractères."


class FolderNotNew(VaultError):
    """Le dossier {path} existe déjà et n'est pas vide : une restauration n'écrase jamais."""

    next_step = "Donnez à --into un dossier qui n'existe pas encore."


class ResticFailed(VaultError):
    """restic {verb} a échoué (code {code}) : {said}"""

    next_step = "Vérifiez l'espace disque et les droits, puis recommencez la même commande."


class ReceiverUnreachable(VaultError):
    """Le récepteur du coffre ne répond pas ({path}) : {why}."""

    next_step = "Démarrez la maison avec ./run serve, ou regardez ./run doctor."


class BadRepositoryUrl(VaultError):
    """« {url} » n'est pas l'adresse d'un dépôt restic avec ses identifiants."""

    next_step = "Écrivez rest:http://NOM:SECRET@127.0.0.1:PORT/NOM/"


class StateUnreadable(VaultError):
    """Le fichier d'état {path} n'est pas lisible : {why}."""

    next_step = "Renommez ce fichier : le coffre le refait depuis ses reçus au prochain démarrage."
