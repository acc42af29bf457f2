"""What can go wrong with the views; the journal they are made from is never touched here."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class ViewsMissing(ReleveError):
    """Il n'y a pas de vues des dossiers dans {path}."""

    next_step = "Lancez ./run serve (ou ./run care rebuild) dans ce dossier, puis recommencez."


class ViewsForeign(ReleveError):
    """{path} n'est pas une base de vues que ce programme sait lire : {why}."""

    next_step = (
        "N'effacez rien d'autre : déplacez ce fichier, puis ./run care rebuild refait les vues à"
        " partir du journal."
    )


class ViewsGap(ReleveError):
    """Les vues de {path} en sont au message {cursor}, on leur donne le {index}."""

    next_step = "Reprenez la lecture du journal au message {cursor}."
