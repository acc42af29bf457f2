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


class DelegationNotSigned(ApprovalRefused):
    """La délégation n° {number} n'est pas signée : elle ne permet rien."""

    next_step = "Attendez la signature de la direction, ou demandez l'accord d'une autre personne."


class DelegationAltered(ApprovalRefused):
    """Cette délégation n'est plus ce que la direction a signé : l'empreinte ne correspond pas."""

    next_step = "N'agissez pas seul ; prévenez le RSSI et comparez l'empreinte avec la lettre."


class DelegationNotLive(ApprovalRefused):
    """La délégation n° {number} ne vaut pas aujourd'hui : {state}."""


class NotTheHolder(ApprovalRefused):
    """Vous n'êtes pas porteur de la délégation n° {number}."""


class ActNotDelegated(ApprovalRefused):
    """La délégation n° {number} ne permet pas cet acte."""


class OutsideDelegation(ApprovalRefused):
    """La délégation n° {number} ne couvre pas le périmètre {perimeter}."""


class NeverAlone(ApprovalRefused):
    """Cet acte se fait toujours à deux : aucune délégation ne le permet."""


class NotTheRequester(ApprovalRefused):
    """Une autre personne a fait cette demande : on n'agit seul que pour sa propre demande."""

    next_step = "Accordez-la si vous le pouvez, ou faites la vôtre."


class SignsForThemselves(ApprovalRefused):
    """On ne signe pas une délégation dont on est soi-même porteur."""

    next_step = "Faites-la signer par une autre personne de la direction."


class AlreadyAnswered(ApprovalRefused):
    """Cet usage a déjà reçu sa réponse."""

    next_step = "Lisez-la sur la page « Délégations »."


class UnknownAct(ReleveError):
    """Aucun acte ne s'appelle « {kind} »."""

    next_step = "Mettez Relève à jour sur ce serveur ; la demande reste en attente."
