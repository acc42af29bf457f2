"""What can go wrong with accounts, rights and approvals, in the reader's words."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class CodeRefused(ReleveError):
    """Ce code n'ouvre rien : il est faux, déjà employé ou périmé."""

    next_step = "Demandez-en un autre, ou sur la console : ./run account code"


class OutsidePerimeter(ReleveError):
    """Le périmètre {perimeter} n'est pas dans le vôtre."""

    next_step = "Demandez à une personne qui a le rôle DSI / RSSI sur ce périmètre."


class AccountExists(ReleveError):
    """L'identifiant « {login} » est déjà pris."""

    next_step = "Choisissez-en un autre, par exemple prenom.nom2."


class UnknownAccount(ReleveError):
    """Aucun compte ne s'appelle « {login} »."""

    next_step = "Voyez les comptes : ./run account list"


class ApprovalRefused(ReleveError):
    """Accord refusé."""

    next_step = "Demandez à une autre personne habilitée, depuis son propre poste."


class AlreadyDecided(ApprovalRefused):
    """Cette demande a déjà reçu sa réponse ({state}) : un accord ne sert qu'une fois."""

    next_step = "Faites une nouvelle demande si l'acte est encore nécessaire."


class Expired(ApprovalRefused):
    """Cette demande est périmée depuis le {expired}."""

    next_step = "Faites une nouvelle demande."


class Altered(ApprovalRefused):
    """Ce qui est demandé n'est plus ce qui vous a été montré : l'empreinte ne correspond pas."""

    next_step = "N'accordez rien ; prévenez le RSSI, puis relisez la demande depuis la liste."


class SameAccount(ApprovalRefused):
    """Vous avez fait cette demande : l'accord doit venir d'une autre personne."""


class SameSession(ApprovalRefused):
    """Cette demande vient du même poste que vous : l'accord doit venir d'un autre poste."""


class RoleNotAllowed(ApprovalRefused):
    """Votre rôle ou votre périmètre ne permet pas d'accorder cet acte."""


class SecondFactorMissing(ApprovalRefused):
    """Le code donné n'est pas le vôtre, ou il a déjà servi."""

    next_step = (
        "Attendez que l'application affiche le code suivant, ou prenez un code de votre feuille."
    )


class UnknownAct(ReleveError):
    """Aucun acte ne s'appelle « {kind} »."""

    next_step = "Mettez Relève à jour sur ce serveur ; la demande reste en attente."
