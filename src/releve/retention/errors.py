"""What can go wrong with keeping and destroying; nothing is destroyed by an error."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class UnknownStore(ReleveError):
    """Aucun magasin ne s'appelle « {id} »."""

    next_step = "Magasins : {known}."


class RulesUnreadable(ReleveError):
    """{file} ne se lit pas : {why}"""

    next_step = (
        "Corrigez cette ligne (docs/retention.md) ; en attendant, rien n'est purgé et les durées"
        " de ce fichier ne comptent pas."
    )


class ShorteningNeedsTwo(ReleveError):
    """Raccourcir « {name} » de {before} à {after} demande deux personnes."""

    next_step = (
        "Demandez-le sur la page « Conservation » : une autre personne, depuis son propre poste,"
        " donnera son accord."
    )


class NotSigned(ReleveError):
    """Refusé : la durée de « {name} » n'est pas signée."""

    next_step = "Faites-la signer : ./run retention sign {id} --name … --function … --date …"


class NothingDue(ReleveError):
    """Rien n'est à purger."""

    next_step = "./run retention check dit ce qui viendra à terme, et ce qui est retenu."


class PurgeHeld(ReleveError):
    """Refusé : {why}."""

    next_step = "Rien de plus n'a été détruit. Recommencez quand ce n'est plus le cas."


class NoPurge(ReleveError):
    """Aucune purge décidée n'attend d'être faite."""

    next_step = "Une purge se décide à deux : page « Conservation », ou ./run retention purge."


class NotTwoPeople(ReleveError):
    """Refusé : {why}."""

    next_step = "Une purge se décide à deux, jamais seul : {fix}"


class DpoMissing(ReleveError):
    """Refusé : écouter sur {address} reçoit de vrais patients, et le DPO n'est pas renseigné."""

    next_step = (
        "Entrez son nom et la date de son accord : ./run retention dpo --name … --date AAAA-MM-JJ"
        " (ou page « Conservation »). En urgence : --override « la raison », inscrite au registre"
        " et montrée chaque jour jusqu'à régularisation."
    )


class BadAddress(ReleveError):
    """« {address} » n'est pas une adresse IP de cette machine."""

    next_step = "Donnez une adresse de ses cartes réseau, par exemple --address 10.2.0.5."
