"""The words for what is known and not known of a patient: the same on screen, kit and paper.

French, in one place. An absence is never a blank: each of the four states has its sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from releve.care.sheet import Section, State

#: Titles of the sections of a file.
TITLES: Mapping[str, str] = {
    "allergies": "Allergies",
    "treatments": "Traitements",
    "results": "Résultats",
    "documents": "Documents",
}
#: What a source may speak of.
KINDS: Mapping[str, str] = {
    "identity": "identités",
    "movements": "mouvements",
    "allergies": "allergies",
    "treatments": "traitements",
    "results": "résultats",
    "documents": "documents",
}
#: One, several.
UNREAD = (
    "%(count)s message non lu : appelez le service qui l’envoie",
    "%(count)s messages non lus : appelez les services qui les envoient",
)
HOMONYM = "HOMONYME EN %(beds)s"
NO_TREATMENTS = "traitements non reçus : demander la feuille papier"
_NEVER = {
    "allergies": "allergies non reçues : demander au patient, à ses proches, au dossier papier",
    "treatments": NO_TREATMENTS,
    "results": "résultats jamais reçus : appeler le laboratoire",
    "documents": "documents jamais reçus",
}
_NONE_STATED = {
    "allergies": "« aucune allergie » affirmé par la source",
    "treatments": "« aucun traitement » affirmé par la source",
    "results": "« aucun résultat » affirmé par la source",
    "documents": "« aucun document » affirmé par la source",
}
_SHORT_NEVER = {"allergies": "allergies non reçues", "treatments": "traitements non reçus"}
#: What a source's status code means (HL7 tables 0085, 0119, 0038, 0271, 0206); as received else.
_STATUS: Mapping[str, Mapping[str, str]] = {
    "allergies": {"D": "retirée", "A": "", "U": "", "S": "", "X": ""},
    "treatments": {
        "NW": "", "OK": "", "IP": "", "SC": "", "RL": "", "OE": "", "RE": "", "RO": "", "A": "",
        "XO": "modifié", "XR": "modifié", "XX": "modifié",
        "HD": "suspendu", "OH": "suspendu", "HR": "suspendu",
        "DC": "arrêté", "OD": "arrêté", "DR": "arrêté", "DE": "arrêté",
        "CA": "annulé", "OC": "annulé", "CR": "annulé", "CM": "terminé",
        "RP": "remplacé", "RU": "remplacé", "RQ": "remplacé",
    },
    "results": {
        "F": "", "P": "provisoire", "R": "non validé", "I": "en attente", "O": "en attente",
        "S": "partiel", "C": "corrigé", "D": "supprimé par le laboratoire",
        "W": "erroné : retiré par le laboratoire", "X": "impossible à obtenir",
        "U": "validé sans nouvel envoi", "N": "non demandé",
    },
    "documents": {
        "AU": "", "LA": "", "DO": "", "DI": "dicté, non validé", "IP": "en cours",
        "IN": "incomplet", "PA": "non signé", "T10": "remplacé", "T11": "annulé", "CA": "annulé",
        "OB": "périmé", "F": "", "P": "provisoire", "C": "corrigé", "D": "supprimé",
    },
}  # fmt: skip


def state_words(section: Section) -> str:
    """The sentence that stands where rows would, or above them; empty when rows say it all.

    A silent source's age is the caller's to write beside it (``section.heard``).
    """
    if section.state is State.NEVER:
        return _NEVER[section.name]
    if section.state is State.NONE_STATED:
        return _NONE_STATED[section.name]
    return "source muette depuis" if section.state is State.SILENT else ""


def short_state(name: str, state: State) -> str:
    """The same in a line of a census; empty when received."""
    if state is State.NEVER:
        return _SHORT_NEVER.get(name, "non reçu")
    if state is State.NONE_STATED:
        return "aucune affirmée" if name == "allergies" else "aucun affirmé"
    return "source muette" if state is State.SILENT else ""


def status_word(section: str, status: str) -> str:
    """What the source's code says, in a word; the code itself when it is not a standard one."""
    return _STATUS[section].get(status, status)


def unread_words(count: int) -> str:
    """« 1 message non lu : appelez… » for a patient some of whose messages wait in quarantine."""
    if count == 0:
        return ""
    return UNREAD[count > 1] % {"count": count}


def homonym_words(places: tuple[str, ...]) -> str:
    """« HOMONYME EN B01 »; empty when there is none."""
    return HOMONYM % {"beds": ", ".join(places)} if places else ""
