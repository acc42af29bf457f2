"""Errors of the report."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class ReportExists(ReleveError):
    """Un rapport se trouve déjà dans {folder}."""

    next_step = (
        "Un rapport est une preuve, il n'est jamais remplacé : donnez un autre dossier,"
        " ou déplacez celui-ci."
    )


class PdfFailed(ReleveError):
    """Le PDF du rapport n'a pas pu être composé ({why}) ; le reste est dans {folder}."""

    next_step = (
        "Le rapport HTML dit la même chose et s'imprime ; pour le PDF, vérifiez que le paquet"
        " « typst » et une police sans empattement (fonts-dejavu-core) sont installés."
    )
