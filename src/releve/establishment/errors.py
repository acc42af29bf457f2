"""The establishment's errors: the docstring is the message, ``next_step`` what to do now."""

from __future__ import annotations

import errno

from releve.kernel.errors import ReleveError
from releve.kernel.home import FinessRefused

_REASONS = {
    errno.ENOENT: "introuvable",
    errno.EACCES: "lecture refusée, il manque un droit",
    errno.EPERM: "lecture refusée, il manque un droit",
    errno.ELOOP: "c'est un lien symbolique, il n'est pas suivi",
    errno.ENOTDIR: "ce n'est pas un dossier",
    errno.EISDIR: "c'est un dossier, il fallait un fichier",
    errno.ENXIO: "ce n'est pas un fichier ordinaire",
    errno.ENAMETOOLONG: "ce nom est trop long",
    errno.EIO: "le disque ne le rend pas",
    errno.EMFILE: "trop de fichiers sont ouverts",
    errno.ENFILE: "trop de fichiers sont ouverts",
}


def reason(error: OSError) -> str:
    """Why the system refused a file, in French; its number when there is no plain word for it."""
    return _REASONS.get(error.errno or 0, f"refus n° {error.errno} du système")


class EstablishmentError(ReleveError):
    """L'établissement n'a pas pu être lu."""


class FolderUnreadable(EstablishmentError):
    """{path} n'est pas le dossier d'un établissement : {why}."""

    next_step = "Donnez un dossier tel que examples/valbrume ; docs/establishment.md le décrit."


class FolderFaulty(EstablishmentError):
    """{path} a {count} défaut(s). Le premier : {first}."""

    next_step = "Pour les voir tous, avec leur remède : ./run establishment check {path}"
    exit_code = 1


class NothingStored(EstablishmentError):
    """Aucun établissement n'est gardé dans ce dossier Relève."""

    next_step = "Gardez-en un : ./run establishment load DIR"


class FolderNotNew(EstablishmentError):
    """Le dossier {path} existe déjà et n'est pas vide : rien n'y est écrit."""

    next_step = "Donnez un dossier qui n'existe pas encore."


class Overtaken(EstablishmentError):
    """L'établissement gardé a changé pendant que ceci était préparé : rien n'est écrit."""

    next_step = "Reprenez : l'aperçu sera refait sur l'établissement d'aujourd'hui."


class StoreDamaged(EstablishmentError):
    """L'établissement gardé n'est plus celui qui fut chargé : {what}."""

    next_step = "Rechargez-le depuis votre copie : ./run establishment load DIR"


class FinessOfTest(FinessRefused):
    """Le FINESS {number} est un numéro de test : un dossier réel ne le garde pas."""

    next_step = (
        "Mettez le FINESS de votre établissement à sa place dans establishment.toml et machines.csv"
        " (./run establishment check dit s'il est juste). L'exemple se lit sans être chargé :"
        " donnez son dossier à check, blast, demands ou plan ; ./run drill le charge dans son"
        " propre dossier."
    )


class UnknownNode(EstablishmentError):
    """« {node} » n'est le nom d'aucun nœud de l'établissement."""

    next_step = "{hint}"


class UnknownGate(EstablishmentError):
    """« {gate} » n'est le nom d'aucune porte de l'établissement."""

    next_step = "Portes connues : {known}."


class NobodyNamed(EstablishmentError):
    """La porte « {gate} » ne peut être fermée que par une personne nommée."""

    next_step = "Écrivez --closed « {gate}=Prénom Nom »."


class NoTeam(EstablishmentError):
    """Il faut au moins une équipe, et {teams} n'en fait pas."""

    next_step = "Écrivez --teams avec un nombre entre 1 et 1000."


class GatesKnotted(EstablishmentError):
    """Une porte attend ce qu'elle retient : aucun plan ne peut la franchir."""

    next_step = "./run establishment check DIR dit laquelle, et comment la dénouer."
