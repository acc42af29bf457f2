"""What the binder refuses, and what the reader should do about it."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class BinderRefused(ReleveError):
    """Le classeur n'a pas été composé : {why}."""

    next_step = "Rien n'a été écrit. Recommencez ; si cela revient : ./run doctor"


class CensusUnreadable(ReleveError):
    """Le recensement {file} ne se lit pas : {why}."""

    next_step = (
        "Donnez un CSV, un XLSX ou un ODS avec au moins une colonne « nom » et une colonne"
        " « service » ; sans recensement, le classeur se fait avec des feuilles vierges."
    )


class UnknownWard(ReleveError):
    """« {ward} » n'est pas un service à lits de l'établissement."""

    next_step = "Services à lits connus : {known}."


class NoEstablishment(ReleveError):
    """Relève ne connaît pas encore l'établissement : un classeur serait vide."""

    next_step = (
        "Chargez-le (./run establishment load DIR) ou importez vos tableurs, puis recommencez."
    )


class FolderNotEmpty(ReleveError):
    """Le dossier {path} n'est pas vide : rien n'y est écrit."""

    next_step = "Donnez un dossier qui n'existe pas encore : deux exemplaires ne se mêlent pas."


class UnknownCopy(ReleveError):
    """L'exemplaire n° {number} n'existe pas, ou il a déjà été rendu ou détruit."""

    next_step = "Reprenez son numéro en haut de n'importe laquelle de ses pages."
