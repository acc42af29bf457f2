"""What the ledger's entries are called on the pages; an unknown one keeps its own name."""

from __future__ import annotations

from django.utils.translation import gettext as _

_WORDS = {
    "accord.demandé": "accord demandé",
    "accord.donné": "accord donné, acte exécuté",
    "accord.refusé": "accord refusé",
    "accord.écarté": "réponse à un accord écartée",
    "compte.premier": "premier administrateur",
    "compte.ouvert": "compte ouvert",
    "compte.activé": "compte activé",
    "compte.code": "nouveau code d'activation",
    "compte.role": "rôle donné",
    "compte.retrait": "rôle retiré",
    "care.census_patients": "patients là où le dossier patient les a",
    "care.feed.back": "source du flux de soins de retour",
    "care.feed.closed": "suite de messages reçus close",
    "care.feed.silent": "alarme : source du flux de soins muette",
    "care.file.opened": "dossier de patient ouvert",
    "care.first_file_seconds": "durée jusqu'au premier dossier patient lu",
    "care.kit.frozen": "kits gelés",
    "care.kit.published": "kit publié",
    "care.kit.refused": "kit refusé, le précédent reste",
    "care.kit.thawed": "kits dégelés",
    "care.kit_patients": "patients comptés dans les kits ouverts",
    "care.month.forgotten": "clé d'un mois détruite",
    "care.quarantine": "message mis en quarantaine",
    "care.record.altered": "message gardé altéré",
    "incident.closed": "crise levée",
    "incident.gate.closed": "porte de la reprise confirmée",
    "incident.gate.reopened": "porte de la reprise à confirmer de nouveau",
    "incident.log.written": "ligne de main courante",
    "incident.opened": "crise ouverte",
    "incident.reflex.held": "ouverture automatique retenue",
    "incident.reopened": "crise rouverte",
    "crisis.open_seconds": "durée de l'alarme à l'ouverture de la crise",
    "detect.files_lost": "fichiers perdus avant l'alarme",
    "detect.seconds": "durée jusqu'à l'alarme",
    "drill.verdict": "verdict de l'exercice",
    "establishment.corrected": "fiche d'une personne corrigée",
    "establishment.imported": "liste de l'hôpital importée",
    "establishment.loaded": "carte de l'établissement chargée",
    "feed.acknowledged_lost": "messages acquittés perdus",
    "feed.messages": "messages du dossier patient reçus",
    "ledger.entries": "preuves du registre exporté",
    "ledger.verified": "registre vérifié",
    "log.entries_automatic": "lignes de main courante écrites d'elles-mêmes",
    "naissance du registre": "naissance du registre",
    "restore.order_respected": "ordre de reprise respecté",
    "restore.p0_seconds": "reprise des serveurs vitaux",
    "vault.acknowledged_lost": "objets acquittés perdus",
    "vault.alarm": "alarme : fichiers illisibles",
    "vault.destroy_attempts": "essais de destruction",
    "vault.destroy_refused": "essais de destruction sans effet",
    "vault.enrolled": "machine inscrite",
    "vault.garbage": "objets illisibles déposés",
    "vault.receipts.closed": "suite de reçus close",
    "vault.refused": "demandes refusées",
    "vault.restored": "restauration vérifiée",
    "vault.restored_files": "fichiers restaurés",
    "vault.restored_identical": "fichiers restaurés identiques",
    "vault.snapshot": "sauvegarde lue saine",
    "vault.snapshot.aside": "sauvegarde d'autres dossiers, mise à part",
    "vault.snapshot.doubtful": "sauvegarde douteuse, à regarder",
    "vault.unreadable": "alarme : sauvegarde illisible",
}
_KINDS = {
    "access": "accès",
    "alarm": "alarme",
    "birth": "naissance",
    "decision": "décision",
    "event": "événement",
    "measure": "mesure",
    "receipt": "reçu",
    "verdict": "verdict",
}


def named(what: str) -> str:
    """The words for an entry's ``what``, in the reader's language."""
    return _(_WORDS[what]) if what in _WORDS else what


def kind_named(kind: str) -> str:
    """The words for an entry's ``kind``, in the reader's language."""
    return _(_KINDS[kind]) if kind in _KINDS else kind
