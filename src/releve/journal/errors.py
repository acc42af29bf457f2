"""What can go wrong with a journal; a damaged one is reported and never repaired by itself."""

from __future__ import annotations

from releve.kernel.errors import ReleveError


class JournalBusy(ReleveError):
    """Le journal {folder} a déjà un écrivain (processus {pid})."""

    next_step = "Passez par le service en marche, ou arrêtez ce processus puis recommencez."


class JournalDamaged(ReleveError):
    """Journal abîmé : {file}, octet {offset} : {why}. Rien n'a été coupé ni effacé."""

    next_step = (
        "N'effacez rien : arrêtez le service, copiez tout le dossier qui contient {file}, puis"
        " remettez ce fichier depuis une copie de secours ; prévenez la personne chargée de la"
        " preuve."
    )


class JournalForeign(ReleveError):
    """Refusé : {file} appartient au dossier « {found} », et non à « {wanted} »."""

    next_step = "Vérifiez --home : ce journal vient d'un autre dossier Relève, remettez le bon."


class JournalEpochRefused(ReleveError):
    """Refusé : {file} a été écrit à l'époque {found}, ce dossier en est resté à {wanted}."""

    next_step = (
        "Ce dossier est une copie ancienne : ouvrez le dossier qui a pris la suite, ou reprenez"
        " celui-ci par ./run doctor --take-over si l'autre est arrêté pour toujours."
    )


class JournalTooNew(ReleveError):
    """{file} est au format {found}, ce programme s'arrête au format {known}."""

    next_step = "Installez une version de Relève au moins aussi récente que celle qui l'a écrit."


class JournalFull(ReleveError):
    """Plus de place pour le journal {folder} ({why}) : ce qui arrivait n'a pas été gardé."""

    next_step = (
        "Libérez de la place sur ce disque : l'écriture reprend seule dès que la réserve peut être"
        " refaite. Ce qui a déjà été acquitté est intact."
    )


class RecordTooLarge(ReleveError):
    """Un enregistrement de {size} octets dépasse la limite de {limit} octets."""

    next_step = "Gardez le contenu dans un fichier à part et journalisez son empreinte SHA-256."


class JournalClosed(ReleveError):
    """Le journal {folder} est fermé : ce qui arrivait n'a pas été gardé."""

    next_step = "Rouvrez-le, puis recommencez l'envoi."


class JournalStopped(ReleveError):
    """Le journal {folder} s'est arrêté après une écriture refusée par le disque ({why})."""

    next_step = "Vérifiez le disque, puis relancez le service : le journal se relit à l'ouverture."
