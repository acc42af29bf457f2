"""What each measure of a drill is called, what it means, and what to do, who, when it falls short.

Source of the list: the table of measures that every drill takes. A measure unknown here is shown
under its own id, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A measure as people say it. ``share`` counts are read against their target: « 13 sur 14 »."""

    id: str
    name: str
    meaning: str
    #: What a missed target means for the hospital.
    missed: str
    remedy: str
    who: str
    had_target: bool = True
    share: bool = False
    #: Shown as the value when the measure was taken and nothing came.
    nothing: str = "rien obtenu"


_BACKUPS = "Responsable des sauvegardes, avec le RSSI"

CATALOGUE: dict[str, Words] = {
    words.id: words
    for words in (
        Words(
            "detect.seconds",
            "Temps jusqu'à l'alarme",
            "Du premier octet écrit par l'attaquant à l'alarme inscrite au registre.",
            "L'attaque a continué sans que personne soit prévenu à temps.",
            "Rapprocher les sauvegardes des postes exposés, vérifier que le service de détection"
            " est en marche, puis rejouer l'exercice avec la même graine.",
            "RSSI, avec le responsable des sauvegardes",
            nothing="aucune alarme",
        ),
        Words(
            "detect.files_lost",
            "Fichiers chiffrés avant l'alarme",
            "Fichiers du journal de l'attaquant avant l'alarme : le prix du délai, avant"
            " restauration.",
            "Le nombre de fichiers perdus avant l'alarme dépasse ce qui était visé.",
            "Sauvegarder plus souvent les dossiers les plus utilisés.",
            "RSSI",
            had_target=False,
        ),
        Words(
            "vault.destroy_attempts",
            "Tentatives contre les sauvegardes",
            "Effacer, écraser, empoisonner, saturer : essais d'un intrus qui a volé l'accès d'un"
            " poste.",
            "Trop peu de tentatives ont été jouées pour conclure.",
            "Relire le journal de l'intrus simulé et rejouer l'exercice.",
            "Équipe qui joue l'exercice",
        ),
        Words(
            "vault.destroy_refused",
            "Tentatives restées sans effet",
            "Après chacune, la dernière sauvegarde saine se restaure à l'identique, et ce poste et"
            " un autre sauvegardent encore.",
            "Un intrus qui tient l'accès d'un seul poste peut détruire ou bloquer des sauvegardes.",
            "Ne pas mettre ce coffre en service tant que la tentative qui a abouti n'est pas"
            " refusée ; garder une copie hors ligne en attendant.",
            _BACKUPS,
            share=True,
        ),
        Words(
            "vault.restored_files",
            "Fichiers restaurés",
            "Fichiers présents après la restauration, comptés par le simulateur.",
            "Des fichiers manquent après la restauration.",
            "Comparer la liste des fichiers manquants au plan de sauvegarde, puis restaurer depuis"
            " une sauvegarde plus ancienne.",
            _BACKUPS,
            share=True,
        ),
        Words(
            "vault.restored_identical",
            "Fichiers restaurés à l'identique",
            "Empreintes comparées à celles prises avant l'attaque.",
            "Des fichiers sont revenus altérés : un soignant pourrait lire une donnée fausse.",
            "Ne pas remettre ces fichiers en service ; relire la restauration fichier par fichier"
            " et chercher où l'octet a changé.",
            _BACKUPS,
            share=True,
        ),
        Words(
            "restore.p0_seconds",
            "Serveurs vitaux remis en marche",
            "Temps technique, de l'ordre de restaurer à la dernière vérification réussie :"
            " annuaire, fichiers, base de données.",
            "Les serveurs dont les soins dépendent d'abord reviennent trop tard.",
            "Revoir l'ordre et la taille des restaurations des serveurs vitaux, ou faire valider"
            " une durée plus longue par la direction.",
            "DSI, décision de la direction",
            nothing="jamais remis en marche",
        ),
        Words(
            "vault.acknowledged_lost",
            "Dépôts confirmés puis perdus",
            "Objets dont la réception a été confirmée et qui manquent après l'arrêt brutal du"
            " récepteur.",
            "Le coffre dit « reçu » avant d'avoir gardé : une sauvegarde affichée peut ne pas"
            " exister.",
            "Ne plus se fier aux confirmations de ce récepteur ; vérifier son disque et rejouer"
            " l'exercice.",
            _BACKUPS,
        ),
        Words(
            "feed.messages",
            "Messages patients reçus",
            "Messages du dossier patient informatisé que le récepteur a confirmés avant sa mort :"
            " admissions, mouvements, prescriptions, résultats, documents.",
            "Trop peu de messages ont circulé pour conclure.",
            "Rejouer l'exercice sur une machine moins chargée.",
            "Équipe qui joue l'exercice",
        ),
        Words(
            "feed.acknowledged_lost",
            "Messages confirmés puis perdus",
            "Messages dont l'émetteur a reçu la confirmation et qui ne se relisent pas, octet pour"
            " octet, bien que le récepteur ait été tué en pleine réception.",
            "Le récepteur dit « reçu » avant d'avoir gardé : une prescription peut avoir disparu.",
            "Ne plus se fier aux confirmations de ce récepteur ; vérifier son disque et rejouer"
            " l'exercice.",
            "DSI, avec l'équipe des interfaces",
        ),
        Words(
            "care.census_patients",
            "Patients à leur place",
            "Patients que Relève met dans le même service et le même lit que le dossier patient"
            " informatisé, dont la liste est tenue à part.",
            "Un patient manque, ou n'est pas dans le lit qu'on lit.",
            "Rapprocher la liste de Relève de celle du dossier patient, service par service.",
            "DSI, avec les cadres de santé",
            share=True,
        ),
        Words(
            "care.kit_patients",
            "Patients lisibles dans les kits",
            "Patients comptés dans les kits ouverts après la perte de tout le reste, comparés à la"
            " liste de Relève au moment de la crise.",
            "Un patient présent dans un service n'est pas dans son kit.",
            "Ne pas distribuer ces kits ; les refaire et les recompter service par service.",
            "Cadres de santé, avec la DSI",
            share=True,
        ),
        Words(
            "care.first_file_seconds",
            "Premier dossier patient ouvert",
            "Tout est arrêté et effacé ; temps jusqu'au nom d'un patient lu dans un kit, sur un"
            " poste sans réseau.",
            "Le premier dossier n'est pas lisible à temps sans informatique.",
            "Vérifier que les kits sont copiés sur les postes de continuité et que les enveloppes"
            " des codes sont en place.",
            "Cadre de garde, avec la DSI",
            nothing="aucun dossier lu",
        ),
        Words(
            "crisis.open_seconds",
            "Crise ouverte",
            "De l'alarme inscrite au registre à la crise ouverte et sa main courante commencée.",
            "Personne n'aurait su à temps qu'une crise commençait.",
            "Vérifier que la pièce « astreinte » de Relève est en marche, puis rejouer l'exercice.",
            "Directeur de garde, avec la DSI",
            nothing="jamais ouverte",
        ),
        Words(
            "binder.pages",
            "Pages du classeur de crise",
            "Classeur fabriqué pendant la crise avec les patients présents ; le simulateur compte"
            " les pages qui portent leur bandeau et leur numéro.",
            "Le classeur imprimé cette nuit serait incomplet, ou aurait des pages blanches.",
            "Refaire le classeur (./run incident binder) et le relire page par page.",
            "Directeur de garde, avec la DSI",
            nothing="aucun classeur",
        ),
        Words(
            "binder.missing",
            "Numéros manquants écrits sur la fiche du directeur",
            "Numéros que le dossier de l'hôpital ne donne pas : chacun doit être dit manquant à sa"
            " place, jamais laissé blanc.",
            "Un numéro manque sur le papier sans que rien ne le dise.",
            "Remplir la page « Numéros de crise », refaire le classeur, rappeler l'ancien.",
            "Directeur de garde, avec la DSI",
            share=True,
        ),
        Words(
            "log.entries_automatic",
            "Faits inscrits seuls à la main courante",
            "Alarmes, kits, restaurations et refus que la main courante a notés sans personne ; le"
            " simulateur compte ceux du registre.",
            "Un fait de la nuit n'est pas dans la main courante.",
            "Compléter la main courante depuis le registre et corriger ce qui l'a laissé passer.",
            "Secrétaire de la cellule, avec le RSSI",
        ),
        Words(
            "restore.order_respected",
            "Ordre de reprise respecté",
            "Chaque serveur n'est relevé qu'après ceux dont il dépend, et chaque porte n'est"
            " franchie qu'une fois fermée par une personne nommée.",
            "Un serveur a été relevé avant ce dont il a besoin : il faudra le reprendre.",
            "Relire l'ordre de reprise et la carte des dépendances avant de continuer.",
            "DSI",
        ),
        Words(
            "ledger.entries",
            "Preuves inscrites au registre",
            "Taille du registre exporté et vérifié ; le verdict y est ajouté après.",
            "Le registre ne contient pas le nombre de preuves attendu.",
            "Refaire l'export et le vérifier.",
            "RSSI",
            had_target=False,
        ),
        Words(
            "ledger.verified",
            "Registre reconnu exact par le vérificateur indépendant",
            "verify.py relit tout l'export avec l'ancre de cet exercice.",
            "Les preuves de cet exercice ne peuvent pas être présentées : le registre a été"
            " modifié ou abîmé.",
            "Mettre le dossier de l'exercice de côté sans rien effacer, lire la première anomalie"
            " que nomme verify.py.",
            "RSSI, avant toute communication de ce rapport",
        ),
    )
}


@dataclass(frozen=True)
class Sabotage:
    """A fault the simulator commits on purpose, and the only measure that must miss for it."""

    text: str
    must_miss: str


SABOTAGES: dict[str, Sabotage] = {
    "delete-allowed": Sabotage(
        "le simulateur laisse effacer des sauvegardes", "vault.destroy_refused"
    ),
    "index-poisoned": Sabotage(
        "le simulateur présente aux postes un index empoisonné", "vault.destroy_refused"
    ),
    "detector-silent": Sabotage("le simulateur rend le détecteur muet", "detect.seconds"),
    "restore-flips-a-byte": Sabotage(
        "le simulateur change un octet d'un fichier restauré", "vault.restored_identical"
    ),
    "ledger-edited": Sabotage("le simulateur modifie le registre exporté", "ledger.verified"),
    "ack-before-write": Sabotage(
        "le simulateur confirme des dépôts sans les transmettre", "vault.acknowledged_lost"
    ),
    "feed-ack-before-write": Sabotage(
        "le simulateur fait confirmer les messages avant leur écriture", "feed.acknowledged_lost"
    ),
    "feed-drops-one": Sabotage(
        "le simulateur fait oublier une admission aux pages", "care.census_patients"
    ),
    "kit-misses-a-patient": Sabotage("le simulateur ôte un patient d'un kit", "care.kit_patients"),
    "binder-blank": Sabotage(
        "le simulateur laisse blanc un numéro que l'hôpital n'a pas", "binder.missing"
    ),
    "order-reversed": Sabotage(
        "le simulateur renverse l'ordre de reprise", "restore.order_respected"
    ),
}


def words_for(measure_id: str) -> Words:
    """The words of a measure; one that the catalogue does not know keeps its id as its name."""
    known = CATALOGUE.get(measure_id)
    if known is not None:
        return known
    return Words(
        measure_id,
        measure_id,
        "Mesure propre à ce scénario.",
        "La cible de cette mesure n'est pas atteinte.",
        "Lire la preuve citée, puis rejouer l'exercice avec la même graine.",
        "RSSI",
    )
