"""What the plan of a care home refuses, and what to do about it."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class RecordUnreadable(ReleveError):
    """Le PDF du dossier hébergé ne se lit pas : {why}."""

    next_step = (
        "Exportez-le de nouveau, sans mot de passe. Sans lui, le plan se fait aussi : ses pages des"
        " résidents diront d'y glisser la liste imprimée."
    )


class PlanGone(ReleveError):
    """Ce plan n'est plus gardé : Relève n'en garde pas les résidents plus d'une heure."""

    next_step = "Refaites-le : vos réponses sont gardées, redonnez seulement le PDF."
