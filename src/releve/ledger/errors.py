"""What the ledger refuses, and what the reader should do about it."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class EvidenceRefused(ReleveError):
    """Le registre n'acceptera jamais cette preuve : elle est en cause, pas le moment."""


class BadEvidence(EvidenceRefused):
    """La preuve n'est pas valable, champ « {field} » : {what}"""

    next_step = "Corrigez ce champ. Une preuve complète ressemble à ceci : {example}"


class EvidenceTooLarge(EvidenceRefused):
    """La preuve pèse {size} octets une fois écrite, la limite est de {limit} octets."""

    next_step = (
        "Gardez le fichier volumineux à part et mettez son empreinte SHA-256 dans le champ"
        " « sha256 » de la preuve."
    )


class WrongReality(EvidenceRefused):
    """Refusé : une preuve « {reality} » ne va pas dans un registre {world}."""

    next_step = (
        "« simulé » ne se signe que dans un dossier d'exercice ; « technique » et « terrain »"
        " que dans un dossier réel. Une preuve ne change pas de réalité."
    )


class NumberTaken(EvidenceRefused):
    """Le numéro {number} de « {origin} » est déjà celui de l'entrée {index}, d'un autre contenu."""

    next_step = (
        "Rien n'a été écrit. Un émetteur ne réemploie jamais un numéro : si sa base a été restaurée"
        " d'une copie, donnez-lui un nom d'origine neuf."
    )


class EntryRefused(EvidenceRefused):
    """{message}"""

    next_step = "{fix}"


class EntryNotKept(ReleveError):
    """Le signataire n'a pas pu garder la preuve : {message}"""

    next_step = "{fix}"


class SignerUnreachable(ReleveError):
    """Le signataire du registre ne répond pas sur {path} : {why}."""

    next_step = (
        "Rien n'est perdu : recommencez, une preuve déjà reçue n'est écrite qu'une fois. Si cela"
        " dure, ./run doctor dit quelle partie est arrêtée."
    )


class ProofRefused(ReleveError):
    """Aucune preuve de Merkle ne peut être donnée : {why}."""

    next_step = "Demandez une entrée déjà publiée (index inférieur à la taille du registre)."


class NoteRefused(ReleveError):
    """La note signée est refusée : {why}."""

    next_step = "Comparez-la à l'exemplaire gardé ailleurs (papier, témoin) ; ne la corrigez pas."


class KeyMalformed(ReleveError):
    """Cette clé du registre est illisible : {why}."""

    next_step = "Recopiez la ligne entière, de la forme nom+8 chiffres hexadécimaux+base64."


class SignerKeyMissing(ReleveError):
    """La clé du signataire manque ({path}), alors que le registre contient déjà des preuves."""

    next_step = (
        "Remettez ce fichier depuis la copie scellée ; s'il est perdu, ouvrez un nouveau registre"
        " chaîné à l'ancien : ./run doctor --take-over"
    )


class LedgerForked(ReleveError):
    """Le registre de {path} ne correspond plus à ce qu'il a signé : {why}."""

    next_step = (
        "N'effacez rien et n'écrivez plus : exportez une copie du dossier, comparez-la à un"
        " point de contrôle gardé ailleurs, puis ouvrez un nouveau registre"
        " (./run doctor --take-over)."
    )


class TileUnreadable(ReleveError):
    """La tuile {name} du registre est illisible : {why}."""

    next_step = "Redémarrez le signataire : il reconstruit les tuiles depuis le journal."


class ExportRefused(ReleveError):
    """L'export n'a pas été écrit dans {folder} : {why}."""

    next_step = "Donnez un dossier qui n'existe pas encore, par exemple {folder}-2."


class SaltUnknown(ReleveError):
    """Le sel de l'engagement {commitment} n'est pas ici : détruit, ou jamais tenu ici."""

    next_step = "Une valeur dont le sel est détruit ne peut plus être rapprochée du registre."
