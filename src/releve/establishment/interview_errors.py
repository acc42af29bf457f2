"""Errors of service interviews: the docstring is the message, ``next_step`` what to do now."""

from __future__ import annotations

from releve.establishment.errors import EstablishmentError


class NothingToAmend(EstablishmentError):
    """Le dossier de l'établissement a changé : {what}."""

    next_step = "Rouvrez la page des contradictions : elle est faite sur le dossier d'aujourd'hui."


class NothingAnswered(EstablishmentError):
    """Aucune réponse n'est gardée pour « {code} » : il n'y a rien à signer."""

    next_step = "Répondez d'abord aux deux pages ; « je ne sais pas » est une réponse."


class Unsigned(EstablishmentError):
    """Il manque le nom ou la fonction de la personne qui signe."""

    next_step = "Écrivez les deux, puis signez : rien de ce qui est répondu n'est perdu."


class AnsweredMeanwhile(EstablishmentError):
    """Le service « {code} » a été répondu entre-temps par quelqu'un d'autre : rien n'est signé."""

    next_step = "Relisez la version qui vient d'être signée, puis reprenez si elle est à corriger."


class NoReason(EstablishmentError):
    """Garder le dossier contre la réponse du service demande une raison."""

    next_step = "Écrivez pourquoi : le service et l'auditeur la liront."


class NoSuchContradiction(EstablishmentError):
    """Cette contradiction n'existe plus : une réponse ou le dossier a changé."""

    next_step = "Rouvrez la page : elle est faite sur les réponses et le dossier d'aujourd'hui."


class OwnAnswer(EstablishmentError):
    """Vous avez signé cette réponse pour le compte du service : vous ne l'acceptez pas seul."""

    next_step = "Demandez à un autre compte (DSI ou direction) de l'accepter, ou gardez le dossier."


class AmendmentFaulty(EstablishmentError):
    """Cette réponse, acceptée telle quelle, rendrait le dossier impossible : {what}"""

    next_step = "{fix} Ou gardez le dossier, en disant pourquoi."
