"""What the ledger's entries are called on the pages; an unknown one keeps its own name."""

from __future__ import annotations

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
    "detect.files_lost": "fichiers perdus avant l'alarme",
    "detect.seconds": "durée jusqu'à l'alarme",
    "drill.verdict": "verdict de l'exercice",
    "ledger.entries": "preuves du registre exporté",
    "ledger.verified": "registre vérifié",
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
    """The French words for an entry's ``what``."""
    return _WORDS.get(what, what)


def kind_named(kind: str) -> str:
    """The French words for an entry's ``kind``."""
    return _KINDS.get(kind, kind)
